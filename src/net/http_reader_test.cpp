// SPDX-License-Identifier: Apache-2.0
#include "net/http_reader.h"

#include <gtest/gtest.h>

#include <random>

namespace fairlead::net {
namespace {

const char* const requests[] = {
    "POST /fdo/101/msg/60 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nTrailer: "
    "x\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nA: b\r\n folded\r\n\r\n",
    "\r\nPOST / HTTP/1.1\r\nhttp: //a:1/x\r\n_connection: keep-alive\r\nExpect: 100-continue\r\n"
    "Content-Length: 0\r\n\r\n",
};
const char* const responses[] = {
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nConnection: close\r\n\r\nuntil the end",
};

// What a reader makes of bytes that arrive in the given pieces, as one line.
template <class Reader>
std::string outcome(Reader& reader, std::string_view bytes,
                    const std::vector<std::size_t>& pieces) {
  std::string unread;
  for (auto piece : pieces) {
    auto size = std::min(piece, bytes.size());
    unread += bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (unread.empty()) continue;
    auto progress = reader.put(unread);
    if (progress.refused) return "refused " + std::to_string(progress.refused);
    EXPECT_LE(progress.consumed, unread.size());
    unread.erase(0, progress.consumed);
    if (progress.complete) {
      auto message = reader.take();
      std::string text = "complete, " + std::to_string(unread.size() + bytes.size()) + " left:";
      for (const auto& [name, value] : message.headers) text += name + "=" + value + ";";
      return text + std::string(as_text(message.body));
    }
  }
  return "incomplete";
}

template <class Random>
std::string mutated(std::string text, Random& random) {
  for (auto changes = random() % 4; changes > 0; --changes) {
    auto place = random() % text.size();
    switch (random() % 4) {
      case 0:
        text[place] = static_cast<char>(random());
        break;
      case 1:
        text.erase(place, random() % 8);
        break;
      case 2:
        text.insert(place, text.substr(random() % text.size(), random() % 20));
        break;
      default:
        text[place] = "\r\n :;,0\xff"[random() % 8];
    }
    if (text.empty()) text = "x";
  }
  return text;
}

std::string of_request(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  RequestReader reader;
  reader.begin(100, nullptr);
  return outcome(reader, bytes, pieces);
}
std::string of_response(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  ResponseReader reader(100, "GET");
  return outcome(reader, bytes, pieces);
}

// Damaged messages in random pieces: never a crash, and the same outcome as all at once, since a
// difference would be a way to smuggle a request past somebody.
TEST(HttpReader, UnderstandsTheSameHoweverTheBytesAreCut) {
  const unsigned seed = 20261124;
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    bool request = round % 2 == 0;
    auto text = mutated(request ? requests[random() % std::size(requests)]
                                : responses[random() % std::size(responses)],
                        random);
    std::vector<std::size_t> pieces;
    for (std::size_t sum = 0; sum < text.size(); sum += pieces.back())
      pieces.push_back(1 + random() % 9);
    auto read = request ? of_request : of_response;
    auto at_once = read(text, {text.size()});
    // A fault may be found before the head is complete, or only then.
    auto in_pieces = read(text, pieces);
    if (at_once.starts_with("complete") || in_pieces.starts_with("complete")) {
      ASSERT_EQ(at_once, in_pieces) << "seed " << seed << ": " << text;
    }
  }
}

TEST(HttpReader, CompletesAtTheLastByteAndNotBefore) {
  for (auto text : requests) {
    std::string bytes(text);
    EXPECT_EQ(of_request(bytes, {bytes.size()}).substr(0, 8), "complete") << text;
    EXPECT_EQ(of_request(bytes, std::vector<std::size_t>(bytes.size(), 1)).substr(0, 8),
              "complete");
    EXPECT_EQ(of_request(bytes.substr(0, bytes.size() - 1), {bytes.size()}), "incomplete") << text;
  }
}

}  // namespace
}  // namespace fairlead::net
