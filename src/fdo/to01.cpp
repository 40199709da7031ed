// SPDX-License-Identifier: Apache-2.0
#include "fdo/to01.h"

#include "base/limits.h"
#include "codec/cose.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

Bytes encode_nonce(const Nonce& nonce) { return Writer().array(1).bytes(nonce).take(); }

Result<Nonce> decode_nonce(View message) {
  Reader in(message);
  in.array(1);
  Nonce nonce = in.fixed<Nonce>();
  return in.finish(nonce);
}

Bytes encode_hello_rv_ack(const Nonce& nonce, std::int64_t sg_type) {
  Writer out;
  out.array(2).bytes(nonce);
  write_sig_info(out, sg_type);
  return out.take();
}

Result<HelloRvAck> decode_hello_rv_ack(View message) {
  Reader in(message);
  in.array(2);
  HelloRvAck out{in.fixed<Nonce>(), 0};
  out.sg_type = read_sig_info(in);
  return in.finish(out).in("TO1.HelloRVAck");
}

Result<HelloRv> decode_hello_rv(View message) {
  Reader in(message);
  HelloRv out;
  in.array(2);
  out.guid = in.fixed<Guid>();
  out.sg_type = read_sig_info(in);
  return in.finish(out).in("TO1.HelloRV");
}

Bytes encode_hello_rv(const HelloRv& message) {
  Writer out;
  out.array(2).bytes(message.guid);
  write_sig_info(out, message.sg_type);
  return out.take();
}

Result<To1d> decode_to1d(View encoded) {
  TRY(auto sign1, cose::decode_sign1(encoded).in("to1d"));
  To1d out{to_bytes(encoded),
           to_bytes(sign1.protected_bytes),
           to_bytes(sign1.payload),
           to_bytes(sign1.signature),
           sign1.alg,
           {},
           {}};
  Reader in(sign1.payload);
  in.array(2);
  out.addresses = read_to2_addresses(in);
  out.to0d_hash = read_hash(in);
  return in.finish(std::move(out)).in("to1d");
}

Result<void> verify_to1d(const To1d& to1d, const crypto::PublicKey& owner) {
  if (to1d.alg != signature_alg(owner.type()))
    return fail(Errc::untrusted, "to1d: algorithm does not go with the owner's key");
  if (!owner.verify(cose::sign1_to_be_signed(to1d.protected_bytes, to1d.payload), to1d.signature))
    return fail(Errc::untrusted, "to1d is not signed by the owner of the voucher");
  return ok();
}

namespace {
// Everything about the voucher is error 2 to the peer; the log says which check.
template <class T>
Outcome<T> as_voucher_refusal(Result<T> result) {
  if (!result) return refuse(ErrorCode::invalid_voucher, result.error().context);
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*result);
}

Result<void> check_addresses(const std::vector<To2Address>& addresses) {
  for (const To2Address& address : addresses) {
    if (address.ip.empty() && address.dns.empty())
      return fail(Errc::refused, "RVTO2Addr entry has neither IP nor DNS");
    if (!address.ip.empty() && address.ip.size() != 4 && address.ip.size() != 16)
      return fail(Errc::refused, "RVTO2Addr entry has an IP address of a strange size");
  }
  return ok();
}
}  // namespace

Outcome<OwnerSign> accept_owner_sign(View message, const Nonce& expected) {
  Reader outer(message);
  outer.array(2);
  View to0d = outer.bytes(limits::fdo_message_bytes_max);
  View to1d_bytes = outer.raw();
  TRY_VOID(outer.finish().in("TO0.OwnerSign"));

  Reader in(to0d);
  in.array(3);
  View voucher_bytes = in.raw();
  auto wait = static_cast<std::uint32_t>(in.uint_at_most(UINT32_MAX));
  Nonce nonce = in.fixed<Nonce>();
  TRY_VOID(in.finish().in("to0d"));
  TRY(auto to1d, decode_to1d(to1d_bytes));
  if (!equal_constant_time(nonce, expected))
    return refuse(ErrorCode::invalid_message, "TO0.OwnerSign: nonce is not the one given");
  if (to1d.to0d_hash != hash_of(to1d.to0d_hash.alg, {to0d}))
    return refuse(ErrorCode::invalid_message, "TO0.OwnerSign: hash of to0d in to1d is wrong");
  TRY(auto voucher, as_voucher_refusal(decode_voucher(voucher_bytes)));
  TRY_VOID(as_voucher_refusal(verify_voucher(voucher)));
  if (voucher.entries.empty())
    return refuse(ErrorCode::invalid_voucher, "voucher has no entry: nobody owns it yet");
  if (auto good = verify_to1d(to1d, voucher.owner_key().key); !good)
    return refuse(ErrorCode::invalid_owner_signature, good.error().context);
  TRY_VOID(check_addresses(to1d.addresses));
  return OwnerSign{to_bytes(to0d), std::move(voucher), wait, nonce, std::move(to1d)};
}

Result<Bytes> encode_owner_sign(const Voucher& voucher, std::uint32_t wait_seconds,
                                const Nonce& nonce, const std::vector<To2Address>& addresses,
                                crypto::Signer& owner) {
  Writer to0d;
  to0d.array(3).raw(voucher.encode()).uint(wait_seconds).bytes(nonce);
  Writer payload;
  payload.array(2).raw(encode_to2_addresses(addresses));
  write_hash(payload, hash_of(crypto::hash_for(owner.public_key().type()), {to0d.view()}));
  const std::uint8_t empty_map[] = {0xA0};
  TRY(Bytes to1d, sign1(owner, payload.view(), empty_map));
  return Writer().array(2).bytes(to0d.view()).raw(to1d).take();
}

Bytes encode_accept_owner(std::uint32_t wait_seconds) {
  return Writer().array(1).uint(wait_seconds).take();
}

Result<std::uint32_t> decode_accept_owner(View message) {
  Reader in(message);
  in.array(1);
  auto wait = static_cast<std::uint32_t>(in.uint_at_most(UINT32_MAX));
  return in.finish(wait).in("TO0.AcceptOwner");
}

Outcome<void> check_prove_to_rv(View message, const Nonce& nonce, const Guid& guid,
                                const crypto::PublicKey& device_key) {
  TRY(auto eat, decode_eat(message).in("TO1.ProveToRV"));
  TRY_VOID(verify_eat(eat, device_key));
  if (!equal_constant_time(eat.claims.nonce, nonce))
    return refuse(ErrorCode::invalid_message, "TO1.ProveToRV: nonce is not the one given");
  if (eat.claims.guid != guid)
    return refuse(ErrorCode::invalid_message, "TO1.ProveToRV: GUID is not that of HelloRV");
  if (!eat.claims.xb.empty())
    return refuse(ErrorCode::invalid_message, "TO1.ProveToRV: carries a TO2 claim");
  return {};
}

}  // namespace fairlead::fdo
