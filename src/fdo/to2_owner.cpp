// SPDX-License-Identifier: Apache-2.0
#include "fdo/to2_owner.h"

#include "base/limits.h"
#include "codec/cose.h"
#include "fdo/to01.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

const Guid& guid_of(const To2OwnerState& state) {
  return std::visit([](const auto& s) -> const Guid& { return s.guid; }, state);
}

Outcome<To2Started> on_hello_device(const To2OwnerContext& context, View message60) {
  TRY(auto hello, decode_hello_device(message60));
  // Import lets no such voucher in; if one got here, that is our fault and not the device's.
  if (context.voucher.device_chain.empty() || context.voucher.entries.empty() ||
      !(context.voucher.owner_key().key == context.owner_key.public_key()))
    return refuse(ErrorCode::internal,
                  "TO2.HelloDevice: our voucher has no device chain, no entry, or another owner");
  const crypto::PublicKey& device_key = context.voucher.device_chain.front().public_key();
  // FDO 1.1 §3.6: owners with RSA keys exchange keys by DHKEXid or ASYMKEX, which we don't serve.
  if (!crypto::is_ec(context.owner_key.public_key().type()))
    return refuse(ErrorCode::invalid_message,
                  "TO2.HelloDevice: the owner's key is RSA, whose key exchange is not served");
  auto kex = parse_kex_suite(hello.kex_suite);
  auto cipher = parse_cipher_suite(hello.cipher_suite);
  if (!kex)
    return refuse(ErrorCode::invalid_message,
                  "TO2.HelloDevice: key exchange '" + hello.kex_suite + "' is not served");
  if (!cipher)
    return refuse(
        ErrorCode::invalid_message,
        "TO2.HelloDevice: cipher suite " + std::to_string(hello.cipher_suite) + " is not served");
  if (hello.sg_type != signature_alg(device_key.type()))
    return refuse(ErrorCode::invalid_message,
                  "TO2.HelloDevice: signature type does not go with the device's key");
  // A weaker exchange than the owner's key is a downgrade; a stronger one is only slow.
  if (*kex == KexSuite::ecdh256 &&
      kex_for(context.owner_key.public_key().type()) == KexSuite::ecdh384 &&
      kex_for(device_key.type()) == KexSuite::ecdh384)
    return refuse(ErrorCode::invalid_message,
                  "TO2.HelloDevice: ECDH256 is too weak for these keys");
  TRY(auto share, make_share(*kex, context.random));
  Nonce nonce = context.random.draw<Nonce>();
  const Voucher& voucher = context.voucher;
  Hash hello_hash = hash_of(crypto::hash_for(device_key.type()), {message60});
  ProveOvHeaderFields fields{voucher.header.encoded,
                             static_cast<std::uint8_t>(voucher.entries.size()),
                             voucher.hmac_encoded,
                             hello.nonce_prove_ov,
                             hello.sg_type,
                             {},
                             std::move(hello_hash),
                             nonce,
                             voucher.owner_key().encoded};
  Bytes xa = share.parameter();
  fields.xa = xa;
  TRY(Bytes message61, encode_prove_ov_header(fields, context.owner_key));
  std::size_t max_message =
      hello.max_message_bytes ? hello.max_message_bytes : limits::fdo_message_bytes_default;
  return To2Started{std::move(message61), to2::ProvingDevice{hello.guid, nonce, *kex, *cipher,
                                                             std::move(share.key.scalar),
                                                             std::move(share.random), max_message}};
}

Outcome<Bytes> on_get_next_entry(const To2OwnerContext& context, const to2::ProvingDevice& state,
                                 View message62) {
  TRY(std::uint8_t index, decode_get_next_entry(message62));
  if (index >= context.voucher.entries.size())
    return refuse(ErrorCode::invalid_message, "TO2.GetOVNextEntry: entry " + std::to_string(index) +
                                                  " of " +
                                                  std::to_string(context.voucher.entries.size()));
  Bytes answer = encode_next_entry(index, context.voucher.entries[index].encoded);
  if (answer.size() > state.max_message_bytes)
    return refuse(ErrorCode::internal, "voucher entry is larger than the " +
                                           std::to_string(state.max_message_bytes) +
                                           " bytes that the device takes");
  return answer;
}

