// SPDX-License-Identifier: Apache-2.0
// A whole server without sockets, and a device that speaks FDO with it: messages go straight into
// FdoService::handle.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>

#include "crypto/system_random.h"
#include "enroll/documents.h"
#include "fdo/di.h"
#include "fdo/to01.h"
#include "keystore/file/file_keystore.h"
#include "registry/sqlite/sqlite_registry.h"
#include "server/dpp/controller.h"
#include "server/fdo/service.h"
#include "server/one_time_passwords.h"
#include "server/vouchers.h"
#include "support/fdo_party.h"
#include "support/temporary_directory.h"

namespace fairlead::test {

// What was logged.
class RecordingLog final : public Log {
 public:
  void write(const LogEvent& event, std::span<const Field> fields) override {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::string(event.id) + ": " + describe(event, fields));
  }
  bool has(std::string_view id) const {
    std::lock_guard lock(mutex_);
    return std::ranges::any_of(
        lines_, [&](const auto& line) { return line.starts_with(std::string(id) + ":"); });
  }
  std::string text() const {
    std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& line : lines_) out += line + "\n";
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// The broker's door, written down.
class RecordingAccess final : public server::Access {
 public:
  std::vector<Bytes> admitted, revoked;  // serial numbers
  Result<void> admit(const registry::Certificate& certificate) override {
    admitted.push_back(certificate.serial);
    return ok();
  }
  Result<void> revoke(const registry::Certificate& certificate) override {
    revoked.push_back(certificate.serial);
    return ok();
  }
};

struct ServerPlant {
  TemporaryDirectory directory;
  crypto::SystemRandom random;
  RecordingLog log;
  Time now = from_unix_seconds(1'800'000'000);
  std::unique_ptr<registry::SqliteRegistry> registry =
      must(registry::SqliteRegistry::open(directory.path() / "registry.db"));
  server::Store store{*registry};
  std::unique_ptr<keystore::FileKeystore> keys =
      must(keystore::FileKeystore::open(directory.path() / "keys"));
  server::Identity identity =
      must(server::open_identity(*keys, store, crypto::KeyType::p256, random, now));
  RecordingAccess access;
  server::Enroller enroller{store,
                            identity,
                            access,
                            "mqtts://broker.example:8883",
                            identity.operational_ca.authority.chain(),
                            random,
                            log};
  server::OneTimePasswords passwords{store, random, log};
  server::WifiNetworks wifi{store, *keys};
  server::Vouchers vouchers{store, identity, log};
  server::Station station{store, identity, random, log};
  server::Rendezvous rendezvous{store, {}, random, log};
  server::FileShelf files{directory.path() / "files"};
  server::Owner owner{store, identity, enroller, files, random, log};
  server::MemorySessions sessions{random, [this] { return now; }, {.max = 100}};
  server::FdoService service{sessions, random, log, &station, &rendezvous, &owner};

  // Account "acme", a profile that grants everything to it, and where the factory's devices ask for
  // their owner.
  ServerPlant() {
    fdo::Directive directive;
    directive.dns = "rendezvous.example";
    directive.protocol = fdo::RvProtocol::http;
    directive.device_port = directive.owner_port = std::uint16_t{8040};
    commit({server::put_factory_rendezvous(fdo::make_rendezvous_info({directive}))});
    commit({registry::PutAccount{{AccountId("acme"), "Acme", now}}});
    profile("all", R"({"account": "acme"})");
  }

  void commit(registry::Transaction changes) { must(store.commit(std::move(changes))); }
  void profile(std::string_view id, std::string_view document) {
    ProfileId name{std::string(id)};
    auto parsed = must(server::parse_profile(name, document));
    commit({registry::PutProfile{{name, parsed.priority, 0, std::string(document)}, {}}});
  }
  void trust(const crypto::PublicKey& key) {
    commit({registry::PutTrustedKey{{AccountId(), to_bytes(View(key.fingerprint())),
                                     registry::TrustedKey::Kind::manufacturer, "a maker",
                                     key.spki(), now}}});
  }
  // Who answers the next message, where a test has several servers.
  std::function<server::FdoService&()> who = [this]() -> server::FdoService& { return service; };
  // A hand in between: changes a message on its way to the server.
  std::function<void(std::uint8_t type, Bytes& body)> tamper;
  server::FdoReply say(std::uint8_t type, std::string_view token, View body) {
    Bytes sent = to_bytes(body);
    if (tamper) tamper(type, sent);
    return who().handle(type, token, sent, {"192.0.2.7", now});
  }
  std::vector<registry::Voucher> vouchers_of(const DeviceId& device) {
    registry::VoucherFilter filter;
    filter.device = device;
    return must(registry->vouchers(filter, {}));
  }
  registry::Device device(const DeviceId& id) { return must(registry->find_device(id)).value(); }
  std::vector<std::string> timeline(const DeviceId& id) {
    std::vector<std::string> out;
    for (const auto& each : must(registry->events_of(id, 1000))) out.push_back(each.id);
    return out;
  }
};

// What the device heard when the server said no.
inline fdo::ErrorMessage error_of(const server::FdoReply& reply) {
  if (reply.type != 255)
    throw std::runtime_error("message " + std::to_string(reply.type) + " is no error");
  return must(fdo::decode_error(reply.body));
}

struct PlantDevice {
  ServerPlant& plant;
  std::string serial;
  Key key = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  Key operational = must(crypto::SoftwareKey::generate(crypto::KeyType::p256));
  Bytes secret = plant.random.bytes(32), next_secret = plant.random.bytes(32);
  fdo::DeviceCredential credential{};
  std::optional<enroll::Grant> grant = std::nullopt;
  fdo::KeyEncoding key_encoding = fdo::KeyEncoding::x509;  // of its maker's key, as asked at DI
  bool enrolls = true;  // false: as foreign devices, which have no fairlead.enroll
  std::optional<Bytes> file = std::nullopt;  // what it leaves by fdo.upload, whatever name is asked
  std::optional<Bytes> file_hash = std::nullopt;  // said to be its SHA-384; none: the true one

