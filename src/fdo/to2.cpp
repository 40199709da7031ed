// SPDX-License-Identifier: Apache-2.0
#include "fdo/to2.h"

#include "base/limits.h"
#include "codec/cose.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

namespace {
constexpr std::int64_t header_nonce = 256, header_owner_key = 257;

std::uint16_t read_u16(Reader& in) { return static_cast<std::uint16_t>(in.uint_at_most(0xFFFF)); }

// What COSE_Encrypt0 adds to a plaintext, and more: a peer may allow for service info as many bytes
// as a whole message has.
constexpr std::size_t encryption_overhead = 64;

// null and 0 both mean the default of 1300.
std::size_t read_service_info_size(Reader& in) {
  std::size_t size = in.take_null() ? 0 : read_u16(in);
  if (size == 0) return limits::service_info_bytes_default;
  return std::min(size, limits::fdo_message_bytes_max - encryption_overhead);
}
}  // namespace

Result<HelloDevice> decode_hello_device(View message) {
  Reader in(message);
  HelloDevice out;
  in.array(6);
  out.max_message_bytes = read_u16(in);
  out.guid = in.fixed<Guid>();
  out.nonce_prove_ov = in.fixed<Nonce>();
  out.kex_suite = in.text(32);
  out.cipher_suite = in.integer();
  out.sg_type = read_sig_info(in);
  return in.finish(std::move(out)).in("TO2.HelloDevice");
}

Bytes encode_hello_device(const HelloDevice& message) {
  Writer out;
  out.array(6).uint(message.max_message_bytes).bytes(message.guid).bytes(message.nonce_prove_ov);
  out.text(message.kex_suite).integer(message.cipher_suite);
  write_sig_info(out, message.sg_type);
  return out.take();
}

namespace {
struct OwnerClaims {
  std::optional<Nonce> nonce;
  std::optional<PublicKey> key;
};
Result<OwnerClaims> decode_owner_claims(View unprotected) {
  Reader in(unprotected);
  OwnerClaims out;
  std::size_t pairs = in.map(8);
  for (std::size_t i = 0; i < pairs && !in.failed(); ++i) {
    std::int64_t label = in.integer();
    if (label == header_nonce)
      out.nonce = in.fixed<Nonce>();
    else if (label == header_owner_key)
      out.key = read_public_key(in);
    else
      in.skip();
  }
  if (!in.failed() && (!out.nonce || !out.key))
    in.fail_here("NonceTO2ProveDv or owner key is missing");
  return in.finish(std::move(out));
}
}  // namespace

Result<ProveOvHeader> decode_prove_ov_header(View message) {
  TRY(auto sign1, cose::decode_sign1(message).in("TO2.ProveOVHdr"));
  TRY(auto claims, decode_owner_claims(sign1.unprotected).in("TO2.ProveOVHdr"));
  Reader in(sign1.payload);
  in.array(8);
  Bytes header = to_bytes(in.bytes(limits::fdo_message_bytes_max));
  auto entries = static_cast<std::uint8_t>(in.uint_at_most(255));
  Reader probe = in;
  Bytes hmac_encoded = to_bytes(probe.raw());
  Hash hmac = read_hmac(in);
  Nonce nonce = in.fixed<Nonce>();
  std::int64_t sg_type = read_sig_info(in);
  Bytes xa = to_bytes(in.bytes(2048));
  Hash hello_hash = read_hash(in);
  std::uint16_t size = read_u16(in);
  TRY_VOID(in.finish().in("TO2.ProveOVHdr"));
  return ProveOvHeader{std::move(header),
                       entries,
                       std::move(hmac),
                       std::move(hmac_encoded),
                       nonce,
                       sg_type,
                       std::move(xa),
                       std::move(hello_hash),
                       size,
                       *claims.nonce,
                       std::move(*claims.key),
                       to_bytes(sign1.protected_bytes),
                       to_bytes(sign1.payload),
                       to_bytes(sign1.signature),
                       sign1.alg};
}

