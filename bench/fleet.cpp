// SPDX-License-Identifier: Apache-2.0
#include "fleet.h"

#include <charconv>

#include "enroll/documents.h"
#include "fdo/to2_device.h"

namespace fairlead::bench {

namespace {

const Time made_at = from_unix_seconds(1'790'000'000);

// fairlead.enroll, as the daemon's module does it, but with an Offer that is ready.
class Enrolment final : public fdo::DeviceModule {
 public:
  Enrolment(const Device& device, const crypto::PublicKey& owner, bool& certified)
      : device_(device), owner_(owner), certified_(certified) {}
  std::string_view name() const override { return "fairlead.enroll"; }
  Result<void> receive(std::string_view message, View value, fdo::Outbox& out) override {
    if (message == "active")
      out.push("fairlead.enroll:offer", std::move(cbor::Writer().bytes(device_.offer)).take());
    if (message != "grant") return ok();
    cbor::Reader in(value);
    TRY(auto grant, enroll::decode_grant(in.bytes(1 << 20), owner_, crypto::sha256(device_.offer)));
    certified_ = grant.chain.front().public_key() == device_.operational->public_key();
    out.push("fairlead.enroll:result",
             std::move(cbor::Writer().array(2).boolean(true).text("")).take());
    return ok();
  }

 private:
  const Device& device_;
  const crypto::PublicKey& owner_;
  bool& certified_;
};

fdo::DevMod description(const Device& device) {
  fdo::DevMod out;
  out.os = "Linux";
  out.arch = "x86_64";
  out.version = "12";
  out.device = "Bench device";
  out.separator = ";";
  out.binary_formats = "x86_64";
  if (!device.offer.empty()) out.modules = {"fairlead.enroll"};
  return out;
}

Result<std::uint8_t> message_type(const HttpLine::Reply& reply) {
  std::string_view text = reply.header("Message-Type");
  std::uint8_t type = 0;
  std::from_chars(text.data(), text.data() + text.size(), type);
  if (reply.status == 200 && type != 0 && type != 255) return type;
  auto error = fdo::decode_error(reply.body);
  return fail(Errc::refused, "HTTP " + std::to_string(reply.status) +
                                 (error ? ", the server says: " + error->text : ""));
}

Result<fdo::Outgoing> unpacked(fdo::Outcome<fdo::Outgoing> outcome) {
  if (!outcome) return fail(Errc::refused, "the device refuses: " + outcome.error().why);
  return std::move(*outcome);
}

}  // namespace

Result<Maker> Maker::create(crypto::KeyType type) {
  crypto::SystemRandom random;
  TRY(auto key, crypto::SoftwareKey::generate(type));
  TRY(auto ca_key, crypto::SoftwareKey::generate(type));
  TRY(auto root, pki::create_root(*ca_key, "Bench Device CA", made_at - std::chrono::hours(1),
                                  pki::no_expiry, random));
  TRY(auto authority, pki::Authority::open({root}, *ca_key));
  return Maker(std::move(key), std::move(ca_key), {root}, std::move(authority));
}

Result<Device> Maker::make(const crypto::PublicKey& owner, std::uint64_t number, bool with_offer) {
  const crypto::KeyType type = public_key().type();
  Device out;
  TRY(out.key, crypto::SoftwareKey::generate(type));
  out.hmac_secret = random_.bytes(32);
  std::string serial = "BENCH-" + std::to_string(number);
  TRY(auto certificate,
      authority_.issue_device(out.key->public_key(), {serial, serial, {}}, made_at, random_));
  std::vector<crypto::Certificate> chain{std::move(certificate)};
  chain.insert(chain.end(), ca_.begin(), ca_.end());
  fdo::Directive directive;
  directive.ips = {Bytes{127, 0, 0, 1}};
  directive.protocol = fdo::RvProtocol::http;
  directive.bypass = true;
  auto alg = crypto::hash_for(type);
  Bytes header = fdo::encode_voucher_header(
      random_.draw<fdo::Guid>(), fdo::make_rendezvous_info({directive}).encoded, "Bench device",
      fdo::make_public_key(public_key(), fdo::KeyEncoding::x509).encoded,
      fdo::chain_hash(alg, chain));
  fdo::Hash hmac{alg, crypto::hmac(alg, out.hmac_secret, {header})};
  TRY(auto fresh, fdo::make_voucher(header, hmac, std::move(chain)));
  TRY(auto voucher,
      fdo::extend_voucher(fresh, *key_, fdo::make_public_key(owner, fdo::KeyEncoding::x509)));
  out.credential = fdo::credential_from(voucher.header);
  out.pem_voucher = fdo::encode_voucher_pem(voucher);
  if (!with_offer) return out;
  TRY(out.operational, crypto::SoftwareKey::generate(type));
  enroll::Offer offer;
  offer.serial = serial;
  offer.model = "Bench device";
  offer.firmware = "1.0";
  TRY(offer.csr, crypto::create_csr(*out.operational, {serial, {}, {}}));
  offer.evidence = enroll::Evidence::fdo_voucher;
  offer.nonce = random_.draw<enroll::OfferNonce>();
  offer.keystore = "file";
  TRY(out.offer, enroll::encode_offer(offer, *out.operational));
  return out;
}

Result<Onboarding> onboard(Device& device, const crypto::PublicKey& owner, std::uint16_t port,
                           std::uint8_t last, std::vector<HttpLine>* kept) {
  Onboarding out;
  crypto::SystemRandom random;
  crypto::SoftwareHmacKey hmac(SecretBytes::copy_of(device.hmac_secret));
  Bytes next_secret = random.bytes(32);
  crypto::SoftwareHmacKey next_hmac(SecretBytes::copy_of(next_secret));
  std::vector<std::unique_ptr<fdo::DeviceModule>> modules;
  if (!device.offer.empty())
    modules.push_back(std::make_unique<Enrolment>(device, owner, out.certified));
  fdo::To2DeviceOptions options;
  bool strong = device.key->public_key().type() == crypto::KeyType::p384;
  options.kex = strong ? fdo::KexSuite::ecdh384 : fdo::KexSuite::ecdh256;
  options.cipher = strong ? fdo::CipherSuite::a256gcm : fdo::CipherSuite::a128gcm;
  fdo::To2Device machine(device.credential, {*device.key, hmac, next_hmac}, options, std::nullopt,
                         random, std::move(modules), description(device));
  TRY(auto line, HttpLine::connect(port));
  std::string headers = "Content-Type: application/cbor\r\n";
  TRY(auto next, unpacked(machine.start()));
  while (next.type != 0) {
    std::string where = "message " + std::to_string(next.type);
    TRY(auto reply,
        line.send("POST", "/fdo/101/msg/" + std::to_string(next.type), headers, next.body)
            .in(where));
    out.exchanges.push_back(reply.sizes);
    TRY(auto type, message_type(reply).in(where));
    if (auto token = reply.header("Authorization"); !token.empty())
      headers = "Content-Type: application/cbor\r\nAuthorization: " + std::string(token) + "\r\n";
    if (type == last && last != 71) break;
    TRY(next, unpacked(machine.on_message(type, reply.body)).in(where));
  }
  if (kept) kept->push_back(std::move(line));
  if (last != 71) return out;
  if (!machine.committed()) return fail(Errc::internal, "TO2 ended without a commit");
  if (machine.committed()->replacement) {
    device.credential = *machine.committed()->replacement;
    device.hmac_secret = std::move(next_secret);
  }
  if (!device.offer.empty() && !out.certified)
    return fail(Errc::refused, "TO2 ended without a certificate");
  return out;
}

}  // namespace fairlead::bench
