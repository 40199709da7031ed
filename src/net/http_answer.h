// SPDX-License-Identifier: Apache-2.0
// The head of an answer as text (RFC 9112 §4), written once into a string that is used again.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "net/http.h"

namespace fairlead::net {

struct AnswerStyle {
  bool keep_alive = false;
  bool version_1_0 = false;
  bool head_only = false;
};

// Replaces `to`. `date` is a whole header line, or empty. Content-Length is that of response.body,
// whether or not the body is sent.
void write_head(std::string& to, const HttpResponse& response, const AnswerStyle& style,
                std::string_view date);

// "Date: Tue, 24 Nov 2026 12:00:00 GMT" with its line end, formatted once a second.
class DateLine {
 public:
  std::string_view now();

 private:
  std::time_t second_ = 0;
  std::string text_;
};

}  // namespace fairlead::net
