// SPDX-License-Identifier: Apache-2.0
#include "server/revocation.h"

#include "base/events.h"
#include "codec/base64.h"
#include "crypto/software_key.h"
#include "server/own_certificates.h"
#include "server/percent.h"

namespace fairlead::server {

namespace {

constexpr Duration list_age_max = std::chrono::minutes(1);  // before it is made anew
constexpr Duration list_validity = std::chrono::hours(24);  // for clients that can't reach us
constexpr Duration answer_validity = std::chrono::minutes(5);
constexpr Duration responder_life = std::chrono::days(7);
constexpr Duration responder_retry = std::chrono::minutes(10);

net::HttpResponse with_type(std::string_view type, Bytes body) {
  return {
      200, {{"Content-Type", std::string(type)}, {"Cache-Control", "max-age=60"}}, std::move(body)};
}
net::HttpResponse plain(unsigned status, std::string_view text) {
  return {status, {{"Content-Type", "text/plain"}}, to_bytes(text)};
}

}  // namespace

pki::RevocationUrls revocation_urls(const std::string& base) {
  if (base.empty()) return {};
  return {base + "/operational.crl", base + "/ocsp"};
}

Result<std::vector<pki::RevokedCertificate>> Revocation::revoked(Time now) {
  std::vector<pki::RevokedCertificate> out;
  registry::Page page{"", 1000};
  for (;;) {
    TRY(auto some, store_.read().certificates_in(registry::CertificateState::revoked, page));
    for (const registry::Certificate& each : some)
      if (each.not_after >= now) out.push_back({each.serial, each.changed});
    if (some.size() < page.limit) return out;
    page.after = to_hex(some.back().serial);
  }
}

Result<Bytes> Revocation::list(Time now) {
  std::lock_guard lock(mutex_);  // one at a time makes it, the others wait for that one
  if (made_ && now >= made_->at && now - made_->at < list_age_max) return made_->list;
  made_ = Made{now, make_list(now)};
  if (!made_->list) log_(event::revocation_list_failed, {{"why", made_->list.error().context}});
  return made_->list;
}

Result<Bytes> Revocation::make_list(Time now) {
  pki::RevocationList list;
  list.number = static_cast<std::uint64_t>(to_unix_ms(now));
  list.this_update = now;
  list.next_update = now + list_validity;
  TRY(list.revoked, revoked(now));
  return encode_revocation_list(list, identity_.operational_ca.authority);
}

Result<pki::ocsp::Status> Revocation::status_of(View serial) {
  TRY(auto record, store_.read().find_certificate(serial));
  if (!record) return pki::ocsp::Unknown{};
  if (record->state == registry::CertificateState::revoked)
    return pki::ocsp::Revoked{record->changed};
  return pki::ocsp::Good{};
}

Result<pki::ocsp::Responder> Revocation::make_responder(Time now) {
  TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  TRY(auto certificate, identity_.operational_ca.authority.issue_ocsp_responder(
                            key->public_key(), responder_life, now, random_));
  return pki::ocsp::Responder{std::move(key), std::move(certificate)};
}

// One at a time makes it, and the others wait for that one: the CA's key may be slow.
std::shared_ptr<const pki::ocsp::Responder> Revocation::responder(Time now) {
  std::lock_guard lock(responder_mutex_);
  if (responder_ && !is_due(responder_->certificate, now)) return responder_;
  const bool good = responder_ && now < responder_->certificate.not_after();
  if (now - responder_tried_ < responder_retry && now >= responder_tried_)
    return good ? responder_ : nullptr;
  responder_tried_ = now;
  auto made = make_responder(now);
  if (made) return responder_ = std::make_shared<const pki::ocsp::Responder>(std::move(*made));
  log_(event::server_certificate_not_renewed,
       {{"what", "answers by OCSP"},
        {"until", to_rfc3339(good ? responder_->certificate.not_after() : now)},
        {"why", made.error().context}});
  return good ? responder_ : nullptr;
}

Bytes Revocation::ocsp(View request, Time now) {
  auto signs = responder(now);
  if (!signs) return pki::ocsp::try_later();
  auto status = [this](View serial) { return status_of(serial); };
  const Time until = std::min(now + answer_validity, signs->certificate.not_after());
  return pki::ocsp::answer(request, identity_.operational_ca.authority, *signs, status, now, until);
}

net::HttpResponse Revocation::handle(const net::HttpRequest& request, Time now) {
  constexpr std::string_view ocsp_type = "application/ocsp-response", get_ocsp = "/ocsp/";
  const std::string_view target = request.target;
  if (request.method == "POST" && target == "/ocsp")
    return with_type(ocsp_type, ocsp(request.body, now));
  if (request.method != "GET") return plain(405, "GET, or POST to /ocsp\n");
  if (target == "/operational.crl") {
    auto list = this->list(now);
    return list ? with_type("application/pkix-crl", std::move(*list))
                : plain(503, "no list at present\n");
  }
  if (target == "/operational.cer")
    return with_type("application/pkix-cert",
                     identity_.operational_ca.authority.certificate().der());
  // RFC 6960 A.1: "{url}/{url-encoding of base-64 encoding of the DER encoding of the
  // OCSPRequest}". What is no base64 is answered as malformed by OCSP's own means.
  if (target.starts_with(get_ocsp)) {
    auto der = from_base64(percent_decoded_path(target.substr(get_ocsp.size())));
    return with_type(ocsp_type, ocsp(der.value_or(Bytes{}), now));
  }
  return plain(404, "there is nothing here but /operational.crl, /operational.cer and /ocsp\n");
}

}  // namespace fairlead::server
