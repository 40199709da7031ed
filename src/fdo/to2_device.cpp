// SPDX-License-Identifier: Apache-2.0
#include "fdo/to2_device.h"

#include "base/limits.h"
#include "codec/cose.h"

namespace fairlead::fdo {

namespace {

// Message numbers of FDO 1.1 §5.
enum Type : std::uint8_t {
  hello_rv = 30,
  hello_rv_ack = 31,
  prove_to_rv = 32,
  rv_redirect = 33,
  hello_device = 60,
  prove_ov_header = 61,
  get_next_entry = 62,
  next_entry = 63,
  prove_device = 64,
  setup_device = 65,
  device_ready = 66,
  owner_ready = 67,
  device_info = 68,
  owner_info = 69,
  done = 70,
  done2 = 71
};

std::unexpected<Refusal> wrong(std::string why) {
  return refuse(ErrorCode::invalid_message, std::move(why));
}

}  // namespace

Outgoing start_to1(const DeviceCredential& credential, const crypto::Signer& key) {
  return {hello_rv, encode_hello_rv({credential.guid, signature_alg(key.public_key().type())})};
}

Outcome<Outgoing> on_hello_rv_ack(const DeviceCredential& credential, crypto::Signer& key,
                                  View message31) {
  TRY(auto ack, decode_hello_rv_ack(message31));
  if (ack.sg_type != signature_alg(key.public_key().type()))
    return wrong("TO1.HelloRVAck: another signature type than ours");
  TRY(Bytes eat, encode_eat({ack.nonce, credential.guid, {}, {}}, key));
  return Outgoing{prove_to_rv, std::move(eat)};
}

Outcome<To1d> on_rv_redirect(View message33) {
  TRY(auto to1d, decode_to1d(message33));
  return to1d;
}

namespace {

// One struct per state; a value exists only where it is known.
struct AwaitingHeader {
  Bytes hello;
  Nonce nonce_prove_ov;
};
struct AwaitingEntries {
  ProveOvHeader proof;
  VoucherHeader header;
  EntryChain chain;
};
struct AwaitingSetup {
  VoucherHeader header;
  PublicKey owner_key;
  Tunnel tunnel;
  Nonce nonce_prove_dv, nonce_setup_dv;
};
struct AwaitingReady {
  Tunnel tunnel;
  Nonce nonce_prove_dv, nonce_setup_dv;
  To2Committed commit;
};
struct AwaitingInfo {
  Tunnel tunnel;
  Nonce nonce_prove_dv, nonce_setup_dv;
  To2Committed commit;
  DeviceDialogue dialogue;
  std::size_t max_device_info;
};
struct AwaitingDone {
  Tunnel tunnel;
  Nonce nonce_setup_dv;
  To2Committed commit;
};
struct Over {};

using State = std::variant<Over, AwaitingHeader, AwaitingEntries, AwaitingSetup, AwaitingReady,
                           AwaitingInfo, AwaitingDone>;

}  // namespace

struct To2Device::Run {
  const DeviceCredential& credential;
  DeviceKeys keys;
  To2DeviceOptions options;
  std::optional<To1d> to1d;
  Random& random;
  std::vector<std::unique_ptr<DeviceModule>> modules;
  DevMod devmod;
  State state{};
  std::optional<To2Committed> committed;
  std::uint8_t last_sent = 0;

  Outcome<Outgoing> start() {
    AwaitingHeader next{{}, random.draw<Nonce>()};
    next.hello = encode_hello_device({options.max_message_bytes, credential.guid,
                                      next.nonce_prove_ov, std::string(to_string(options.kex)),
                                      static_cast<std::int64_t>(options.cipher),
                                      signature_alg(keys.key.public_key().type())});
    Outgoing out{hello_device, next.hello};
    state = std::move(next);
    return out;
  }

