// SPDX-License-Identifier: Apache-2.0
// Test data from tests/vectors: each folder's README.md says where it comes from. Where a file or a
// member is missing, these throw, which fails the test with the name of what was missing.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace fairlead::test {

// A file of the project, by its path from the top: "docs/api/openapi.yaml".
std::string read_project_file(std::string_view path);
std::string read_vector(std::string_view name);  // "fdo/foreign/go-fdo-ov.pem", as it is
boost::json::value read_json_vector(std::string_view name);  // "fdo/transcripts/ecdsa256_gcm.json"

// A member by JSON pointer ("/to2/xA"): its text, and its text as hexadecimal.
std::string text_at(const boost::json::value& json, std::string_view pointer);
Bytes hex_at(const boost::json::value& json, std::string_view pointer);

struct RecordedMessage {
  int type = 0;  // FDO message number
  bool to_server = false;
  Bytes body;       // as it travelled
  Bytes plaintext;  // of messages 65 to 71; else empty
};
// The messages of a recorded onboarding (fdo/transcripts), in wire order.
std::vector<RecordedMessage> recorded_messages(const boost::json::value& transcript);
// The body of the first one of this type.
Bytes recorded_body(const boost::json::value& transcript, int type);

// The names of the recorded onboardings, for tests over all of them.
std::vector<std::string> transcript_names();

}  // namespace fairlead::test
