// SPDX-License-Identifier: Apache-2.0
#include "device/modules/enrollment.h"

#include <algorithm>

#include "base/events.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "device/attested_offer.h"

namespace fairlead::device {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::uint64_t cacerts_pkcs7 = 281;
constexpr std::size_t result_text_max = 500;

void push(fdo::Outbox& out, std::string key, Writer value) {
  out.push(std::move(key), value.take());
}

Result<Bytes> make_csr(crypto::Signer& key, const Identity& identity, const ModuleFacts& facts) {
  crypto::CsrSubject subject{identity.serial, identity.serial, {}};
  if (!facts.product_uri.empty()) subject.san_uris.push_back(facts.product_uri);
  return crypto::create_csr(key, subject);
}

}  // namespace

Result<crypto::Signer*> NextOperationalKey::get() {
  if (key_) return key_.get();
  if (!proof_.owner) return fail(Errc::untrusted, "the owner has not proven itself");
  name_ = operational_key_name(identity_.generation + 1, proof_.owner->fingerprint());
  auto existing = keystore_.open_key(name_);
  if (existing) {
    key_ = std::move(*existing);
    return key_.get();
  }
  if (existing.error().code != Errc::not_found) return fail(existing.error());
  TRY(auto device_key, keystore_.open_key(identity_.device_key));
  TRY(key_, keystore_.create_key(name_, device_key->public_key().type()));
  return key_.get();
}

Result<void> check_chain(std::span<const crypto::Certificate> chain, const crypto::PublicKey& key,
                         Time now, bool clock_plausible) {
  if (chain.empty()) return fail(Errc::malformed, "there is no certificate");
  if (!(chain[0].public_key() == key))
    return fail(Errc::untrusted, "the certificate is for another key than ours");
  TRY_VOID(crypto::validate_links(chain));
  if (clock_plausible && chain[0].not_after() < now)
    return fail(Errc::expired, "the certificate expired on " + to_rfc3339(chain[0].not_after()));
  return ok();
}

Result<void> EnrollModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "active") {
    auto offer = make_offer();
    if (!offer) {
      e_.report.failure = local_failure(offer.error(), Reason::key_failed);
      return fail(Errc::internal, "the device can't make an offer: " + offer.error().context);
    }
    e_.report.offer_open = true;
    push(out, "fairlead.enroll:offer", std::move(Writer().bytes(*offer)));
    return ok();
  }
  if (message != "grant") return ok();
  View grant = in.bytes(limits::service_info_value_bytes_max);
  TRY_VOID(in.finish());
  if (!e_.report.offer_open) return fail(Errc::refused, "a grant comes without an offer");
  e_.report.offer_open = false;
  auto accepted = accept(grant);
  std::string why = accepted ? "" : accepted.error().context.substr(0, result_text_max);
  if (accepted)
    e_.report.staged = std::move(*accepted);
  else
    e_.report.failure = Failure{Reason::grant_wrong, why};
  push(out, "fairlead.enroll:result", std::move(Writer().array(2).boolean(why.empty()).text(why)));
  return ok();
}

Result<Bytes> EnrollModule::make_offer() {
  TRY(crypto::Signer * key, e_.key->get());
  enroll::Offer offer;
  offer.product_uri = e_.facts.product_uri;
  offer.serial = e_.identity.serial;
  offer.model = e_.identity.model;
  offer.firmware = e_.facts.firmware;
  TRY(offer.csr, make_csr(*key, e_.identity, e_.facts));
  offer.evidence = enroll::Evidence::fdo_voucher;
  offer.nonce = e_.random.draw<enroll::OfferNonce>();
  offer.keystore = std::string(e_.keystore.kind());
  TRY(auto written, write_offer(e_.keystore, e_.key->name(), *key, offer));
  if (!written.unproven_because.empty() && e_.facts.log)
    (*e_.facts.log)(event::device_key_unproven, {{"why", written.unproven_because}});
  offer_hash_ = crypto::sha256(written.document);
  return std::move(written.document);
}

