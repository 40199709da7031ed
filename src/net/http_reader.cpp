// SPDX-License-Identifier: Apache-2.0
#include "net/http_reader.h"

#include <boost/beast/http/basic_parser.hpp>

#include "base/limits.h"

namespace fairlead::net {

namespace http = boost::beast::http;
using boost::beast::error_code;
using Text = boost::beast::string_view;

namespace {

// Memory is taken as a body arrives, not as it is announced.
constexpr std::size_t body_reserve_max = 16 * 1024;

std::string text_of(Text text) { return {text.data(), text.size()}; }

HttpProgress refusal(error_code error) {
  HttpProgress out;
  out.why = error.message();
  if (error == http::error::header_limit) {
    out.refused = 431;
  } else if (error == http::error::body_limit) {
    out.refused = 413;
  } else if (error == http::error::bad_version) {
    out.refused = 505;
  } else {
    out.refused = 400;
  }
  return out;
}

// What both sides do alike. Beast calls the on_..._impl functions as the grammar is recognised.
template <bool is_request>
class Parser : public http::basic_parser<is_request> {
 public:
  Parser() {
    this->eager(true);
    this->header_limit(limits::http_header_bytes_max);
  }

  Headers headers;
  Bytes body;
  bool head_done = false;
  bool expects_continue = false;
  unsigned refused = 0;  // a status of ours, where Beast's error code would not tell
  std::string why;

 protected:
  void refuse(unsigned status, std::string reason, error_code& error) {
    refused = status;
    why = std::move(reason);
    error = http::error::bad_value;
  }

  void on_field_impl(http::field field, Text name, Text value, error_code& error) override {
    // RFC 9112 §7.1.2: trailers may be discarded. Merged into the header they would be a way around
    // checks.
    if (head_done) return;
    if (headers.size() >= limits::http_headers_max)
      return refuse(431, "too many header lines", error);
    // RFC 9112 §6.1: "A server that receives a request message with a transfer coding it does not
    // understand SHOULD respond with 501". Taking such a message as one without a body would allow
    // request smuggling.
    if (field == http::field::transfer_encoding && !boost::beast::iequals(value, "chunked"))
      return refuse(501, "transfer coding other than chunked", error);
    if (field == http::field::expect && boost::beast::iequals(value, "100-continue"))
      expects_continue = true;
    headers.emplace_back(text_of(name), text_of(value));
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length)
      body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, body_reserve_max)));
  }
  std::size_t on_body_impl(Text bytes, error_code&) override {
    body.insert(body.end(), bytes.begin(), bytes.end());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, error_code& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(error_code&) override {}
};

template <class P>
HttpProgress put_into(P& parser, std::string_view bytes) {
  error_code error;
  HttpProgress out;
  out.consumed = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == http::error::need_more) error = {};
  if (error) {
    out = refusal(error);
    if (parser.refused) {
      out.refused = parser.refused;
      out.why = parser.why;
    }
    return out;
  }
  out.complete = parser.is_done();
  // What waits unconsumed is an incomplete head, chunk line or trailer: each is bounded.
  if (!out.complete && bytes.size() - out.consumed > limits::http_header_bytes_max)
    return refusal(http::error::header_limit);
  return out;
}

class RequestParser final : public Parser<true> {
 public:
  std::string method, target;
  int version = 11;
  std::size_t body_bytes_max = 0;
  const std::function<std::size_t(std::string_view)>* body_limit_for = nullptr;

 private:
  void on_request_impl(http::verb, Text its_method, Text its_target, int its_version,
                       error_code&) override {
    version = its_version;
    method = text_of(its_method);
    target = text_of(its_target);
  }
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_header_impl(error_code& error) override {
    head_done = true;
    auto limit = body_bytes_max;
    if (body_limit_for && *body_limit_for) limit = std::min(limit, (*body_limit_for)(target));
    this->body_limit(limit);  // for chunks to come
    auto announced = this->content_length();
    if (announced && *announced > limit) error = http::error::body_limit;
  }
};

class ResponseParser final : public Parser<false> {
 public:
  unsigned status = 0;

