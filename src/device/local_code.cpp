// SPDX-License-Identifier: Apache-2.0
#include "device/local_code.h"

#include "base/limits.h"
#include "codec/cbor/reader.h"
#include "codec/cbor/writer.h"
#include "device/local_bluetooth.h"

namespace fairlead::device {

namespace {

constexpr std::size_t drawn_characters = 10;  // of 32: 50 bits
constexpr std::size_t code_characters_min = 8;
// Without 0, 1, i and o, which people mistake for each other.
constexpr std::string_view alphabet = "23456789abcdefghjklmnpqrstuvwxyz";

std::string draw_code(Random& random) {
  std::string out;
  for (std::uint8_t byte : random.bytes(drawn_characters)) out += alphabet[byte % alphabet.size()];
  return out;
}

}  // namespace

Bytes encode_local_code(const crypto::srp::Verifier& verifier) {
  cbor::Writer out;
  out.array(4).uint(1).text(verifier.username).bytes(verifier.salt).bytes(verifier.value.reveal());
  return out.take();
}

Result<crypto::srp::Verifier> parse_local_code(View encoded) {
  cbor::Reader in(encoded);
  crypto::srp::Verifier out;
  in.array(4);
  if (in.uint() != 1) in.fail_here("the stored code is of another version");
  out.username = in.text(limits::local_username_bytes_max);
  out.salt = to_bytes(in.bytes(crypto::srp::salt_bytes));
  out.value = SecretBytes::copy_of(in.bytes(crypto::srp::group_bytes));
  if (out.salt.empty() || out.username.empty() || out.value.size() != crypto::srp::group_bytes)
    in.fail_here("the stored code is not one");
  TRY_VOID(in.finish());
  return out;
}

Result<std::optional<crypto::srp::Verifier>> load_local_code(const StateDirectory& directory) {
  TRY(auto bytes, directory.read(std::string(local_code_file)));
  if (!bytes) return std::optional<crypto::srp::Verifier>();
  TRY(auto verifier, parse_local_code(*bytes).in(std::string(local_code_file)));
  return std::optional(std::move(verifier));
}

Result<std::string> set_local_code(const StateDirectory& directory, std::string code,
                                   Random& random) {
  bool draw = code.empty();
  if (!draw && (code.size() < code_characters_min || code.size() > limits::local_code_bytes_max))
    return fail(Errc::refused, "a code has 8 to 64 characters");
  for (;;) {
    if (draw) code = draw_code(random);
    auto verifier = crypto::srp::make_verifier(local_username, as_view(code), random);
    if (!verifier && draw) continue;  // one in 256
    if (!verifier) return fail(verifier.error());
    TRY_VOID(directory.write(std::string(local_code_file), encode_local_code(*verifier)));
    return code;
  }
}

local::LabelFacts label_facts(const Config& config, const std::string& code,
                              const std::string& dpp) {
  local::SetupLabel setup;
  setup.name = serial_of(config);
  if (config.bluetooth) setup.name = bluetooth_name(config.bluetooth_name, setup.name);
  setup.transport = config.bluetooth ? local::LabelTransport::ble : local::LabelTransport::softap;
  setup.username = local_username;
  setup.code = code;
  setup.dpp = dpp;
  setup.product_uri = config.product_uri;
  return {serial_of(config), config.model, config.vendor, config.product_uri, dpp, setup};
}

}  // namespace fairlead::device
