// SPDX-License-Identifier: Apache-2.0
#include "server/est/service.h"

#include "base/events.h"
#include "base/limits.h"
#include "codec/base64.h"
#include "codec/der/writer.h"
#include "crypto/request.h"
#include "server/http_status.h"

namespace fairlead::server {

namespace {

using est::Operation;

// RFC 7030 §4.2.3: "the response data MUST be plaintext human-readable error message". One line.
net::HttpResponse plain(unsigned status, std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, to_bytes(text + "\n")};
}

net::HttpResponse with_type(std::string_view type, const Bytes& der) {
  return {200,
          {{"Content-Type", std::string(type)}, {"Content-Transfer-Encoding", "base64"}},
          to_bytes(est::encode_body(der))};
}

net::HttpResponse certificates(std::span<const crypto::Certificate> list) {
  return with_type(est::type_certs_only, crypto::encode_certs_only(list));
}

std::string_view method_of(Operation operation) {
  return operation == Operation::cacerts || operation == Operation::csrattrs ? "GET" : "POST";
}

// RFC 7030 §3.5: where the request's challengePassword links it to this TLS connection, the link
// has to be right. TLS 1.3 has no tls-unique, so that there is nothing to compare with.
Result<void> check_link(const crypto::CertificateRequest& csr, const net::HttpRequest& request) {
  if (!csr.challenge_password || request.tls_unique.empty()) return ok();
  if (*csr.challenge_password == to_base64(request.tls_unique)) return ok();
  return fail(Errc::malformed,
              "challengePassword is not this connection's tls-unique (RFC 7030, section 3.5); "
              "leave it out, or take it from the connection that sends the request");
}

// RFC 5280 §4.2.1: what every certificate here holds anyway, and who asks for it gets it.
struct IssuedAnyway {
  std::string_view oid;
  std::array<std::uint8_t, 12> value;
  std::size_t size;
};
constexpr std::array<IssuedAnyway, 3> issued_anyway{{
    {"2.5.29.15", {0x03, 0x02, 0x07, 0x80}, 4},  // key usage: digitalSignature
    {"2.5.29.19", {0x30, 0x00}, 2},              // no CA
    {"2.5.29.37",
     {0x30, 0x0A, 0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02},
     12},  // clientAuth
}};

// A request is honoured or refused, never issued as something else than it asks for.
Result<void> check_extensions(const crypto::FullRequest& csr) {
  if (csr.other_names)
    return fail(Errc::refused,
                "the request asks for alternative names that are no URI or DNS name");
  for (const auto& asked : csr.extensions) {
    bool gets_it = std::ranges::any_of(issued_anyway, [&](const IssuedAnyway& each) {
      return equal(asked.oid, der::object_identifier(each.oid)) &&
             equal(asked.value, View(each.value).first(each.size));
    });
    if (!gets_it)
      return fail(Errc::refused, "the request asks for an extension that devices don't get here");
  }
  return ok();
}

Result<crypto::CertificateRequest> read_request(const net::HttpRequest& request) {
  TRY(auto der, est::decode_body(request.body, limits::csr_bytes_max));
  auto csr = crypto::decode_full_csr(der);
  // A wrong signature is a bad request; 401 would make clients ask for a password.
  if (!csr && csr.error().code == Errc::untrusted)
    return fail(Errc::malformed, csr.error().context);
  if (!csr) return std::unexpected(csr.error());
  TRY_VOID(check_link(csr->request, request));
  TRY_VOID(check_extensions(*csr));
  return std::move(csr->request);
}

// A first request may leave the name to us, or must name its own device: by id or by serial.
// Nothing is rewritten in silence.
Result<std::string> name_for(const crypto::CertificateRequest& csr,
                             const registry::Device& device) {
  if (!csr.san_uris.empty() || !csr.san_dns.empty())
    return fail(Errc::refused, "subject alternative names are not issued to devices here");
  std::string wanted = csr.common_name;
  bool own = wanted == device.id.str() || (!wanted.empty() && wanted == device.serial);
  if (!own && !wanted.empty())
    return fail(Errc::refused, "the request is for '" + wanted + "', what was shown proves '" +
                                   device.id.str() + "' (serial '" + device.serial + "')");
  Bytes alone = wanted.empty() ? crypto::encode_name({}) : crypto::encode_name({wanted, {}, {}});
  TRY(bool only_that, est::same_name(csr.subject_der, alone));
  if (!only_that)
    return fail(Errc::refused, "the subject may hold a common name and nothing beside it");
  return wanted;
}

}  // namespace

net::HttpResponse EstService::handle(const net::HttpRequest& request, Time now) {
  auto verdict = limits_.at_address(request.peer, now);
  if (verdict.wait > Duration(0)) return come_later(verdict, "its address", request);
  auto target = est::parse_target(request.target);
  if (!target) return plain(404, "there is nothing here but EST, below /.well-known/est/");
  const std::string_view operation = to_string(target->operation);
  if (request.method != method_of(target->operation)) {
    auto response =
        plain(405, std::string(operation) + " takes " + std::string(method_of(target->operation)));
    response.headers.emplace_back("Allow", method_of(target->operation));
    return response;
  }
  switch (target->operation) {
    case Operation::cacerts:
      return certificates(identity_.operational_ca.authority.chain());
    case Operation::csrattrs:
      return with_type(est::type_csrattrs, est::encode_csr_attributes(
                                               identity_.operational_ca.key->public_key().type()));
    case Operation::serverkeygen:
      return refuse(request, operation, now,
                    {Errc::refused,
                     "keys are made by the device that keeps them: simpleenroll "
                     "certifies one"});
    case Operation::fullcmc:
      return refuse(request, operation, now, {Errc::not_found, "full CMC is not offered"});
    case Operation::simpleenroll:
    case Operation::simplereenroll:
      break;
  }
  auto type = net::find_header(request.headers, "Content-Type");
  if (type && !est::is_type(*type, est::type_pkcs10))
    return plain(415, "a request comes as application/pkcs10");
  auto answer = target->operation == Operation::simpleenroll ? enroll(request, *target, now)
                                                             : renew(request, *target, now);
  return answer ? std::move(*answer) : refuse(request, operation, now, answer.error());
}

