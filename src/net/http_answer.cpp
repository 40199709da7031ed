// SPDX-License-Identifier: Apache-2.0
#include "net/http_answer.h"

namespace fairlead::net {

namespace {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

// RFC 9110 §5.5: a CR, LF or NUL in a value would be a header, or an answer, of the peer's making.
void append_header_text(std::string& to, std::string_view text) {
  for (char c : text) to += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

void write_head(std::string& to, const HttpResponse& response, const AnswerStyle& style,
                std::string_view date) {
  to.clear();
  to += "HTTP/1.1 ";
  to += std::to_string(response.status);
  to += ' ';
  to += reason_phrase(response.status);
  to += "\r\n";
  for (const auto& [name, value] : response.headers) {
    append_header_text(to, name);
    to += ": ";
    append_header_text(to, value);
    to += "\r\n";
  }
  to += date;
  // RFC 9110 §8.6: "A server MUST NOT send a Content-Length header field in any response with a
  // status code of 1xx (Informational) or 204 (No Content)."
  if (response.status != 204 && response.status != 304) {
    to += "Content-Length: ";
    to += std::to_string(response.body.size());
    to += "\r\n";
  }
  if (!style.keep_alive) {
    to += "Connection: close\r\n";
  } else if (style.version_1_0) {
    to += "Connection: keep-alive\r\n";
  }
  to += "\r\n";
}

// RFC 9110 §6.6.1: "An origin server with a clock MUST generate a Date header field in all 2xx
// (Successful), 3xx (Redirection), and 4xx (Client Error) responses". Formatted once a second.
std::string_view DateLine::now() {
  auto present = std::time(nullptr);
  if (present != second_) {
    second_ = present;
    std::tm parts{};
    gmtime_r(&present, &parts);
    char text[64];
    auto size = std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    text_.assign(text, size);
  }
  return text_;
}

}  // namespace fairlead::net