  // DI, 10 to 13.
  void initialize() {
    fdo::DeviceMfgInfo info{crypto::KeyType::p256, key_encoding, serial, "gateway",
                            must(crypto::create_csr(*key, {serial, {}, {}}))};
    auto reply = plant.say(10, {}, fdo::encode_app_start(info));
    if (reply.type != 11) throw std::runtime_error(error_of(reply).text);
    Bytes header = must(fdo::decode_set_credentials(reply.body));
    fdo::Hash hmac{crypto::HashAlg::sha256,
                   crypto::hmac(crypto::HashAlg::sha256, secret, {header})};
    auto done = plant.say(12, reply.token, fdo::encode_set_hmac(hmac));
    if (done.type != 13) throw std::runtime_error(error_of(done).text);
    credential = fdo::credential_from(must(fdo::decode_voucher_header(header)));
  }

  // From the factory to its owner, who is the same server here. The registry's id of the device.
  DeviceId hand_to_owner() {
    auto voucher = must(plant.vouchers.extend(credential.guid, plant.identity.owner->public_key(),
                                              {"anna"}, plant.now));
    must(plant.vouchers.import(voucher, AccountId("acme"), false, {"anna"}, plant.now));
    return server::device_id_of(voucher);
  }

  Bytes offer() {
    enroll::Offer out;
    out.serial = serial;
    out.model = "GW-1";
    out.csr = must(crypto::create_csr(*operational, {serial, {}, {}}));
    out.evidence = enroll::Evidence::fdo_voucher;
    out.nonce = plant.random.draw<enroll::OfferNonce>();
    out.keystore = "file";
    return must(enroll::encode_offer(out, *operational));
  }

  void leave_file(fdo::Outbox& out) const {
    out.push("fdo.upload:length", std::move(cbor::Writer().uint(file->size())).take());
    constexpr std::size_t part = 700;
    for (std::size_t at = 0; at == 0 || at < file->size(); at += part)
      out.push("fdo.upload:data", std::move(cbor::Writer().bytes(View(*file).subspan(
                                                at, std::min(part, file->size() - at))))
                                      .take());
    Bytes hash = file_hash.value_or(crypto::hash(crypto::HashAlg::sha384, {*file}));
    out.push("fdo.upload:sha-384", std::move(cbor::Writer().bytes(hash)).take());
  }

  // Where a run stopped: at which message, and what the owner said if it was that.
  struct Run {
    bool complete = false;
    std::uint8_t sent = 0;
    std::optional<fdo::ErrorMessage> error;
  };
  // TO2, 60 to 71. The answer to message `lost` is lost on the way; `keep`: the device commits what
  // it got.
  Run onboard(std::uint8_t lost = 0) {
    crypto::SoftwareHmacKey hmac(SecretBytes::copy_of(secret)),
        next_hmac(SecretBytes::copy_of(next_secret));
    Bytes offered = offer();
    std::vector<std::unique_ptr<fdo::DeviceModule>> modules;
    if (enrolls)
      modules.push_back(std::make_unique<FunctionModule>(
          "fairlead.enroll",
          [&](std::string_view message, View value, fdo::Outbox& out) -> Result<void> {
            if (message == "active")
              out.push("fairlead.enroll:offer", std::move(cbor::Writer().bytes(offered)).take());
            if (message != "grant") return ok();
            cbor::Reader in(value);
            TRY(grant, enroll::decode_grant(in.bytes(1 << 20), plant.identity.owner->public_key(),
                                            crypto::sha256(offered)));
            out.push("fairlead.enroll:result",
                     std::move(cbor::Writer().array(2).boolean(true).text("")).take());
            return ok();
          }));
    if (file)
      modules.push_back(std::make_unique<FunctionModule>(
          "fdo.upload", [&](std::string_view message, View, fdo::Outbox& out) -> Result<void> {
            if (message == "name") leave_file(out);
            return ok();
          }));
    fdo::To2Device machine(credential, {*key, hmac, next_hmac}, {}, std::nullopt, plant.random,
                           std::move(modules), test_devmod());
    auto out = must(machine.start());
    std::string token;
    while (out.type != 0) {
      auto reply = plant.say(out.type, token, out.body);
      if (reply.type == 255) return {false, out.type, error_of(reply)};
      if (out.type == lost) return {false, out.type, {}};
      if (!reply.token.empty()) token = reply.token;
      std::uint8_t sent = out.type;
      auto next = machine.on_message(reply.type, reply.body);
      if (!next)
        throw std::runtime_error("device refuses the answer to " + std::to_string(sent) + ": " +
                                 next.error().why);
      out = std::move(*next);
    }
    if (auto committed = machine.committed(); committed && committed->replacement) {
      credential = *committed->replacement;
      secret = std::exchange(next_secret, plant.random.bytes(32));
    }
    return {machine.committed().has_value(), 70, {}};
  }
};

}  // namespace fairlead::test