Result<net::HttpResponse> EstService::enroll(const net::HttpRequest& request,
                                             const est::Target& target, Time now) {
  TRY(auto csr, read_request(request));
  TRY(auto applicant, applicants_.for_enrolment(request, csr.key, now));
  if (auto later = hold_up(applicant.device.id, request, now)) return std::move(*later);
  auto name = name_for(csr, applicant.device);
  if (!name) return fail(note(applicant.device, request, target, name.error(), now));
  WayIn way{device_by_est(applicant.device.id, request), applicant.right, std::move(*name),
            ProfileId(target.label)};
  TRY(auto certificate, enroller_.enroll(csr.key, applicant.device.id, way, now));
  return certificates({&certificate, 1});
}

// RFC 7030 §4.2.2: "The request Subject field and SubjectAltName field MUST be identical to the
// corresponding fields in the certificate being renewed/rekeyed."
Result<net::HttpResponse> EstService::renew(const net::HttpRequest& request,
                                            const est::Target& target, Time now) {
  TRY(auto csr, read_request(request));
  TRY(auto old, certificate_to_renew(store_.read(), request));
  if (auto later = hold_up(old.device, request, now)) return std::move(*later);
  TRY(auto device, store_.read().find_device(old.device));
  if (!device) return fail(Errc::internal, "a certificate without its device");
  const crypto::Certificate& shown = *request.client_certificate;
  TRY(bool same, est::same_name(csr.subject_der, shown.subject_der()));
  if (!same || csr.san_uris != shown.san_uris() || csr.san_dns != shown.san_dns())
    return fail(note(*device, request, target,
                     {Errc::refused,
                      "the request's subject differs from that of the certificate "
                      "to be renewed, '" +
                          shown.subject() + "'"},
                     now));
  WayIn way{device_by_est(device->id, request), enroll::Right::renewal, shown.common_name(),
            ProfileId(target.label), old.serial};
  TRY(auto certificate, enroller_.enroll(csr.key, device->id, way, now));
  return certificates({&certificate, 1});
}

Error EstService::note(const registry::Device& device, const net::HttpRequest& request,
                       const est::Target& target, Error error, Time now) {
  ignore(store_.commit({timeline(device.id, now, event::est_refused,
                                 {{"operation", std::string(to_string(target.operation))},
                                  {"why", error.context},
                                  {"peer", request.peer}})}),
         "the refusal goes to the log and to the client as well");
  return error;
}

net::HttpResponse EstService::refuse(const net::HttpRequest& request, std::string_view operation,
                                     Time now, const Error& error) {
  if (error.code == Errc::busy) return come_again();
  if (limits_.may_log_refusal(request.peer, now))
    log_(event::est_refused,
         {{"operation", std::string(operation)}, {"why", error.context}, {"peer", request.peer}});
  unsigned status = http_status_of(error.code);
  // What went wrong inside is for our log, not for a stranger.
  auto response = plain(status, status < 500 ? error.context : "not possible at present");
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"fairlead\", charset=\"UTF-8\"");
    // Who shows no password is asked for one, and Bouncy Castle's client fails on a question with a
    // body.
    if (operation == to_string(Operation::simpleenroll) &&
        !net::find_header(request.headers, "Authorization")) {
      response.headers.emplace_back("Fairlead-Reason", error.context);
      response.body.clear();
    }
  }
  if (status == 503)
    response.headers.emplace_back("Retry-After", std::to_string(settings_.retry_after.count()));
  return response;
}

std::optional<net::HttpResponse> EstService::hold_up(const DeviceId& device,
                                                     const net::HttpRequest& request, Time now) {
  auto verdict = limits_.as(device.str(), now);
  if (verdict.wait == Duration(0)) return std::nullopt;
  return come_later(verdict, "device " + device.str(), request);
}

net::HttpResponse EstService::come_later(const RateLimiter::Verdict& verdict,
                                         std::string_view whose, const net::HttpRequest& request) {
  if (verdict.worth_a_line)
    log_(event::est_held_up, {{"peer", request.peer}, {"whose", std::string(whose)}});
  auto seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(verdict.wait).count());
  auto response = plain(
      429, "too many requests from " + std::string(whose) + "; come again in " + seconds + " s");
  response.headers.emplace_back("Retry-After", seconds);
  return response;
}

// RFC 7030 §4.2.3: "If the server responds with an HTTP 202, it MUST include a Retry-After header."
// Spread, so that those who were held together don't come back together.
net::HttpResponse EstService::come_again() {
  std::uint64_t spread = static_cast<std::uint64_t>(settings_.retry_after.count()) / 2;
  std::uint64_t more = spread == 0 ? 0 : random_.bytes(1).front() * (spread + 1) / 256;
  return {202,
          {{"Retry-After",
            std::to_string(static_cast<std::uint64_t>(settings_.retry_after.count()) + more)}},
          {}};
}

}  // namespace fairlead::server
