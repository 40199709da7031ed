// SPDX-License-Identifier: Apache-2.0
#include "fdo/voucher.h"

#include "base/limits.h"
#include "codec/cose.h"
#include "codec/pem.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

Result<VoucherHeader> decode_voucher_header(View encoded) {
  Reader in(encoded);
  in.array(6);
  if (in.uint() != protocol_version) in.fail_here("voucher header is not of version 101");
  Guid guid = in.fixed<Guid>();
  RendezvousInfo rendezvous = read_rendezvous_info(in);
  std::string device_info = in.text(limits::device_info_bytes_max);
  auto key = read_public_key(in);
  std::optional<Hash> chain_hash;
  if (!in.take_null()) chain_hash = read_hash(in);
  if (!in.failed() && device_info.empty()) in.fail_here("device info is empty");
  TRY_VOID(in.finish().in("voucher header"));
  return VoucherHeader{to_bytes(encoded),     guid,
                       std::move(rendezvous), std::move(device_info),
                       std::move(*key),       std::move(chain_hash)};
}

Bytes encode_voucher_header(const Guid& guid, View rendezvous, std::string_view device_info,
                            View manufacturer_key, const std::optional<Hash>& chain_hash) {
  Writer out;
  out.array(6)
      .uint(protocol_version)
      .bytes(guid)
      .raw(rendezvous)
      .text(device_info)
      .raw(manufacturer_key);
  if (chain_hash)
    write_hash(out, *chain_hash);
  else
    out.null();
  return out.take();
}

Result<VoucherEntry> decode_voucher_entry(View encoded) {
  TRY(auto sign1, cose::decode_sign1(encoded).in("voucher entry"));
  // [HashPrevEntry, HashHdrInfo, Extra: null / bstr .cbor, Key]. Message 65 is signed by owner keys
  // too and has four elements as well; strict types keep the two apart.
  Reader in(sign1.payload);
  in.array(4);
  Hash previous = read_hash(in);
  Hash header_info = read_hash(in);
  if (!in.take_null()) in.bytes(limits::fdo_message_bytes_max);
  auto key = read_public_key(in);
  TRY_VOID(in.finish().in("voucher entry"));
  return VoucherEntry{to_bytes(encoded),
                      to_bytes(sign1.protected_bytes),
                      to_bytes(sign1.payload),
                      to_bytes(sign1.signature),
                      sign1.alg,
                      std::move(previous),
                      std::move(header_info),
                      std::move(*key)};
}

const PublicKey& Voucher::owner_key() const {
  return entries.empty() ? header.manufacturer_key : entries.back().key;
}

Bytes Voucher::encode() const {
  Writer out;
  out.array(5).uint(protocol_version).bytes(header.encoded).raw(hmac_encoded);
  if (device_chain.empty()) {
    out.null();
  } else {
    out.array(device_chain.size());
    for (const auto& certificate : device_chain) out.bytes(certificate.der());
  }
  out.array(entries.size());
  for (const VoucherEntry& entry : entries) out.raw(entry.encoded);
  return out.take();
}

namespace {

using ReadCertificate = Result<crypto::Certificate> (*)(View der);

Result<Voucher> decode_voucher_with(ReadCertificate read_certificate, View encoded) {
  if (encoded.size() > limits::voucher_bytes_max)
    return fail(Errc::malformed, "voucher is too long");
  Reader in(encoded);
  in.array(5);
  if (in.uint() != protocol_version) in.fail_here("voucher is not of version 101");
  View header_bytes = in.bytes(limits::voucher_bytes_max);
  Reader hmac_probe = in;
  View hmac_encoded = hmac_probe.raw();
  Hash hmac = read_hmac(in);
  TRY_VOID(in.status().in("voucher"));
  std::vector<crypto::Certificate> chain;
  if (!in.take_null()) {
    std::size_t count = in.array_between(1, limits::certificate_chain_max);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
      View der = in.bytes(limits::certificate_bytes_max);
      TRY_VOID(in.status().in("voucher"));
      TRY(auto certificate,
          read_certificate(der).in("voucher, device certificate " + std::to_string(i)));
      chain.push_back(std::move(certificate));
    }
  }
  std::vector<VoucherEntry> entries;
  std::size_t count = in.array_between(0, limits::voucher_entries_max);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    View entry_bytes = in.raw();
    TRY_VOID(in.status().in("voucher"));
    TRY(auto entry, decode_voucher_entry(entry_bytes).in("entry " + std::to_string(i)));
    entries.push_back(std::move(entry));
  }
  TRY_VOID(in.finish().in("voucher"));
  TRY(auto header, decode_voucher_header(header_bytes));
  return Voucher{std::move(header), std::move(hmac), to_bytes(hmac_encoded), std::move(chain),
                 std::move(entries)};
}

}  // namespace

Result<Voucher> decode_voucher(View encoded) {
  return decode_voucher_with(crypto::Certificate::from_der, encoded);
}

Result<Voucher> decode_stored_voucher(View encoded) {
  return decode_voucher_with(crypto::Certificate::from_known_der, encoded);
}

Result<Voucher> decode_voucher_pem(std::string_view text) {
  TRY(auto blocks, pem::decode(text));
  for (const pem::Block& block : blocks)
    if (block.label == "OWNERSHIP VOUCHER") return decode_voucher(block.content);
  return fail(Errc::malformed, "no OWNERSHIP VOUCHER block in this PEM text");
}