Result<Bytes> encode_prove_ov_header(const ProveOvHeaderFields& f, crypto::Signer& owner) {
  Writer payload;
  payload.reserve(f.header.size() + 400);
  payload.array(8).bytes(f.header).uint(f.entries).raw(f.hmac_encoded).bytes(f.nonce_prove_ov);
  write_sig_info(payload, f.sg_type);
  payload.bytes(f.xa);
  write_hash(payload, f.hello_hash);
  payload.uint(limits::fdo_message_bytes_max);
  Writer unprotected;
  unprotected.map(2)
      .integer(header_nonce)
      .bytes(f.nonce_prove_dv)
      .integer(header_owner_key)
      .raw(f.owner_key_encoded);
  return sign1(owner, payload.view(), unprotected.view());
}

Result<std::uint8_t> decode_get_next_entry(View message) {
  Reader in(message);
  in.array(1);
  auto index = static_cast<std::uint8_t>(in.uint_at_most(255));
  return in.finish(index).in("TO2.GetOVNextEntry");
}

Bytes encode_get_next_entry(std::uint8_t index) { return Writer().array(1).uint(index).take(); }

Result<NextEntry> decode_next_entry(View message) {
  Reader in(message);
  NextEntry out;
  in.array(2);
  out.index = static_cast<std::uint8_t>(in.uint_at_most(255));
  out.entry = to_bytes(in.raw());
  return in.finish(std::move(out)).in("TO2.OVNextEntry");
}

Bytes encode_next_entry(std::uint8_t index, View entry) {
  return Writer().array(2).uint(index).raw(entry).take();
}

Result<SetupDevice> decode_setup_device(View message) {
  TRY(auto sign1, cose::decode_sign1(message).in("TO2.SetupDevice"));
  Reader in(sign1.payload);
  in.array(4);
  RendezvousInfo rendezvous = read_rendezvous_info(in);
  Guid guid = in.fixed<Guid>();
  Nonce nonce = in.fixed<Nonce>();
  auto key = read_public_key(in);
  TRY_VOID(in.finish().in("TO2.SetupDevice"));
  return SetupDevice{std::move(rendezvous),
                     guid,
                     nonce,
                     std::move(*key),
                     to_bytes(sign1.protected_bytes),
                     to_bytes(sign1.payload),
                     to_bytes(sign1.signature),
                     sign1.alg};
}

Result<Bytes> encode_setup_device(View rendezvous, const Guid& guid, const Nonce& nonce,
                                  View owner2_key, crypto::Signer& owner2) {
  Writer payload;
  payload.array(4).raw(rendezvous).bytes(guid).bytes(nonce).raw(owner2_key);
  const std::uint8_t empty_map[] = {0xA0};
  return sign1(owner2, payload.view(), empty_map);
}

Result<DeviceServiceInfoReady> decode_device_ready(View message) {
  Reader in(message);
  DeviceServiceInfoReady out;
  in.array(2);
  if (!in.take_null()) out.replacement_hmac = read_hmac(in);
  out.max_owner_service_info = read_service_info_size(in);
  return in.finish(std::move(out)).in("TO2.DeviceServiceInfoReady");
}

Bytes encode_device_ready(const std::optional<Hash>& hmac, std::uint16_t max_owner_service_info) {
  Writer out;
  out.array(2);
  if (hmac)
    write_hmac(out, *hmac);
  else
    out.null();
  return out.uint(max_owner_service_info).take();
}

Result<std::size_t> decode_owner_ready(View message) {
  Reader in(message);
  in.array(1);
  std::size_t size = read_service_info_size(in);
  return in.finish(size).in("TO2.OwnerServiceInfoReady");
}

Bytes encode_owner_ready(std::uint16_t size) { return Writer().array(1).uint(size).take(); }

}  // namespace fairlead::fdo
