// SPDX-License-Identifier: Apache-2.0
// One HTTP/1.1 message from bytes, for either side. RFC 9112. Beast's grammar; limits and storage
// are ours.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "net/http.h"

namespace fairlead::net {

// What a call of put() came to.
struct HttpProgress {
  std::size_t consumed =
      0;                  // of the bytes given; the rest must be given again, with more behind it
  bool complete = false;  // the message is all there
  unsigned refused = 0;   // 0, or the status with which a server says no
  std::string why{};
};

class RequestReader {
 public:
  RequestReader();
  ~RequestReader();

  // Begins the next message. body_limit_for may be empty; both limits apply.
  void begin(std::size_t body_bytes_max,
             const std::function<std::size_t(std::string_view)>* body_limit_for);
  HttpProgress put(std::string_view bytes);

  bool head_complete() const;
  bool keep_alive() const;  // after completion: what the client wishes
  bool version_1_0() const;
  bool expects_continue() const;  // "Expect: 100-continue" with a body still to come
  HttpRequest take();             // once, after completion

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

class ResponseReader {
 public:
  ResponseReader(std::uint64_t body_bytes_max, std::string_view request_method);
  ~ResponseReader();

  HttpProgress put(std::string_view bytes);  // informational answers (1xx) are skipped
  HttpProgress end_of_stream();              // completes a body that ends with the connection
  bool keep_alive() const;
  bool something_came() const;  // a byte of the answer has arrived
  unsigned status() const;      // 0 before the status line is there
  Bytes take_body();            // what came of the body since the last call
  HttpResponse take();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::net
