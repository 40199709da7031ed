// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 connection over loopback, blocking, and no more than a load generator needs: what it
// costs is taken from the server that it measures.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace fairlead::bench {

class HttpLine {
 public:
  // Bytes of a request and of its answer, heads included.
  struct Sizes {
    std::size_t sent = 0, received = 0;
  };
  struct Reply {
    unsigned status = 0;
    std::string head;  // status line and header lines
    Bytes body;
    Sizes sizes;
    std::string_view header(std::string_view name) const;  // empty if it is not there
  };

  // To 127.0.0.1. No wait on it takes longer than 60 s.
  static Result<HttpLine> connect(std::uint16_t port);
  ~HttpLine();
  HttpLine(HttpLine&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)) {}
  HttpLine& operator=(HttpLine&&) = delete;

  // `headers` are whole lines, each ended by CRLF. Content-Length is added.
  Result<Reply> send(std::string_view method, std::string_view target, std::string_view headers,
                     View body);
  // A request that says nothing, `size` bytes long in all.
  Result<Reply> send_padded(std::size_t size);

 private:
  explicit HttpLine(int socket) : socket_(socket) {}
  Result<Reply> exchange(std::string_view request);
  Result<void> receive();  // some more bytes

  int socket_;
  std::string received_;
};

}  // namespace fairlead::bench
