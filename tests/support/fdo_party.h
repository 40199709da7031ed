// SPDX-License-Identifier: Apache-2.0
// Both ends of FDO in memory: keys and vouchers to work with, an owner and a device that talk, and
// a hand in between that changes what they say. Values come from tests/vectors/fdo/synthetic.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codec/cose.h"
#include "crypto/hash.h"
#include "crypto/software_key.h"
#include "crypto/system_random.h"
#include "fdo/to2_device.h"
#include "fdo/to2_owner.h"
#include "support/must.h"
#include "support/vectors.h"

namespace fairlead::test {

using Key = std::unique_ptr<crypto::SoftwareKey>;

// A device with its keys, its makers and owners, and a voucher of `entries` entries for it.
struct FdoParty {
  Key manufacturer, reseller, owner, device;
  Bytes hmac_secret;
  std::vector<crypto::Certificate> chain;
  fdo::RendezvousInfo rendezvous;
  fdo::Voucher voucher;
  fdo::DeviceCredential credential;

  static FdoParty make(crypto::KeyType type, std::size_t entries, bool bypass = false);
};

inline FdoParty FdoParty::make(crypto::KeyType type, std::size_t entries, bool bypass) {
  auto json = read_json_vector(type == crypto::KeyType::p384 ? "fdo/synthetic/to0_p384.json"
                                                             : "fdo/synthetic/to0_p256.json");
  auto key = [&](std::string_view name) {
    return must(crypto::SoftwareKey::from_pem(text_at(json, "/keys/" + std::string(name))));
  };
  auto example = must(fdo::decode_voucher(hex_at(json, "/voucher_hex")));
  fdo::Directive directive;
  directive.dns = "rendezvous.example";
  directive.protocol = fdo::RvProtocol::http;
  directive.bypass = bypass;
  auto rendezvous = fdo::make_rendezvous_info({directive});
  Key manufacturer = key("mfg"), reseller = key("reseller"), owner = key("owner");
  auto alg = crypto::hash_for(type);
  Bytes secret = hex_at(json, "/hmac_secret");
  Bytes header = fdo::encode_voucher_header(
      must(fdo::decode_voucher_header(example.header.encoded)).guid, rendezvous.encoded,
      "test device",
      fdo::make_public_key(manufacturer->public_key(), fdo::KeyEncoding::x509).encoded,
      fdo::chain_hash(alg, example.device_chain));
  fdo::Hash hmac{alg, crypto::hmac(alg, secret, {header})};
  auto voucher = must(fdo::make_voucher(header, hmac, example.device_chain));
  for (std::size_t i = 0; i < entries; ++i) {
    crypto::Signer& from = i == 0 ? *manufacturer : *reseller;
    crypto::Signer& to = i + 1 == entries ? *owner : *reseller;
    voucher = must(fdo::extend_voucher(
        voucher, from, fdo::make_public_key(to.public_key(), fdo::KeyEncoding::x509)));
  }
  auto credential = fdo::credential_from(voucher.header);
  return {std::move(manufacturer), std::move(reseller), std::move(owner),
          key("device"),           std::move(secret),   example.device_chain,
          std::move(rendezvous),   std::move(voucher),  std::move(credential)};
}

// CBOR surgery: the item at `path` replaced by what `change` makes of it. A number goes into an
// array, `inside` into the CBOR within a byte string; tags are passed through.
inline constexpr int inside = -1;
using Change = std::function<Bytes(View)>;

inline Bytes edit(View item, std::span<const int> path, const Change& change) {
  if (path.empty()) return change(item);
  cbor::Reader in(item);
  cbor::Writer out;
  if (in.peek() == cbor::Kind::tag) {
    std::size_t head = item[0] >= 0xD8 ? 2 : 1;  // FDO's tags are below 256
    Bytes tagged = to_bytes(item.first(head));
    append(tagged, edit(item.subspan(head), path, change));
    return tagged;
  }
  if (path[0] == inside) return out.bytes(edit(in.bytes(70'000), path.subspan(1), change)).take();
  std::size_t count = in.array_between(0, 4096);
  out.array(count);
  for (std::size_t i = 0; i < count; ++i) {
    View each = in.raw();
    if (static_cast<int>(i) == path[0])
      out.raw(edit(each, path.subspan(1), change));
    else
      out.raw(each);
  }
  if (in.failed()) throw std::runtime_error("edit: no such path");
  return out.take();
}
inline Bytes edit(View item, std::initializer_list<int> path, const Change& change) {
  return edit(item, std::span(path.begin(), path.size()), change);
}
inline Bytes item_at(View item, std::initializer_list<int> path) {
  Bytes out;
  edit(item, path, [&](View found) { return out = to_bytes(found); });
  return out;
}

// Changes, as the conformance tool makes them.
inline Bytes garbage(View in) {  // random bytes, then zeros, length unchanged
  Bytes out(in.size(), 0);
  for (std::size_t i = 0; i < std::min<std::size_t>(in.size(), 10); ++i)
    out[i] = static_cast<std::uint8_t>(0xF9 - 7 * i);
  return out;
}
inline Bytes last_bit(View in) {  // a wrong value of the same form
  Bytes out = to_bytes(in);
  out.back() ^= 1;
  return out;
}
inline Bytes garbage_string(View in) {  // a byte string with garbage in it
  cbor::Reader reader(in);
  return cbor::Writer().bytes(garbage(reader.bytes(70'000))).take();
}

// Takes a payload that was changed and signs it again, as an owner or device that lies would.
inline Bytes resign(View sign1, crypto::Signer& key) {
  Bytes protected_bytes = to_bytes(cbor::Reader(item_at(sign1, {0})).bytes(1000));
  Bytes payload = to_bytes(cbor::Reader(item_at(sign1, {2})).bytes(70'000));
  Bytes unprotected = item_at(sign1, {1});
  Bytes to_sign = cose::sign1_to_be_signed(protected_bytes, payload);
  return cose::encode_sign1(protected_bytes, unprotected, payload, must(key.sign(to_sign)).raw);
}

// The tunnel of a run, held by someone who knows the key: opens what either side sealed.
inline fdo::Tunnel tunnel_twin(const fdo::Tunnel& tunnel, fdo::KexRole role,
                               std::uint64_t counter = 1'000'000) {
  cbor::Writer out;
  tunnel.write(out);
  cbor::Reader in(out.view());
  in.array(4);
  auto suite = fdo::parse_cipher_suite(in.integer());
  return {*suite, SecretBytes::copy_of(in.bytes(64)), role, counter};
}

// What the owner heard.
class RecordingEvents final : public fdo::OwnerEvents {
 public:
  std::vector<std::string> log;  // "done: download of x", "failed: ...: why"
  std::map<std::string, Bytes> uploads;
  std::map<std::string, std::string> output;
  fdo::DevMod devmod;
  Result<Bytes> grant_answer = Bytes{0x01, 0x02};
  Result<Bytes> issue_answer = Bytes{0x30, 0x00};

  void on_devmod(const fdo::DevMod& said) override { devmod = said; }
  Result<Bytes> grant(View offer) override {
    log.push_back("offer of " + std::to_string(offer.size()));
    return grant_answer;
  }
  Result<Bytes> issue(View csr) override {
    log.push_back("csr of " + std::to_string(csr.size()));
    return issue_answer;
  }
  Result<Bytes> ca_certificates() override { return Bytes{0x30, 0x03, 0x02, 0x01, 0x01}; }
  Bytes csr_attributes() override { return {0x30, 0x00}; }
  void on_upload_begin() override { coming_.clear(); }
  Result<void> on_upload_part(std::uint64_t offset, View part) override {
    if (offset != coming_.size()) return fail(Errc::malformed, "a part at another offset");
    append(coming_, part);
    return ok();
  }
  Result<void> on_upload_end(const std::string& name, View sha384) override {
    uploads[name] = coming_;
    return equal(crypto::hash(crypto::HashAlg::sha384, {coming_}), sha384)
               ? ok()
               : Result<void>(fail(Errc::untrusted, "hash of the upload"));
  }
  void on_output(const fdo::Action&, std::string_view stream, View out) override {
    output[std::string(stream)] += as_text(out);
  }
  void on_action_refused(const fdo::Action& action, std::string_view why) override {
    log.push_back("refused: " + fdo::to_text(action) + ": " + std::string(why));
  }
  void on_action_done(const fdo::Action& action, Result<void> result) override {
    log.push_back(result ? "done: " + fdo::to_text(action)
                         : "failed: " + fdo::to_text(action) + ": " + result.error().context);
  }

 private:
  Bytes coming_;
};

// A device module that a test writes as a function.
class FunctionModule final : public fdo::DeviceModule {
 public:
  using Receive = std::function<Result<void>(std::string_view message, View value, fdo::Outbox&)>;
  FunctionModule(std::string name, Receive receive)
      : name_(std::move(name)), receive_(std::move(receive)) {}
  std::string_view name() const override { return name_; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override {
    return receive_(message, value, out);
  }

 private:
  std::string name_;
  Receive receive_;
};

inline fdo::DevMod test_devmod() {
  fdo::DevMod out;
  out.os = "Linux";
  out.arch = "x86_64";
  out.version = "12";
  out.device = "test device";
  out.separator = ";";
  out.binary_formats = "x86_64";
  return out;
}

struct Verdict {
  bool complete = false;
  bool by_device = false;  // who refused
  std::uint8_t at = 0;     // the message that was refused
  fdo::ErrorCode code{};
  std::string why;
};

// One run of TO2.
class Loopback {
 public:
  explicit Loopback(FdoParty& with) : party(with) {
    new_rendezvous = fdo::make_rendezvous_info({[] {
      fdo::Directive directive;
      directive.dns = "new.example";
      directive.protocol = fdo::RvProtocol::https;
      return directive;
    }()});
  }

  FdoParty& party;
  fdo::To2DeviceOptions device_options;
  std::optional<fdo::To1d> to1d;
  std::vector<std::unique_ptr<fdo::DeviceModule>> modules;
  bool owner_allows_reuse = false;
  fdo::OwnerPlan plan;
  RecordingEvents events;
  fdo::RendezvousInfo new_rendezvous;
  crypto::Signer* owner_key = nullptr;  // the party's owner unless set
  // The hand in between: changes the message as it travels, or the CBOR inside 65 to 71.
  std::function<void(std::uint8_t type, Bytes& message)> tamper, tamper_plain;

  std::optional<fdo::Voucher> replacement;
  std::optional<fdo::To2Committed> committed;
  std::map<std::uint8_t, std::size_t> largest_plain;  // by message number
  std::size_t rounds = 0, idle_rounds = 0;            // idle: what the driver paces
  Bytes next_secret = Bytes(32, 0x5A);

  Verdict run();

 private:
  struct Answer {
    std::uint8_t type;
    Bytes body;
  };
  fdo::Outcome<Answer> owner_step(const fdo::To2OwnerContext& context, std::uint8_t type,
                                  View body);
  const fdo::Tunnel* tunnel() const;
  void meddle(std::uint8_t type, Bytes& body);
  void keep(fdo::To2OwnerState next) {
    // Another node continues the run: only what is written down survives a message.
    state_ = must(fdo::decode_state(fdo::encode_state(next)));
  }

  crypto::SystemRandom random_;
  std::optional<fdo::To2OwnerState> state_;
};

inline const fdo::Tunnel* Loopback::tunnel() const {
  if (!state_) return nullptr;
  if (auto* s = std::get_if<fdo::to2::SettingUp>(&*state_)) return &s->tunnel;
  if (auto* s = std::get_if<fdo::to2::Exchanging>(&*state_)) return &s->tunnel;
  return nullptr;
}

inline void Loopback::meddle(std::uint8_t type, Bytes& body) {
  if (type >= 65 && tunnel()) {
    bool from_owner = type % 2 == 1;
    auto sender = from_owner ? fdo::KexRole::owner : fdo::KexRole::device;
    Bytes plain = must(tunnel_twin(*tunnel(), fdo::KexRole::device).open(body));
    largest_plain[type] = std::max(largest_plain[type], plain.size());
    if (tamper_plain) {
      Bytes changed = plain;
      tamper_plain(type, changed);
      if (changed != plain)
        body = must(tunnel_twin(*tunnel(), sender, 2'000'000 + ++rounds).seal(changed, random_));
    }
  } else if (tamper_plain) {
    tamper_plain(type, body);
  }
  if (tamper) tamper(type, body);
}

inline fdo::Outcome<Loopback::Answer> Loopback::owner_step(const fdo::To2OwnerContext& context,
                                                           std::uint8_t type, View body) {
  switch (type) {
    case 60: {
      TRY(auto out, fdo::on_hello_device(context, body));
      keep(std::move(out.state));
      return Answer{61, std::move(out.message61)};
    }
    case 62: {
      TRY(auto out,
          fdo::on_get_next_entry(context, std::get<fdo::to2::ProvingDevice>(*state_), body));
      return Answer{63, std::move(out)};
    }
    case 64: {
      TRY(auto out,
          on_prove_device(context, std::get<fdo::to2::ProvingDevice>(std::move(*state_)), body));
      keep(std::move(out.state));
      return Answer{65, std::move(out.message65)};
    }
    case 66: {
      TRY(auto out,
          on_service_info_ready(context, std::get<fdo::to2::SettingUp>(std::move(*state_)), body));
      keep(std::move(out.state));
      replacement = std::move(out.replacement);
      return Answer{67, std::move(out.message67)};
    }
    case 68: {
      TRY(auto out,
          fdo::on_device_service_info(random_, std::get<fdo::to2::Exchanging>(std::move(*state_)),
                                      plan, events, body));
      keep(std::move(out.state));
      return Answer{69, std::move(out.message69)};
    }
    default: {
      auto exchanging =
          std::get<fdo::to2::Exchanging>(must(fdo::decode_state(fdo::encode_state(*state_))));
      TRY(auto out, fdo::on_done(random_, std::move(exchanging), body));
      return Answer{71, std::move(out.message71)};
    }
  }
}

inline Verdict Loopback::run() {
  crypto::Signer& signer = owner_key ? *owner_key : *party.owner;
  fdo::To2OwnerContext context{party.voucher, signer, random_, owner_allows_reuse, new_rendezvous};
  crypto::SoftwareHmacKey hmac(SecretBytes::copy_of(party.hmac_secret));
  crypto::SoftwareHmacKey next_hmac(SecretBytes::copy_of(next_secret));
  fdo::To2Device device(party.credential, {*party.device, hmac, next_hmac}, device_options, to1d,
                        random_, std::move(modules), test_devmod());
  fdo::Outcome<fdo::Outgoing> out = device.start();
  for (;;) {
    std::uint8_t type = out->type;
    if (type == 0) break;
    if (++rounds > 20'000) return {false, false, type, {}, "the run does not end"};
    idle_rounds += out->idle;
    meddle(type, out->body);
    auto answer = owner_step(context, type, out->body);
    if (!answer) return {false, false, type, answer.error().code, answer.error().why};
    meddle(answer->type, answer->body);
    out = device.on_message(answer->type, answer->body);
    if (!out) {
      if (device.committed()) throw std::runtime_error("refused, and committed all the same");
      return {false, true, answer->type, out.error().code, out.error().why};
    }
  }
  committed = device.committed();
  return {committed.has_value(), false, 71, {}, ""};
}

}  // namespace fairlead::test