std::string encode_voucher_pem(const Voucher& voucher) {
  return pem::encode("OWNERSHIP VOUCHER", voucher.encode());
}

EntryChain::EntryChain(const VoucherHeader& header, View hmac_encoded)
    : previous_input_(header.encoded),
      header_info_input_(to_bytes(View(header.guid))),
      owner_(header.manufacturer_key) {
  fairlead::append(previous_input_, hmac_encoded);
  fairlead::append(header_info_input_, as_view(header.device_info));
}

Result<void> EntryChain::append(const VoucherEntry& entry) {
  const std::string where = "voucher entry " + std::to_string(size_);
  if (size_ == limits::voucher_entries_max)
    return fail(Errc::refused, where + ": too many entries");
  if (entry.previous != hash_of(entry.previous.alg, {previous_input_}))
    return fail(Errc::untrusted, where + ": hash of what stands before it is wrong");
  if (entry.header_info != hash_of(entry.header_info.alg, {header_info_input_}))
    return fail(Errc::untrusted, where + ": hash of GUID and device info is wrong");
  // The key decides the algorithm, not the header: otherwise a peer picks what is checked.
  if (entry.alg != signature_alg(owner_.key.type()))
    return fail(Errc::untrusted, where + ": algorithm does not go with the signer's key");
  if (!owner_.key.verify(cose::sign1_to_be_signed(entry.protected_bytes, entry.payload),
                         entry.signature))
    return fail(Errc::untrusted, where + ": signature is wrong");
  if (entry.key.key.type() != owner_.key.type())
    return fail(Errc::untrusted, where + ": key is of another type than the manufacturer's");
  previous_input_ = entry.encoded;
  owner_ = entry.key;
  ++size_;
  return ok();
}

Hash chain_hash(crypto::HashAlg alg, std::span<const crypto::Certificate> chain) {
  Bytes all;
  for (const auto& certificate : chain) append(all, certificate.der());
  return hash_of(alg, {all});
}

Result<void> verify_voucher(const Voucher& voucher) {
  if (voucher.device_chain.empty() || !voucher.header.chain_hash)
    return fail(Errc::untrusted,
                "voucher without a device certificate chain (EPID) is not accepted");
  if (chain_hash(voucher.header.chain_hash->alg, voucher.device_chain) !=
      *voucher.header.chain_hash)
    return fail(Errc::untrusted, "hash of the device certificate chain is wrong");
  TRY_VOID(crypto::validate_links(voucher.device_chain).in("device certificate chain"));
  if (signature_alg(voucher.device_chain.front().public_key().type()) == 0)
    return fail(Errc::unsupported, "device key is of a type that FDO does not know");
  EntryChain chain(voucher.header, voucher.hmac_encoded);
  for (const VoucherEntry& entry : voucher.entries) TRY_VOID(chain.append(entry));
  return ok();
}

Result<Voucher> extend_voucher(const Voucher& voucher, crypto::Signer& owner,
                               const PublicKey& next_owner) {
  if (!(voucher.owner_key().key == owner.public_key()))
    return fail(Errc::refused, "voucher belongs to another key, so this one can't extend it");
  if (voucher.entries.size() >= limits::voucher_entries_max)
    return fail(Errc::refused, "voucher is full");
  if (next_owner.key.type() != voucher.header.manufacturer_key.key.type())
    return fail(Errc::refused,
                "the next owner's key must be " +
                    std::string(to_string(voucher.header.manufacturer_key.key.type())) +
                    " as the manufacturer's is");
  // The width that this voucher already uses; one made elsewhere may have other habits than ours.
  crypto::HashAlg alg = !voucher.entries.empty()    ? voucher.entries.back().previous.alg
                        : voucher.header.chain_hash ? voucher.header.chain_hash->alg
                                                    : crypto::hash_for(owner.public_key().type());
  Bytes before = voucher.header.encoded;
  append(before, voucher.hmac_encoded);
  if (!voucher.entries.empty()) before = voucher.entries.back().encoded;
  Writer payload;
  payload.array(4);
  write_hash(payload, hash_of(alg, {before}));
  write_hash(payload, hash_of(alg, {voucher.header.guid, as_view(voucher.header.device_info)}));
  payload.null().raw(next_owner.encoded);
  const std::uint8_t empty_map[] = {0xA0};
  TRY(Bytes signed_entry, sign1(owner, payload.view(), empty_map));
  TRY(auto entry, decode_voucher_entry(signed_entry));
  Voucher out = voucher;
  out.entries.push_back(std::move(entry));
  return out;
}

Result<Voucher> make_voucher(View header_encoded, const Hash& hmac,
                             std::vector<crypto::Certificate> device_chain) {
  TRY(auto header, decode_voucher_header(header_encoded));
  Writer encoded;
  write_hmac(encoded, hmac);
  return Voucher{std::move(header), hmac, encoded.take(), std::move(device_chain), {}};
}

bool is_same_or_extension(const Voucher& shorter, const Voucher& longer) {
  if (shorter.header.encoded != longer.header.encoded ||
      shorter.hmac_encoded != longer.hmac_encoded)
    return false;
  if (shorter.entries.size() > longer.entries.size()) return false;
  return std::ranges::equal(shorter.entries,
                            std::span(longer.entries).first(shorter.entries.size()), {},
                            &VoucherEntry::encoded, &VoucherEntry::encoded);
}

}  // namespace fairlead::fdo