Outcome<To2Proven> on_prove_device(const To2OwnerContext& context, to2::ProvingDevice state,
                                   View message64) {
  TRY(auto eat, decode_eat(message64).in("TO2.ProveDevice"));
  TRY_VOID(verify_eat(eat, context.voucher.device_chain.front().public_key()));
  if (!equal_constant_time(eat.claims.nonce, state.nonce_prove_dv))
    return refuse(ErrorCode::invalid_message, "TO2.ProveDevice: nonce is not the one given");
  if (eat.claims.guid != state.guid)
    return refuse(ErrorCode::invalid_message, "TO2.ProveDevice: GUID is not that of HelloDevice");
  if (!eat.claims.setup)
    return refuse(ErrorCode::body, "TO2.ProveDevice: NonceTO2SetupDv is missing");
  TRY(auto theirs, decode_kex_parameter(state.kex, eat.claims.xb).in("TO2.ProveDevice"));
  // Without the point, which has gone out with 61.
  KexShare ours{{curve_of(state.kex), std::move(state.scalar), {}, {}}, std::move(state.random)};
  TRY(auto secret, shared_secret(KexRole::owner, ours, theirs));
  std::uint64_t counter = 0;
  Bytes start = context.random.bytes(4);
  for (auto byte : start) counter = counter << 8 | byte;
  Tunnel tunnel(state.cipher, derive_session_key(state.cipher, secret.reveal()), KexRole::owner,
                counter);

  Guid new_guid = context.allow_reuse ? state.guid : context.random.draw<Guid>();
  const RendezvousInfo& rendezvous =
      context.allow_reuse ? context.voucher.header.rendezvous : context.new_rendezvous;
  TRY(Bytes setup, encode_setup_device(rendezvous.encoded, new_guid, *eat.claims.setup,
                                       context.voucher.owner_key().encoded, context.owner_key));
  TRY(Bytes message65, tunnel.seal(setup, context.random));
  return To2Proven{std::move(message65), to2::SettingUp{state.guid, new_guid, state.nonce_prove_dv,
                                                        *eat.claims.setup, std::move(tunnel)}};
}

Outcome<To2Ready> on_service_info_ready(const To2OwnerContext& context, to2::SettingUp state,
                                        View message66) {
  TRY(Bytes plain, state.tunnel.open(message66));
  TRY(auto ready, decode_device_ready(plain));
  bool reuse_offered = state.guid == state.new_guid;
  if (!ready.replacement_hmac && !reuse_offered)
    return refuse(ErrorCode::invalid_message,
                  "TO2.DeviceServiceInfoReady: no HMAC for the replacement voucher");
  if (ready.replacement_hmac && reuse_offered)
    return refuse(ErrorCode::invalid_message,
                  "TO2.DeviceServiceInfoReady: HMAC sent although the credential is reused");
  std::optional<Voucher> replacement;
  if (ready.replacement_hmac) {
    const VoucherHeader& old = context.voucher.header;
    Bytes header =
        encode_voucher_header(state.new_guid, context.new_rendezvous.encoded, old.device_info,
                              context.voucher.owner_key().encoded, old.chain_hash);
    TRY(replacement, make_voucher(header, *ready.replacement_hmac, context.voucher.device_chain));
  }
  TRY(Bytes message67,
      state.tunnel.seal(encode_owner_ready(limits::fdo_message_bytes_max), context.random));
  to2::Exchanging next{state.guid,
                       state.new_guid,
                       state.nonce_prove_dv,
                       state.nonce_setup_dv,
                       std::move(state.tunnel),
                       ready.max_owner_service_info,
                       {}};
  return To2Ready{std::move(message67), std::move(next), std::move(replacement)};
}

Outcome<To2Exchanged> on_device_service_info(Random& random, to2::Exchanging state,
                                             const OwnerPlan& plan, OwnerEvents& events,
                                             View message68) {
  TRY(Bytes plain, state.tunnel.open(message68));
  TRY(auto message, decode_device_info(plain));
  const RoundLimits limits{state.max_owner_service_info, state.tunnel.messages_left() / 2};
  TRY(auto answer, next_round(state.dialogue, plan, events, message, limits));
  TRY(Bytes message69, state.tunnel.seal(encode_owner_info(answer), random));
  return To2Exchanged{std::move(message69), std::move(state)};
}

