// SPDX-License-Identifier: Apache-2.0
#include "net/stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "net/tls_session.h"

namespace fairlead::net {

namespace asio = boost::asio;
using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

struct Stream::Impl {
  Impl(asio::io_context& context, int number) : descriptor(context, number) {}
  Descriptor descriptor;
};

Stream::Stream(Loop& loop, int descriptor)
    : loop_(loop), impl_(std::make_unique<Impl>(loop.context(), descriptor)) {}

Stream::~Stream() {
  if (tls_) tls_->shut_down();
}

void Stream::use_tls(std::unique_ptr<TlsSession> session) { tls_ = std::move(session); }

int Stream::descriptor() const { return impl_->descriptor.native_handle(); }

Task<void> Stream::handshake() {
  for (;;) {
    auto step = [session = tls_.get()]() -> Result<Io> { return session->handshake(); };
    auto crossing = loop_.on_worker(step);
    CO_TRY(auto io, co_await std::move(crossing));
    if (io.kind == Io::Kind::done) co_return ok();
    if (tls_->peer().refusal) co_return fail(*tls_->peer().refusal);
    if (io.kind == Io::Kind::closed)
      co_return fail(Errc::io, "the peer hung up during the TLS handshake");
    if (io.kind == Io::Kind::failed) co_return fail(Errc::io, "TLS handshake: " + io.why);
    if (interrupted_) co_return fail(Errc::timed_out, "the TLS handshake took too long");
    auto waiting = wait(io.kind);
    auto waited = co_await std::move(waiting);
    if (interrupted_) co_return fail(Errc::timed_out, "the TLS handshake took too long");
    if (std::get<0>(waited)) co_return fail(Errc::cancelled, "the TLS handshake was cancelled");
  }
}

Io Stream::read(char* into, std::size_t room) {
  if (tls_) return tls_->read(into, room);
  for (;;) {
    auto count = ::recv(descriptor(), into, room, 0);
    if (count > 0) return {Io::Kind::done, static_cast<std::size_t>(count)};
    if (count == 0) return {Io::Kind::closed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::Kind::wait_read};
    return {Io::Kind::failed, 0, std::strerror(errno)};
  }
}

Io Stream::write(std::string_view head, std::string_view body) {
  if (tls_) return tls_->write(head.empty() ? body : head);
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = head.empty() ? parts + 1 : parts;
  message.msg_iovlen = head.empty() || body.empty() ? 1 : 2;
  for (;;) {
    auto count = ::sendmsg(descriptor(), &message, MSG_NOSIGNAL);
    if (count >= 0) return {Io::Kind::done, static_cast<std::size_t>(count)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Io::Kind::wait_write};
    return {Io::Kind::failed, 0, std::strerror(errno)};
  }
}

bool Stream::has_buffered() const { return tls_ && tls_->has_buffered(); }

asio::awaitable<std::tuple<boost::system::error_code>> Stream::wait(Io::Kind what) {
  auto ready = what == Io::Kind::wait_write ? Descriptor::wait_write : Descriptor::wait_read;
  return impl_->descriptor.async_wait(ready, asio::as_tuple(asio::use_awaitable));
}

void Stream::interrupt() {
  interrupted_ = true;
  boost::system::error_code nothing_to_cancel;
  impl_->descriptor.cancel(nothing_to_cancel);
}

void Stream::end_writing() {
  if (tls_) tls_->shut_down();
  ::shutdown(descriptor(), SHUT_WR);
}

}  // namespace fairlead::net