 private:
  void on_request_impl(http::verb, Text, Text, int, error_code&) override {}
  void on_response_impl(int code, Text, int, error_code&) override {
    status = static_cast<unsigned>(code);
  }
  void on_header_impl(error_code&) override { head_done = true; }
};

}  // namespace

struct RequestReader::Impl {
  std::optional<RequestParser> parser;
};

RequestReader::RequestReader() : impl_(std::make_unique<Impl>()) {}
RequestReader::~RequestReader() = default;

void RequestReader::begin(std::size_t body_bytes_max,
                          const std::function<std::size_t(std::string_view)>* body_limit_for) {
  auto& parser = impl_->parser.emplace();
  parser.body_bytes_max = body_bytes_max;
  parser.body_limit_for = body_limit_for;
  parser.body_limit(boost::none);  // on_header_impl knows the target and sets it
}

HttpProgress RequestReader::put(std::string_view bytes) {
  // RFC 9112 §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at
  // least one empty line (CRLF) received prior to the request-line."
  std::size_t blank = 0;
  if (!impl_->parser->got_some())
    while (bytes.substr(blank).starts_with("\r\n")) blank += 2;
  if (blank == bytes.size() || (!impl_->parser->got_some() && bytes.substr(blank) == "\r"))
    return {.consumed = blank};
  auto progress = put_into(*impl_->parser, bytes.substr(blank));
  progress.consumed += blank;
  return progress;
}

bool RequestReader::head_complete() const { return impl_->parser->head_done; }
bool RequestReader::keep_alive() const { return impl_->parser->keep_alive(); }
bool RequestReader::version_1_0() const {
  return impl_->parser->head_done && impl_->parser->version < 11;
}
bool RequestReader::expects_continue() const {
  return impl_->parser->expects_continue && !impl_->parser->is_done() &&
         impl_->parser->body.empty();
}

HttpRequest RequestReader::take() {
  HttpRequest out;
  out.method = std::move(impl_->parser->method);
  out.target = std::move(impl_->parser->target);
  out.headers = std::move(impl_->parser->headers);
  out.body = std::move(impl_->parser->body);
  return out;
}

struct ResponseReader::Impl {
  void begin() {
    parser.emplace();
    parser->body_limit(body_bytes_max);
    if (head_request) parser->skip(true);
  }
  std::uint64_t body_bytes_max;
  bool head_request;
  bool something_came = false;
  std::optional<ResponseParser> parser = std::nullopt;
};

ResponseReader::ResponseReader(std::uint64_t body_bytes_max, std::string_view request_method)
    : impl_(new Impl{body_bytes_max, request_method == "HEAD"}) {
  impl_->begin();
}
ResponseReader::~ResponseReader() = default;

HttpProgress ResponseReader::put(std::string_view bytes) {
  if (!bytes.empty()) impl_->something_came = true;
  std::size_t skipped = 0;
  for (;;) {
    if (bytes.size() == skipped) return {.consumed = skipped};
    auto progress = put_into(*impl_->parser, bytes.substr(skipped));
    progress.consumed += skipped;
    // RFC 9110 §15.2: "A client MUST be able to parse one or more 1xx responses received prior to a
    // final response". 101 is not among them for us: we never ask for an upgrade.
    bool informational =
        progress.complete && impl_->parser->status / 100 == 1 && impl_->parser->status != 101;
    if (!informational) return progress;
    skipped = progress.consumed;
    impl_->begin();
  }
}

HttpProgress ResponseReader::end_of_stream() {
  error_code error;
  if (!impl_->parser->got_some()) return refusal(http::error::end_of_stream);
  impl_->parser->put_eof(error);
  if (error) return refusal(error);
  return {.complete = true};
}

bool ResponseReader::keep_alive() const { return impl_->parser->keep_alive(); }
bool ResponseReader::something_came() const { return impl_->something_came; }

unsigned ResponseReader::status() const { return impl_->parser->status; }
Bytes ResponseReader::take_body() { return std::exchange(impl_->parser->body, {}); }

HttpResponse ResponseReader::take() {
  HttpResponse out;
  out.status = impl_->parser->status;
  out.headers = std::move(impl_->parser->headers);
  out.body = std::move(impl_->parser->body);
  return out;
}

}  // namespace fairlead::net
