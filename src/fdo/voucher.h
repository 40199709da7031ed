// SPDX-License-Identifier: Apache-2.0
// The Ownership Voucher (FDO 1.1 §3.4): parse, verify, extend.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fdo/rendezvous.h"
#include "fdo/types.h"

namespace fairlead::fdo {

// OVHeader = [101, Guid, RendezvousInfo, DeviceInfo, MfgKey, OVDevCertChainHash / null]
struct VoucherHeader {
  Bytes encoded;  // as received: HMAC and hashes are made of these bytes
  Guid guid;
  RendezvousInfo rendezvous;
  std::string device_info;
  PublicKey manufacturer_key;
  std::optional<Hash> chain_hash;
};
Result<VoucherHeader> decode_voucher_header(View encoded);
Bytes encode_voucher_header(const Guid& guid, View rendezvous_encoded, std::string_view device_info,
                            View manufacturer_key_encoded, const std::optional<Hash>& chain_hash);

// OVEntry = COSE_Sign1, payload [HashPrevEntry, HashHdrInfo, Extra, Key]
struct VoucherEntry {
  Bytes encoded;  // whole, tag 18 included
  Bytes protected_bytes, payload, signature;
  std::int64_t alg = 0;
  Hash previous, header_info;
  PublicKey key;  // the owner from here on
};
Result<VoucherEntry> decode_voucher_entry(View encoded);

struct Voucher {
  VoucherHeader header;
  Hash hmac;
  Bytes hmac_encoded;  // the HMac array as received
  std::vector<crypto::Certificate>
      device_chain;  // leaf first; empty means null (EPID), which nothing here accepts
  std::vector<VoucherEntry> entries;

  const PublicKey& owner_key() const;  // of the last entry, else the manufacturer's
  Bytes encode() const;                // from the bytes received
};

// Grammar and limits only. limits::voucher_bytes_max, limits::voucher_entries_max.
Result<Voucher> decode_voucher(View encoded);
// Of bytes that decode_voucher() took before: its certificates are decoded no further than needed.
Result<Voucher> decode_stored_voucher(View encoded);
// PEM label OWNERSHIP VOUCHER; a private key that follows (conformance tool's files) is ignored.
Result<Voucher> decode_voucher_pem(std::string_view text);
std::string encode_voucher_pem(const Voucher& voucher);

// Everything that can be checked without the device's secret: version, chain hash, chain
// signatures, leaf key, every entry's hashes, signature, and alg-against-key. Trust in the
// manufacturer is another question.
Result<void> verify_voucher(const Voucher& voucher);

// One entry against what stands before it: the device checks entries one by one as they arrive.
class EntryChain {
 public:
  // The first previous hash is of header bytes ‖ HMac array.
  EntryChain(const VoucherHeader& header, View hmac_encoded);
  Result<void> append(const VoucherEntry& entry);  // untrusted, with which check
  const PublicKey& owner_key() const { return owner_; }
  std::size_t size() const { return size_; }

 private:
  Bytes previous_input_;     // what HashPrevEntry of the next entry is made of
  Bytes header_info_input_;  // GUID ‖ DeviceInfo
  PublicKey owner_;
  std::size_t size_ = 0;
};

// Appends an entry signed by the present owner's key. refused if `owner` is not that key or there
// is no room.
Result<Voucher> extend_voucher(const Voucher& voucher, crypto::Signer& owner,
                               const PublicKey& next_owner);

// The manufacturer's voucher after DI: no entries yet. `hmac` as the device sent it.
Result<Voucher> make_voucher(View header_encoded, const Hash& hmac,
                             std::vector<crypto::Certificate> device_chain);

// Hash of DER certificates one after the other, leaf first.
Hash chain_hash(crypto::HashAlg alg, std::span<const crypto::Certificate> chain);

// True if `longer` is `shorter` or continues it: same header and HMAC, entries a prefix. The
// rendezvous server's defence against a former owner who drops later entries.
bool is_same_or_extension(const Voucher& shorter, const Voucher& longer);

}  // namespace fairlead::fdo
