// SPDX-License-Identifier: Apache-2.0
// The owner's side of TO2 (FDO 1.1 §5.5), without I/O: a message and the state of the run in, the
// answer and the next state out. The state can be written down after each message, so a run may
// continue on another node.
#pragma once

#include <variant>

#include "fdo/owner_modules.h"
#include "fdo/to2.h"

namespace fairlead::fdo {

namespace to2 {
struct ProvingDevice {  // 61 sent; 62 and 64 may come
  Guid guid;
  Nonce nonce_prove_dv;
  KexSuite kex = KexSuite::ecdh256;
  CipherSuite cipher = CipherSuite::a128gcm;
  SecretBytes scalar, random;  // of our key share
  std::size_t max_message_bytes = 0;
};
struct SettingUp {  // 65 sent; 66 may come
  Guid guid, new_guid;
  Nonce nonce_prove_dv, nonce_setup_dv;
  Tunnel tunnel;
};
struct Exchanging {  // 67 sent; 68 may come, then 70
  Guid guid, new_guid;
  Nonce nonce_prove_dv, nonce_setup_dv;
  Tunnel tunnel;
  std::size_t max_owner_service_info = 0;
  OwnerDialogue dialogue;
};
}  // namespace to2

using To2OwnerState = std::variant<to2::ProvingDevice, to2::SettingUp, to2::Exchanging>;
const Guid& guid_of(const To2OwnerState& state);
Bytes encode_state(
    const To2OwnerState& state);  // holds session secrets: for storage that only servers read
Result<To2OwnerState> decode_state(View encoded);

// What the owner brings to a step. All outlive the call.
struct To2OwnerContext {
  const Voucher& voucher;     // verified at import
  crypto::Signer& owner_key;  // of the voucher's last entry; also signs as Owner2Key. May block:
                              // run on a worker
  Random& random;
  bool allow_reuse = false;              // by profile; the device must allow it too
  const RendezvousInfo& new_rendezvous;  // for the replacement voucher
};

struct To2Started {
  Bytes message61;
  To2OwnerState state;
};
// 60 -> 61. The caller has found the voucher by the GUID (else code 6).
Outcome<To2Started> on_hello_device(const To2OwnerContext& context, View message60);

// 62 -> 63
Outcome<Bytes> on_get_next_entry(const To2OwnerContext& context, const to2::ProvingDevice& state,
                                 View message62);

struct To2Proven {
  Bytes message65;
  To2OwnerState state;
};
// 64 -> 65. The device is who the voucher says, from here on.
Outcome<To2Proven> on_prove_device(const To2OwnerContext& context, to2::ProvingDevice state,
                                   View message64);

struct To2Ready {
  Bytes message67;
  To2OwnerState state;
  std::optional<Voucher>
      replacement;  // to be made durable before 67 is sent; none on reuse. No entries yet
};
// 66 -> 67
Outcome<To2Ready> on_service_info_ready(const To2OwnerContext& context, to2::SettingUp state,
                                        View message66);

struct To2Exchanged {
  Bytes message69;
  To2OwnerState state;
};
// 68 -> 69
Outcome<To2Exchanged> on_device_service_info(Random& random, to2::Exchanging state,
                                             const OwnerPlan& plan, OwnerEvents& events,
                                             View message68);

struct To2Finished {
  Bytes message71;
  Guid guid, new_guid;  // equal on reuse
};
// 70 -> 71. The caller makes the replacement current, durably, before 71 goes out.
Outcome<To2Finished> on_done(Random& random, to2::Exchanging state, View message70);

}  // namespace fairlead::fdo