  // 61
  Outcome<Outgoing> on(AwaitingHeader s, View body) {
    TRY(auto proof, decode_prove_ov_header(body));
    if (proof.alg != signature_alg(proof.owner_key.key.type()))
      return wrong("TO2.ProveOVHdr: algorithm does not go with the owner's key");
    if (!proof.owner_key.key.verify(cose::sign1_to_be_signed(proof.protected_bytes, proof.payload),
                                    proof.signature))
      return wrong("TO2.ProveOVHdr: signature is not by the key that it names");
    if (!equal_constant_time(proof.nonce_prove_ov, s.nonce_prove_ov))
      return wrong("TO2.ProveOVHdr: nonce is not ours");
    if (proof.sg_type != signature_alg(keys.key.public_key().type()))
      return wrong("TO2.ProveOVHdr: eBSigInfo is not ours");
    if (proof.hello_hash != hash_of(proof.hello_hash.alg, {s.hello}))
      return wrong("TO2.ProveOVHdr: hash of HelloDevice is wrong");
    auto header = decode_voucher_header(proof.header);
    if (!header) return wrong(header.error().context);
    if (header->guid != credential.guid)
      return wrong("TO2.ProveOVHdr: voucher is for another device");
    TRY(Bytes hmac, keys.hmac.hmac(proof.hmac.alg, proof.header));
    if (!equal_constant_time(hmac, proof.hmac.value))
      return wrong("TO2.ProveOVHdr: HMAC of the voucher header is not ours");
    const Hash& key_hash = credential.manufacturer_key_hash;
    if (hash_of(key_hash.alg, {header->manufacturer_key.encoded}) != key_hash)
      return wrong("TO2.ProveOVHdr: manufacturer key is not the one we were made with");
    if (proof.entries == 0 || proof.entries > limits::voucher_entries_max)
      return wrong("TO2.ProveOVHdr: voucher has " + std::to_string(proof.entries) + " entries");
    EntryChain chain(*header, proof.hmac_encoded);
    state = AwaitingEntries{std::move(proof), std::move(*header), std::move(chain)};
    return Outgoing{get_next_entry, encode_get_next_entry(0)};
  }

  // 63
  Outcome<Outgoing> on(AwaitingEntries s, View body) {
    TRY(auto next, decode_next_entry(body));
    if (next.index != s.chain.size())
      return wrong("TO2.OVNextEntry: not the entry that was asked for");
    TRY(auto entry, decode_voucher_entry(next.entry));
    TRY_VOID(s.chain.append(entry));
    if (s.chain.size() < s.proof.entries) {
      auto index = static_cast<std::uint8_t>(s.chain.size());
      state = std::move(s);
      return Outgoing{get_next_entry, encode_get_next_entry(index)};
    }
    if (!(s.chain.owner_key().key == s.proof.owner_key.key))
      return wrong("the voucher's last entry names another owner");
    if (to1d) TRY_VOID(verify_to1d(*to1d, s.proof.owner_key.key));
    if (options.on_owner_proven) options.on_owner_proven(s.proof.owner_key.key);
    return prove(std::move(s));
  }

  // 64
  Outcome<Outgoing> prove(AwaitingEntries s) {
    auto theirs = decode_kex_parameter(options.kex, s.proof.xa);
    if (!theirs) return wrong("TO2.ProveOVHdr: " + theirs.error().context);
    TRY(auto ours, make_share(options.kex, random));
    TRY(auto secret, shared_secret(KexRole::device, ours, *theirs));
    std::uint64_t counter = 0;
    Bytes counter_start = random.bytes(4);
    for (auto byte : counter_start) counter = counter << 8 | byte;
    Tunnel tunnel(options.cipher, derive_session_key(options.cipher, secret.reveal()),
                  KexRole::device, counter);
    Nonce setup = random.draw<Nonce>();
    TRY(Bytes eat,
        encode_eat({s.proof.nonce_prove_dv, credential.guid, ours.parameter(), setup}, keys.key));
    state = AwaitingSetup{std::move(s.header), s.proof.owner_key, std::move(tunnel),
                          s.proof.nonce_prove_dv, setup};
    return Outgoing{prove_device, std::move(eat)};
  }

  // 65
  Outcome<Outgoing> on(AwaitingSetup s, View body) {
    TRY(Bytes plain, s.tunnel.open(body));
    TRY(auto setup, decode_setup_device(plain));
    if (setup.alg != signature_alg(setup.owner2_key.key.type()))
      return wrong("TO2.SetupDevice: algorithm does not go with Owner2Key");
    if (!setup.owner2_key.key.verify(cose::sign1_to_be_signed(setup.protected_bytes, setup.payload),
                                     setup.signature))
      return wrong("TO2.SetupDevice: signature is not by Owner2Key");
    if (!equal_constant_time(setup.nonce_setup_dv, s.nonce_setup_dv))
      return wrong("TO2.SetupDevice: nonce is not ours");
    // Reuse is all three the same; partial equality is a replacement.
    bool reuse = setup.guid == credential.guid &&
                 setup.rendezvous.encoded == credential.rendezvous.encoded &&
                 setup.owner2_key.key == s.owner_key.key;
    if (reuse && !options.allow_reuse)
      return refuse(
          ErrorCode::credential_reuse,
          "TO2.SetupDevice: the owner wants the credential kept, which is not allowed here");
    std::optional<Hash> hmac;
    To2Committed commit;
    if (!reuse) {
      auto alg = crypto::hash_for(keys.key.public_key().type());
      Bytes header =
          encode_voucher_header(setup.guid, setup.rendezvous.encoded, s.header.device_info,
                                setup.owner2_key.encoded, s.header.chain_hash);
      TRY(Bytes value, keys.next_hmac.hmac(alg, header));
      hmac = Hash{alg, std::move(value)};
      commit.replacement = DeviceCredential{
          setup.guid, std::move(setup.rendezvous), s.header.device_info,
          hash_of(crypto::hash_for(setup.owner2_key.key.type()), {setup.owner2_key.encoded})};
    }
    TRY(Bytes message,
        s.tunnel.seal(encode_device_ready(hmac, options.max_service_info_bytes), random));
    state =
        AwaitingReady{std::move(s.tunnel), s.nonce_prove_dv, s.nonce_setup_dv, std::move(commit)};
    return Outgoing{device_ready, std::move(message)};
  }

