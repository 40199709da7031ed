// SPDX-License-Identifier: Apache-2.0
// Every decoder of the local provisioning protocol: what it accepts is encoded, and comes back
// equal.
#include "base/assert.h"
#include "local/commands.h"
#include "local/network_messages.h"
#include "local/parts.h"
#include "local/session_messages.h"
#include "local/version.h"

namespace {

using namespace fairlead;
using namespace fairlead::local;

template <class Decode, class Encode>
void there_and_back(View in, Decode decode, Encode encode) {
  auto first = decode(in);
  if (!first) {
    ASSERT(!first.error().context.empty());
    return;
  }
  Bytes encoded = encode(*first);
  auto second = decode(View(encoded));
  ASSERT(second && encode(*second) == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  View in(data, size);
  there_and_back(in, decode_session, encode_session);
  there_and_back(in, scan::decode_scan_command, [](auto& m) { return scan::encode_command(m); });
  there_and_back(in, scan::decode_scan_answer, [](auto& m) { return scan::encode_answer(m); });
  there_and_back(in, config::decode_config_command,
                 [](auto& m) { return config::encode_command(m); });
  there_and_back(in, config::decode_config_answer,
                 [](auto& m) { return config::encode_answer(m); });
  there_and_back(in, ctrl::decode_ctrl_command, [](auto m) { return ctrl::encode_command(m); });
  there_and_back(in, ctrl::decode_ctrl_answer,
                 [](auto m) { return ctrl::encode_answer(ctrl::Command::reset, m); });
  there_and_back(in, decode_frame, [](auto& m) { return encode_frame(m); });
  there_and_back(in, decode_command, [](auto& m) { return encode_command(m); });
  there_and_back(in, decode_answer, [](auto& m) { return encode_answer(m); });
  auto version = decode_version(in);
  ASSERT(version || !version.error().context.empty());
  if (version) ASSERT(!encode_version(*version).empty());  // may be longer than what we read
  return 0;
}
