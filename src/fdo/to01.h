// SPDX-License-Identifier: Apache-2.0
// TO0 (owner registers at the rendezvous server, messages 20 to 23) and TO1 (device asks there, 30
// to 33).
#pragma once

#include "fdo/eat.h"
#include "fdo/voucher.h"

namespace fairlead::fdo {

// 21 [NonceTO0Sign] and 31 [NonceTO1Proof, eBSigInfo]
Bytes encode_nonce(const Nonce& nonce);
Result<Nonce> decode_nonce(View message);
Bytes encode_hello_rv_ack(const Nonce& nonce, std::int64_t sg_type);
struct HelloRvAck {
  Nonce nonce;
  std::int64_t sg_type;
};
Result<HelloRvAck> decode_hello_rv_ack(View message);

// 30 [Guid, eASigInfo]
struct HelloRv {
  Guid guid;
  std::int64_t sg_type = 0;
};
Result<HelloRv> decode_hello_rv(View message);
Bytes encode_hello_rv(const HelloRv& message);

// to1d = COSE_Sign1 by the owner key, payload [RVTO2Addr, Hash of the to0d bytes]
struct To1d {
  Bytes encoded, protected_bytes, payload, signature;
  std::int64_t alg = 0;
  std::vector<To2Address> addresses;
  Hash to0d_hash;
};
Result<To1d> decode_to1d(View encoded);
Result<void> verify_to1d(const To1d& to1d, const crypto::PublicKey& owner);

// 22 [bstr .cbor to0d, to1d], to0d = [OwnershipVoucher, WaitSeconds, NonceTO0Sign]
struct OwnerSign {
  Bytes to0d;  // the bytes that are hashed
  Voucher voucher;
  std::uint32_t wait_seconds = 0;
  Nonce nonce;
  To1d to1d;
};
// The rendezvous server's whole check of message 22, in the order of the reference, except
// admission policy. Codes: 100 grammar, 2 voucher, 3 to1d signature, 101 nonce, hash, addresses.
Outcome<OwnerSign> accept_owner_sign(View message, const Nonce& expected);
Result<Bytes> encode_owner_sign(const Voucher& voucher, std::uint32_t wait_seconds,
                                const Nonce& nonce, const std::vector<To2Address>& addresses,
                                crypto::Signer& owner);

// 23 [WaitSeconds]
Bytes encode_accept_owner(std::uint32_t wait_seconds);
Result<std::uint32_t> decode_accept_owner(View message);

// The rendezvous server's check of message 32 against message 30's GUID and the voucher's leaf key.
Outcome<void> check_prove_to_rv(View message, const Nonce& nonce, const Guid& guid,
                                const crypto::PublicKey& device_key);

}  // namespace fairlead::fdo