Result<Operational> EnrollModule::accept(View document) const {
  if (!e_.proof.owner) return fail(Errc::untrusted, "the owner has not proven itself");
  TRY(auto opened, open_if_sealed(e_.keystore, document));
  TRY(auto grant, enroll::decode_grant(opened.document, *e_.proof.owner, offer_hash_));
  TRY(crypto::Signer * key, e_.key->get());
  // By the upstream's clock: it is signed by the owner, for this very Offer, and ours may be wrong.
  TRY_VOID(check_chain(grant.chain, key->public_key(), grant.server_time, true));
  return Operational{e_.key->name(),
                     grant.device,
                     std::move(grant.chain),
                     std::move(grant.endpoints),
                     std::move(grant.anchors),
                     grant.server_time,
                     std::move(grant.renewal_url),
                     opened.sealed};
}

Result<void> CsrModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "active") {
    if (!e_.report.staged) return ask(out);
    // A Grant has come already. The owner waits for a request unless it hears that none will come.
    push(out, "fdo.csr:active", std::move(Writer().boolean(false)));
    return ok();
  }
  if (message == "error") {
    std::uint64_t code = in.uint();
    TRY_VOID(in.finish());
    Errc kind = code == 2 ? Errc::refused : Errc::unsupported;
    std::string why =
        "the owner issues no certificate by fdo.csr (error " + std::to_string(code) + ")";
    e_.report.failure = Failure{Reason::grant_refused, why};
    return fail(kind, why);
  }
  bool authorities = message == "cacerts-res", certificate = message == "simpleenroll-res";
  if (!authorities && !certificate) return ok();
  // One implementation sends EST bodies as bstr instead of tstr.
  auto der = from_base64_lenient(in.peek() == cbor::Kind::bytes
                                     ? as_text(in.bytes(limits::service_info_value_bytes_max))
                                     : in.text_view(limits::service_info_value_bytes_max));
  TRY_VOID(in.finish());
  if (!der) return fail(Errc::malformed, "the answer is not base64");
  TRY(auto certificates, crypto::decode_certs_only(*der));
  if (certificate) return stage(std::move(certificates));
  for (crypto::Certificate& each : certificates)
    if (each.is_ca() && anchors_.size() < limits::certificate_chain_max)
      anchors_.push_back(std::move(each));
  return ok();
}

Result<void> CsrModule::ask(fdo::Outbox& out) {
  TRY(crypto::Signer * key, e_.key->get());
  TRY(Bytes csr, make_csr(*key, e_.identity, e_.facts));
  push(out, "fdo.csr:cacerts-req", std::move(Writer().uint(cacerts_pkcs7)));
  push(out, "fdo.csr:simpleenroll-req", std::move(Writer().text(to_base64(csr))));
  return ok();
}

Result<void> CsrModule::stage(std::vector<crypto::Certificate> certificates) {
  TRY(crypto::Signer * key, e_.key->get());
  // PKCS#7 has no order: the leaf is the one with our key.
  auto leaf = std::ranges::find_if(
      certificates, [&](const auto& each) { return each.public_key() == key->public_key(); });
  if (leaf == certificates.end())
    return fail(Errc::untrusted, "no certificate in the answer is for our key");
  std::vector<crypto::Certificate> chain{*leaf};
  certificates.erase(leaf);
  while (chain.size() < limits::certificate_chain_max) {
    auto issuer = std::ranges::find_if(certificates, [&](const auto& each) {
      return each.subject_der() == chain.back().issuer_der();
    });
    if (issuer == certificates.end()) break;
    chain.push_back(*issuer);
    certificates.erase(issuer);
  }
  TRY_VOID(check_chain(chain, key->public_key(), e_.facts.clock(), e_.facts.clock_plausible));
  Operational staged;
  staged.key = e_.key->name();
  staged.chain = std::move(chain);
  staged.anchors = anchors_;
  staged.device = DeviceId(e_.identity.serial.substr(0, 64));
  if (!e_.facts.upstream_uri.empty())
    staged.endpoints.push_back({e_.facts.upstream_uri, staged.chain[0].common_name(), ""});
  e_.report.staged = std::move(staged);
  return ok();
}

}  // namespace fairlead::device