  // 67
  Outcome<Outgoing> on(AwaitingReady s, View body) {
    TRY(Bytes plain, s.tunnel.open(body));
    TRY(std::size_t max_device_info, decode_owner_ready(plain));
    AwaitingInfo next{std::move(s.tunnel),
                      s.nonce_prove_dv,
                      s.nonce_setup_dv,
                      std::move(s.commit),
                      DeviceDialogue(std::move(modules), std::move(devmod)),
                      max_device_info};
    return send_info(std::move(next), false);
  }

  // 69
  Outcome<Outgoing> on(AwaitingInfo s, View body) {
    TRY(Bytes plain, s.tunnel.open(body));
    TRY(auto message, decode_owner_info(plain));
    TRY_VOID(s.dialogue.take(message));
    if (!s.dialogue.done()) return send_info(std::move(s), message.info.empty());
    TRY(Bytes sealed, s.tunnel.seal(encode_nonce(s.nonce_prove_dv), random));
    state = AwaitingDone{std::move(s.tunnel), s.nonce_setup_dv, std::move(s.commit)};
    return Outgoing{done, std::move(sealed)};
  }

  Outcome<Outgoing> send_info(AwaitingInfo s, bool owner_is_silent) {
    TRY(DeviceInfoMessage message, s.dialogue.produce(s.max_device_info));
    bool idle = owner_is_silent && message.info.empty();
    TRY(Bytes sealed, s.tunnel.seal(encode_device_info(message), random));
    state = std::move(s);
    return Outgoing{device_info, std::move(sealed), idle};
  }

  // 71
  Outcome<Outgoing> on(AwaitingDone s, View body) {
    TRY(Bytes plain, s.tunnel.open(body));
    TRY(Nonce nonce, decode_nonce(plain).in("TO2.Done2"));
    if (!equal_constant_time(nonce, s.nonce_setup_dv)) return wrong("TO2.Done2: nonce is not ours");
    committed = std::move(s.commit);
    return Outgoing{};
  }

  Outcome<Outgoing> on(Over, View) { return wrong("the run is over"); }
};

To2Device::To2Device(const DeviceCredential& credential, DeviceKeys keys, To2DeviceOptions options,
                     std::optional<To1d> to1d, Random& random,
                     std::vector<std::unique_ptr<DeviceModule>> modules, DevMod devmod)
    : run_(new Run{credential, keys, options, std::move(to1d), random, std::move(modules),
                   std::move(devmod), State{Over{}}, std::nullopt, 0}) {}

To2Device::~To2Device() = default;
const std::optional<To2Committed>& To2Device::committed() const { return run_->committed; }
std::uint8_t To2Device::last_sent() const { return run_->last_sent; }

Outcome<Outgoing> To2Device::start() {
  auto out = run_->start();
  run_->last_sent = hello_device;
  return out;
}

namespace {
// The message that each state waits for, in the order of the variant.
constexpr std::uint8_t awaited[] = {0,           prove_ov_header, next_entry, setup_device,
                                    owner_ready, owner_info,      done2};
}  // namespace

Outcome<Outgoing> To2Device::on_message(std::uint8_t type, View body) {
  State now = std::exchange(run_->state, State{Over{}});
  if (type != awaited[now.index()])
    return refuse(ErrorCode::invalid_message, "message " + std::to_string(type) + " where " +
                                                  std::to_string(awaited[now.index()]) + " is due");
  auto out =
      std::visit([&](auto&& state) { return run_->on(std::move(state), body); }, std::move(now));
  if (out && out->type != 0) run_->last_sent = out->type;
  return out;
}

}  // namespace fairlead::fdo
