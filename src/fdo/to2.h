// SPDX-License-Identifier: Apache-2.0
// The messages of TO2 (FDO 1.1 §5.5), 60 to 71. Grammar only; who checks what stands in to2_owner
// and to2_device.
#pragma once

#include "fdo/eat.h"
#include "fdo/key_exchange.h"
#include "fdo/voucher.h"

namespace fairlead::fdo {

// 60 [maxDeviceMessageSize, Guid, NonceTO2ProveOV, kexSuite, cipherSuite, eASigInfo]
struct HelloDevice {
  std::uint16_t max_message_bytes = 0;  // 0: default
  Guid guid;
  Nonce nonce_prove_ov;
  std::string kex_suite;
  std::int64_t cipher_suite = 0;
  std::int64_t sg_type = 0;
};
Result<HelloDevice> decode_hello_device(View message);
Bytes encode_hello_device(const HelloDevice& message);

// 61: COSE_Sign1 by the owner, unprotected {256: NonceTO2ProveDv, 257: owner key}, payload
// [OVHeader, NumOVEntries, HMac, NonceTO2ProveOV, eBSigInfo, xA, Hash(60), maxOwnerMessageSize]
struct ProveOvHeader {
  Bytes header;
  std::uint8_t entries = 0;
  Hash hmac;
  Bytes hmac_encoded;
  Nonce nonce_prove_ov;
  std::int64_t sg_type = 0;
  Bytes xa;
  Hash hello_hash;
  std::uint16_t max_message_bytes = 0;
  // unprotected
  Nonce nonce_prove_dv;
  PublicKey owner_key;
  // for the signature
  Bytes protected_bytes, payload, signature;
  std::int64_t alg = 0;
};
Result<ProveOvHeader> decode_prove_ov_header(View message);
struct ProveOvHeaderFields {
  View header;
  std::uint8_t entries;
  View hmac_encoded;
  Nonce nonce_prove_ov;
  std::int64_t sg_type;
  View xa;
  Hash hello_hash;
  Nonce nonce_prove_dv;
  View owner_key_encoded;
};
Result<Bytes> encode_prove_ov_header(const ProveOvHeaderFields& fields, crypto::Signer& owner);

// 62 [n], 63 [n, OVEntry]
Result<std::uint8_t> decode_get_next_entry(View message);
Bytes encode_get_next_entry(std::uint8_t index);
struct NextEntry {
  std::uint8_t index = 0;
  Bytes entry;
};
Result<NextEntry> decode_next_entry(View message);
Bytes encode_next_entry(std::uint8_t index, View entry);

// 65: COSE_Sign1 by Owner2Key, payload [RendezvousInfo, Guid, NonceTO2SetupDv, Owner2Key]
struct SetupDevice {
  RendezvousInfo rendezvous;
  Guid guid;
  Nonce nonce_setup_dv;
  PublicKey owner2_key;
  Bytes protected_bytes, payload, signature;
  std::int64_t alg = 0;
};
Result<SetupDevice> decode_setup_device(View message);
Result<Bytes> encode_setup_device(View rendezvous, const Guid& guid, const Nonce& nonce,
                                  View owner2_key_encoded, crypto::Signer& owner2);

// 66 [ReplacementHMac / null, maxOwnerServiceInfoSz / null], 67 [maxDeviceServiceInfoSz / null]
struct DeviceServiceInfoReady {
  std::optional<Hash> replacement_hmac;    // null: credential reuse
  std::size_t max_owner_service_info = 0;  // resolved: null and 0 are the default
};
Result<DeviceServiceInfoReady> decode_device_ready(View message);
Bytes encode_device_ready(const std::optional<Hash>& hmac, std::uint16_t max_owner_service_info);
Result<std::size_t> decode_owner_ready(View message);
Bytes encode_owner_ready(std::uint16_t max_device_service_info);

}  // namespace fairlead::fdo
