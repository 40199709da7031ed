// SPDX-License-Identifier: Apache-2.0
#include "support/vectors.h"

#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace fairlead::test {

namespace json = boost::json;

namespace {

Bytes hex_member(const json::object& object, std::string_view key) {
  auto bytes = from_hex(std::string_view(object.at(key).as_string()));
  if (!bytes)
    throw std::runtime_error("test vector member is not hexadecimal: " + std::string(key));
  return std::move(*bytes);
}

}  // namespace

std::string read_project_file(std::string_view path) {
  std::string full = FAIRLEAD_SOURCE_DIR "/" + std::string(path);
  std::ifstream in(full, std::ios::binary);
  if (!in) throw std::runtime_error("no such file: " + full);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string read_vector(std::string_view name) {
  return read_project_file("tests/vectors/" + std::string(name));
}

json::value read_json_vector(std::string_view name) { return json::parse(read_vector(name)); }

std::string text_at(const json::value& value, std::string_view pointer) {
  json::error_code error;
  const json::value* found = value.find_pointer(pointer, error);
  if (!found || !found->is_string())
    throw std::runtime_error("test vector has no text " + std::string(pointer));
  return std::string(std::string_view(found->get_string()));
}

Bytes hex_at(const json::value& value, std::string_view pointer) {
  auto bytes = from_hex(text_at(value, pointer));
  if (!bytes)
    throw std::runtime_error("test vector member is not hexadecimal: " + std::string(pointer));
  return std::move(*bytes);
}

std::vector<RecordedMessage> recorded_messages(const json::value& transcript) {
  std::vector<RecordedMessage> out;
  for (const json::value& each : transcript.at("messages").as_array()) {
    const json::object& message = each.as_object();
    RecordedMessage recorded;
    recorded.type = static_cast<int>(message.at("type").as_int64());
    recorded.to_server = message.at("dir").as_string() == "to_server";
    recorded.body = hex_member(message, "hex");
    if (message.contains("plaintext")) recorded.plaintext = hex_member(message, "plaintext");
    out.push_back(std::move(recorded));
  }
  return out;
}

Bytes recorded_body(const json::value& transcript, int type) {
  for (RecordedMessage& message : recorded_messages(transcript))
    if (message.type == type) return std::move(message.body);
  throw std::runtime_error("test vector has no message " + std::to_string(type));
}

std::vector<std::string> transcript_names() {
  std::vector<std::string> out;
  for (const char* name :
       {"ecdsa256_gcm", "ecdsa384_gcm", "ecdsa256_ccm", "ecdsa384_ccm", "ecdsa256_gcm_download",
        "ecdsa256_gcm_command_intel", "ecdsa256_gcm_bypass", "ecdsa256_gcm_reuse"})
    out.push_back("fdo/transcripts/" + std::string(name) + ".json");
  return out;
}

}  // namespace fairlead::test