Outcome<To2Finished> on_done(Random& random, to2::Exchanging state, View message70) {
  TRY(Bytes plain, state.tunnel.open(message70));
  TRY(Nonce nonce, decode_nonce(plain).in("TO2.Done"));
  if (!state.dialogue.done_sent)
    return refuse(ErrorCode::invalid_message, "TO2.Done: service info is not finished");
  if (!equal_constant_time(nonce, state.nonce_prove_dv))
    return refuse(ErrorCode::invalid_message, "TO2.Done: nonce is not the one given");
  TRY(Bytes message71, state.tunnel.seal(encode_nonce(state.nonce_setup_dv), random));
  return To2Finished{std::move(message71), state.guid, state.new_guid};
}

namespace {

void write(Writer& out, const to2::ProvingDevice& s) {
  out.array(7)
      .bytes(s.guid)
      .bytes(s.nonce_prove_dv)
      .text(to_string(s.kex))
      .integer(static_cast<std::int64_t>(s.cipher));
  out.bytes(s.scalar.reveal()).bytes(s.random.reveal()).uint(s.max_message_bytes);
}
void write_common(Writer& out, const auto& s) {
  out.bytes(s.guid).bytes(s.new_guid).bytes(s.nonce_prove_dv).bytes(s.nonce_setup_dv);
  s.tunnel.write(out);
}
void write(Writer& out, const to2::SettingUp& s) { write_common(out.array(5), s); }
void write(Writer& out, const to2::Exchanging& s) {
  write_common(out.array(7), s);
  out.uint(s.max_owner_service_info);
  write_dialogue(out, s.dialogue);
}

To2OwnerState read_proving(Reader& in) {
  to2::ProvingDevice s;
  in.array(7);
  s.guid = in.fixed<Guid>();
  s.nonce_prove_dv = in.fixed<Nonce>();
  auto kex = parse_kex_suite(in.text(16));
  auto cipher = parse_cipher_suite(in.integer());
  if (!kex || !cipher) in.fail_here("stored suite is unknown");
  s.kex = kex.value_or(KexSuite::ecdh256);
  s.cipher = cipher.value_or(CipherSuite::a128gcm);
  s.scalar = SecretBytes::copy_of(in.bytes(64));
  s.random = SecretBytes::copy_of(in.bytes(64));
  s.max_message_bytes = in.uint();
  return s;
}

struct Common {
  Guid guid, new_guid;
  Nonce prove, setup;
  std::optional<Tunnel> tunnel;
};
Common read_common(Reader& in) {
  Common c;
  c.guid = in.fixed<Guid>();
  c.new_guid = in.fixed<Guid>();
  c.prove = in.fixed<Nonce>();
  c.setup = in.fixed<Nonce>();
  c.tunnel = Tunnel::read(in, KexRole::owner);
  return c;
}

}  // namespace

Bytes encode_state(const To2OwnerState& state) {
  Writer out;
  out.array(2).uint(state.index());
  std::visit([&](const auto& s) { write(out, s); }, state);
  return out.take();
}

Result<To2OwnerState> decode_state(View encoded) {
  Reader in(encoded);
  in.array(2);
  std::uint64_t index = in.uint_at_most(2);
  if (index == 0) {
    To2OwnerState state = read_proving(in);
    TRY_VOID(in.finish().in("stored TO2 run"));
    return state;
  }
  in.array(index == 1 ? 5 : 7);
  Common c = read_common(in);
  std::size_t max_owner_service_info = index == 2 ? in.uint() : 0;
  OwnerDialogue dialogue = index == 2 ? read_dialogue(in) : OwnerDialogue{};
  TRY_VOID(in.finish().in("stored TO2 run"));
  if (!c.tunnel) return fail(Errc::malformed, "stored TO2 run: without its keys");
  if (index == 1) return to2::SettingUp{c.guid, c.new_guid, c.prove, c.setup, std::move(*c.tunnel)};
  return to2::Exchanging{c.guid,
                         c.new_guid,
                         c.prove,
                         c.setup,
                         std::move(*c.tunnel),
                         max_owner_service_info,
                         std::move(dialogue)};
}

}  // namespace fairlead::fdo
