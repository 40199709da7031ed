// SPDX-License-Identifier: Apache-2.0
#include "net/tcp_server.h"

#include "net/test_loop.h"

namespace fairlead::net {
namespace {

Task<void> echo(TcpConnection connection) {
  for (;;) {
    auto reading = connection.read(16, std::chrono::milliseconds(200));
    CO_TRY(Bytes bytes, co_await std::move(reading));
    auto writing = connection.write(std::move(bytes), test_patience);
    CO_TRY_VOID(co_await std::move(writing));
  }
}

// The server within its loop, which it must not outlive.
struct EchoServer {
  explicit EchoServer(std::size_t max = 64, std::size_t of_peer = 16) {
    server =
        std::move(*TcpServer::listen(loop.loop, loop.log, {"127.0.0.1", 0, max, of_peer}, echo));
    loop.start();
  }
  ~EchoServer() { loop.stop(); }
  RawPeer connect() { return RawPeer(server->port()); }

  LoopThread loop;
  std::unique_ptr<TcpServer> server;
};

TEST(TcpServerTest, ServesSeveralAtOnceAndEndsWhoKeepsItWaiting) {
  EchoServer echoes;
  RawPeer one = echoes.connect(), other = echoes.connect();
  ASSERT_TRUE(one.send("one") && other.send("a longer text than fits one read"));
  EXPECT_EQ(other.read_all(), "a longer text than fits one read");
  EXPECT_EQ(one.read_all(), "one");
}

TEST(TcpServerTest, HasRoomForSoManyOfOneAddressAndNoMore) {
  EchoServer echoes(64, 1);
  RawPeer one = echoes.connect();
  ASSERT_TRUE(one.send("one"));
  RawPeer other = echoes.connect();
  EXPECT_EQ(other.read_all(), "");
  EXPECT_NE(echoes.loop.log.await("CONNECTION_LIMIT"), "");
  EXPECT_EQ(one.read_all(), "one");
  RawPeer after = echoes.connect();
  after.send("after");
  EXPECT_EQ(after.read_all(), "after");
}

TEST(TcpServerTest, AnAddressThatIsNoneIsRefused) {
  LoopThread loop;
  EXPECT_EQ(TcpServer::listen(loop.loop, loop.log, {"here"}, echo).error().code, Errc::malformed);
}

}  // namespace
}  // namespace fairlead::net
