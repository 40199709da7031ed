// SPDX-License-Identifier: Apache-2.0
// EST without sockets: requests as the listener hands them over. Rules by number: see
// src/pki/est/README.md.
#include "server/est/service.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "support/fail_nth_registry.h"
#include "support/server_plant.h"
#include "support/vectors.h"

namespace fairlead::server {
namespace {

using test::Key;
using test::must;

struct EstPlant : test::ServerPlant {
  EstService est{store, identity, enroller, passwords, {}, random, log};
  DeviceId id{"d-0017"};

  EstPlant() {
    registry::Device device;
    device.id = id;
    device.account = AccountId("acme");
    device.serial = "SN-17";
    device.created = device.changed = now;
    commit({registry::InsertDevice{device}});
  }
  std::string otp() {
    return must(passwords.create(id, {"alice"}, std::chrono::hours(1), now)).password;
  }
};

Key new_key() { return must(crypto::SoftwareKey::generate(crypto::KeyType::p256)); }

std::string basic(std::string_view user, std::string_view password) {
  return "Basic " + to_base64(as_view(std::string(user) + ":" + std::string(password)));
}

net::HttpRequest request_for(crypto::Signer& key, const crypto::CsrSubject& subject) {
  net::HttpRequest request;
  request.method = "POST";
  request.target = "/.well-known/est/simpleenroll";
  request.headers = {{"Content-Type", "application/pkcs10"}};
  request.body = to_bytes(est::encode_body(must(crypto::create_csr(key, subject))));
  request.peer = "192.0.2.9";
  return request;
}

net::HttpRequest with_password(crypto::Signer& key, const std::string& password,
                               const crypto::CsrSubject& subject = {"d-0017", {}, {}}) {
  auto request = request_for(key, subject);
  request.headers.emplace_back("Authorization", basic("d-0017", password));
  return request;
}

std::string header(const net::HttpResponse& response, std::string_view name) {
  return std::string(net::find_header(response.headers, name).value_or(""));
}
std::string text_of(const net::HttpResponse& response) {
  return std::string(as_text(response.body));
}
crypto::Certificate certificate_in(const net::HttpResponse& response) {
  if (response.status != 200) throw std::runtime_error(text_of(response));
  auto list = must(est::decode_certificates(response.body));
  if (list.size() != 1) throw std::runtime_error("not only the issued certificate");
  return list.front();
}

// Every refusal is one line that says why, and nothing was issued.
void expect_refused(EstPlant& plant, const net::HttpResponse& response, unsigned status,
                    std::string_view why) {
  EXPECT_EQ(response.status, status);
  std::string text = text_of(response);
  EXPECT_NE(text.find(why), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_TRUE(header(response, "Content-Type").starts_with("text/plain"));
  EXPECT_TRUE(must(plant.registry->certificates_of(plant.id)).empty());
}

TEST(EstService, HandsOutTheCaChainToAnybodyInOneLine) {
  EstPlant plant;
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/.well-known/est/cacerts";
  auto response = plant.est.handle(request, plant.now);
  ASSERT_EQ(response.status, 200u);
  EXPECT_EQ(header(response, "Content-Type"), "application/pkcs7-mime; smime-type=certs-only");
  EXPECT_EQ(text_of(response).find('\n'), std::string::npos);
  EXPECT_EQ(must(est::decode_certificates(response.body)),
            plant.identity.operational_ca.authority.chain());
}

TEST(EstService, IssuesForAOneTimePassword) {
  EstPlant plant;
  auto key = new_key();
  auto response = plant.est.handle(with_password(*key, plant.otp()), plant.now);
  auto certificate = certificate_in(response);
  EXPECT_EQ(certificate.common_name(), "d-0017");
  EXPECT_EQ(certificate.public_key(), key->public_key());
  EXPECT_EQ(plant.access.admitted.size(), 1u);
  EXPECT_EQ(plant.device(plant.id).state, registry::DeviceState::granted);
}

TEST(EstService, AsksForCredentialsWithoutAny) {
  EstPlant plant;
  auto key = new_key();
  auto response = plant.est.handle(request_for(*key, {"d-0017", {}, {}}), plant.now);
  EXPECT_EQ(response.status, 401u);
  EXPECT_TRUE(header(response, "WWW-Authenticate").starts_with("Basic realm="));
  EXPECT_NE(header(response, "Fairlead-Reason").find("one-time password is needed"),
            std::string::npos);
  EXPECT_TRUE(response.body.empty());  // Bouncy Castle's client fails on one
}

TEST(EstService, ARepeatedRequestGetsTheSameCertificate) {
  EstPlant plant;
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  auto first = certificate_in(plant.est.handle(request, plant.now));
  EXPECT_EQ(certificate_in(plant.est.handle(request, plant.now)), first);
}

TEST(EstService, AOneTimePasswordIsForOneKey) {
  EstPlant plant;
  auto password = plant.otp();
  auto key = new_key(), other = new_key();
  certificate_in(plant.est.handle(with_password(*key, password), plant.now));
  auto response = plant.est.handle(with_password(*other, password), plant.now);
  EXPECT_EQ(response.status, 401u);
  EXPECT_EQ(must(plant.registry->certificates_of(plant.id)).size(), 1u);
}

TEST(EstService, WrongPasswordsLockTheRightOneAndGiveNoHint) {
  EstPlant plant;
  auto password = plant.otp();
  auto key = new_key();
  std::string said;
  for (int i = 0; i < 10; ++i) {
    auto response = plant.est.handle(with_password(*key, "wrong"), plant.now);
    EXPECT_EQ(response.status, 401u);
    said = text_of(response);
  }
  auto response = plant.est.handle(with_password(*key, password), plant.now);
  expect_refused(plant, response, 401, said.substr(0, said.size() - 1));
  EXPECT_TRUE(plant.log.has("OTP_LOCKED"));
  auto stranger = request_for(*key, {"d-0017", {}, {}});
  stranger.headers.emplace_back("Authorization", basic("nobody", "x"));
  EXPECT_EQ(text_of(plant.est.handle(stranger, plant.now)), said);
  certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));  // a new one works
}

TEST(EstService, AnOldPasswordIsRefused) {
  EstPlant plant;
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  expect_refused(plant, plant.est.handle(request, plant.now + std::chrono::hours(2)), 401,
                 "too old");
}

TEST(EstService, RefusesAnotherDevicesName) {
  EstPlant plant;
  auto key = new_key();
  auto request = with_password(*key, plant.otp(), {"d-0018", {}, {}});
  expect_refused(plant, plant.est.handle(request, plant.now), 403, "is for 'd-0018'");
  EXPECT_EQ(plant.timeline(plant.id).back(), "EST_REFUSED");
}

TEST(EstService, HonoursTheSerialAsNameAndRewritesNothing) {
  EstPlant plant;
  auto key = new_key();
  auto password = plant.otp();
  auto request = with_password(*key, password, {"SN-17", {}, {}});
  EXPECT_EQ(certificate_in(plant.est.handle(request, plant.now)).common_name(), "SN-17");
  EstPlant more;
  expect_refused(
      more, more.est.handle(with_password(*key, more.otp(), {"d-0017", "SN-17", {}}), more.now),
      403, "nothing beside it");
  expect_refused(
      more, more.est.handle(with_password(*key, more.otp(), {"d-0017", {}, {"urn:x:1"}}), more.now),
      403, "alternative names");
}

TEST(EstService, ARequestForAKeyThatItsSenderDoesNotHoldIsABadOne) {
  EstPlant plant;
  auto key = new_key();
  auto csr = must(crypto::create_csr(*key, {"d-0017", {}, {}}));
  csr.back() ^= 1;
  auto request = with_password(*key, plant.otp());
  request.body = to_bytes(est::encode_body(csr));
  auto response = plant.est.handle(request, plant.now);
  EXPECT_EQ(response.status, 400u);
  EXPECT_EQ(header(response, "WWW-Authenticate"), "");
}

TEST(EstService, TheLabelIsTheProfileThatDecidesAndNoChoice) {
  EstPlant plant;
  plant.profile("strict", R"({"priority": 5, "account": "acme", "approval": true})");
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  request.target = "/.well-known/est/all/simpleenroll";  // the laxer one, which matches too
  expect_refused(plant, plant.est.handle(request, plant.now), 403, "is 'strict', not 'all'");
  request.target = "/strict/.well-known/est/simpleenroll";
  EXPECT_EQ(plant.est.handle(request, plant.now).status, 202u);
}

TEST(EstService, WaitsForAPersonAndThenIssues) {
  EstPlant plant;
  plant.profile("strict", R"({"priority": 5, "account": "acme", "approval": true})");
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  auto waiting = plant.est.handle(request, plant.now);
  EXPECT_EQ(waiting.status, 202u);
  EXPECT_TRUE(waiting.body.empty());
  auto after = est::parse_retry_after(header(waiting, "Retry-After"));
  ASSERT_TRUE(after);
  EXPECT_GE(*after, std::chrono::seconds(60));
  EXPECT_LE(*after, std::chrono::seconds(90));
  must(plant.enroller.approve(plant.id, {"alice"}, plant.now));
  auto issued = certificate_in(plant.est.handle(request, plant.now));
  EXPECT_EQ(certificate_in(plant.est.handle(request, plant.now)), issued);
  auto other = new_key();
  auto stranger = with_password(*other, plant.otp());
  EXPECT_EQ(plant.est.handle(stranger, plant.now).status, 202u);  // approval is for one key
}

TEST(EstService, AVouchersDeviceKeyIsACredential) {
  EstPlant plant;
  test::PlantDevice device{plant, "SN-99"};
  device.initialize();
  DeviceId id = device.hand_to_owner();
  auto vouchers = plant.vouchers_of(id);
  auto voucher = must(fdo::decode_voucher(vouchers.front().encoded));
  auto key = new_key();
  auto request = request_for(*key, {id.str(), {}, {}});
  request.client_certificate = voucher.device_chain.front();
  EXPECT_EQ(certificate_in(plant.est.handle(request, plant.now)).common_name(), id.str());
  // lamassuiot/lamassuiot: one bootstrap certificate, any name.
  auto other = request_for(*new_key(), {"d-0017", {}, {}});
  other.client_certificate = voucher.device_chain.front();
  expect_refused(plant, plant.est.handle(other, plant.now), 403, "is for 'd-0017'");
}

TEST(EstService, AMakersDeviceIsWrittenDownAndWaitsForAProfileThatWantsIt) {
  EstPlant plant;
  auto ca_key = new_key();
  auto root = must(pki::create_root(*ca_key, "Maker CA", plant.now, pki::no_expiry, plant.random));
  auto ca = must(pki::Authority::open({root}, *ca_key));
  auto device_key = new_key();
  auto idevid =
      must(ca.issue_device(device_key->public_key(), {"M-1", "M-1", {}}, plant.now, plant.random));
  auto key = new_key();
  auto request = request_for(*key, {});
  request.client_certificate = idevid;
  EXPECT_EQ(plant.est.handle(request, plant.now).status, 401u);
  plant.commit({registry::PutTrustedKey{
      {AccountId(), to_bytes(View(ca_key->public_key().fingerprint())),
       registry::TrustedKey::Kind::device_ca, "Maker", ca_key->public_key().spki(), plant.now}}});
  auto certificate = certificate_in(plant.est.handle(request, plant.now));
  DeviceId id = device_id_of(device_key->public_key());
  EXPECT_EQ(certificate.common_name(), id.str());
  EXPECT_EQ(plant.device(id).serial, "M-1");
}

TEST(EstService, RenewsUnderTheSameNameAndNoOther) {
  EstPlant plant;
  auto key = new_key(), next = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto request = request_for(*next, {"d-0017", {}, {}});
  request.target = "/.well-known/est/simplereenroll";
  request.client_certificate = old;
  auto renewed = certificate_in(plant.est.handle(request, plant.now));
  EXPECT_EQ(renewed.public_key(), next->public_key());
  EXPECT_TRUE(must(est::same_name(renewed.subject_der(), old.subject_der())));
  auto other = request_for(*new_key(), {"SN-17", {}, {}});
  other.target = request.target;
  other.client_certificate = renewed;
  auto refused = plant.est.handle(other, plant.now);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_NE(text_of(refused).find("subject differs"), std::string::npos);
}

// A renewal of `old` for a new key.
net::HttpRequest renewal_of(const crypto::Certificate& old, crypto::Signer& key) {
  auto request = request_for(key, {old.common_name(), {}, {}});
  request.target = "/.well-known/est/simplereenroll";
  request.client_certificate = old;
  return request;
}

TEST(EstService, BothCertificatesAreGoodUntilTheNewOneIsUsed) {
  EstPlant plant;
  auto key = new_key(), next = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto renewed = certificate_in(plant.est.handle(renewal_of(old, *next), plant.now));
  EXPECT_TRUE(plant.access.revoked.empty());
  EXPECT_EQ(plant.access.admitted.back(), renewed.serial());
  // The answer was lost, or the device died before it had stored it: the old one still renews.
  EXPECT_EQ(certificate_in(plant.est.handle(renewal_of(old, *next), plant.now)), renewed);
  must(plant.enroller.confirm_use(plant.id, renewed.fingerprint(), plant.now));
  ASSERT_EQ(plant.access.revoked.size(), 1u);
  EXPECT_EQ(plant.access.revoked.front(), old.serial());
  EXPECT_EQ(plant.timeline(plant.id).back(), "RENEWAL_CONFIRMED");
  auto late = plant.est.handle(renewal_of(old, *new_key()), plant.now);
  EXPECT_EQ(late.status, 401u);
  EXPECT_NE(text_of(late).find("replaced by a newer one"), std::string::npos);
  must(plant.enroller.confirm_use(plant.id, renewed.fingerprint(), plant.now));  // again: nothing
  EXPECT_EQ(plant.access.revoked.size(), 1u);
}

TEST(EstService, ADeviceThatIsRefusedWithoutEndIsCountedAndThenHeldUp) {
  EstPlant plant;
  auto old = certificate_in(plant.est.handle(with_password(*new_key(), plant.otp()), plant.now));
  auto key = new_key();
  auto wrong = renewal_of(old, *key);
  wrong.target = "/.well-known/est/another/simplereenroll";
  const auto before = must(plant.registry->last_audit());
  net::HttpResponse response;
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    response = plant.est.handle(wrong, plant.now);
    refused += response.status == 403;
  }
  EXPECT_EQ(response.status, 429u);
  EXPECT_NE(text_of(response).find("device d-0017; come again in 10 s"), std::string::npos);
  EXPECT_EQ(header(response, "Retry-After"), "10");
  EXPECT_TRUE(plant.log.has("EST_HELD_UP"));
  EXPECT_EQ(must(plant.registry->last_audit()), before);
  auto last = must(plant.registry->events_of(plant.id, 1)).front();
  EXPECT_EQ(last.id, "GRANT_REFUSED");
  EXPECT_EQ(last.times, static_cast<unsigned>(refused));
  // Who comes when told is heard.
  EXPECT_EQ(plant.est.handle(wrong, plant.now + std::chrono::seconds(10)).status, 403u);
}

TEST(EstService, AnAddressThatComesTooOftenIsHeldUpWhoeverItSaysItIs) {
  EstPlant plant;
  EstService est{plant.store,
                 plant.identity,
                 plant.enroller,
                 plant.passwords,
                 {.rates = {.per_address = {0.5, 2}, .per_identity = {0, 1}}},
                 plant.random,
                 plant.log};
  net::HttpRequest request;
  request.method = "GET";
  request.target = "/.well-known/est/cacerts";
  request.peer = "192.0.2.9";
  EXPECT_EQ(est.handle(request, plant.now).status, 200u);
  EXPECT_EQ(est.handle(request, plant.now).status, 200u);
  auto response = est.handle(request, plant.now);
  EXPECT_EQ(response.status, 429u);
  EXPECT_EQ(header(response, "Retry-After"), "2");
  request.peer = "127.0.0.1";  // a part of this machine
  for (int i = 0; i < 5; ++i) EXPECT_EQ(est.handle(request, plant.now).status, 200u);
}

TEST(EstService, OfRefusedStrangersTheLogHoldsSoManyLinesAndNoMore) {
  EstPlant plant;
  EstService est{
      plant.store,
      plant.identity,
      plant.enroller,
      plant.passwords,
      {.rates = {.per_address = {0, 1}, .per_identity = {0, 1}, .refusals_logged = {0.001, 3}}},
      plant.random,
      plant.log};
  auto key = new_key();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(est.handle(request_for(*key, {"d-0017", {}, {}}), plant.now).status, 401u);
  auto lines = plant.log.text();
  int said = 0;
  for (auto at = lines.find("EST_REFUSED"); at != lines.npos;
       at = lines.find("EST_REFUSED", at + 1))
    ++said;
  EXPECT_EQ(said, 3);
}

TEST(EstService, RenewsAnUnchangedKeyWithAnotherCertificate) {
  EstPlant plant;
  auto key = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto renewed = certificate_in(plant.est.handle(renewal_of(old, *key), plant.now));
  EXPECT_NE(renewed, old);
  EXPECT_EQ(renewed.public_key(), old.public_key());
}

TEST(EstService, ApprovalIsAskedForOnceAndNotAtRenewals) {
  EstPlant plant;
  plant.profile("strict", R"({"priority": 5, "account": "acme", "approval": true})");
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  EXPECT_EQ(plant.est.handle(request, plant.now).status, 202u);
  must(plant.enroller.approve(plant.id, {"alice"}, plant.now));
  auto old = certificate_in(plant.est.handle(request, plant.now));
  certificate_in(plant.est.handle(renewal_of(old, *new_key()), plant.now));
}

TEST(EstService, AKeyThatAPersonReplacedNamesNoSuccessorAndIsNotTakenBack) {
  EstPlant plant;
  plant.profile("strict", R"({"priority": 5, "account": "acme", "approval": true})");
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  EXPECT_EQ(plant.est.handle(request, plant.now).status, 202u);
  must(plant.enroller.approve(plant.id, {"alice"}, plant.now));
  auto old = certificate_in(plant.est.handle(request, plant.now));
  auto renewed = certificate_in(plant.est.handle(renewal_of(old, *new_key()), plant.now));
  auto other = new_key();
  auto again = with_password(*other, plant.otp());
  EXPECT_EQ(plant.est.handle(again, plant.now).status, 202u);
  must(plant.enroller.approve(plant.id, {"alice"}, plant.now));

  for (const auto& shown : {old, renewed}) {
    auto refused = plant.est.handle(renewal_of(shown, *new_key()), plant.now);
    EXPECT_EQ(refused.status, 403u);
    EXPECT_NE(text_of(refused).find("another one was approved"), std::string::npos);
  }
  must(plant.enroller.confirm_use(plant.id, renewed.fingerprint(), plant.now));
  EXPECT_EQ(certificate_in(plant.est.handle(again, plant.now)).public_key(), other->public_key());
}

TEST(EstService, AKeyThatIsAnotherDevicesIsRefusedAlsoOnceThatOneIsRevoked) {
  EstPlant plant;
  registry::Device other;
  other.id = DeviceId("d-0018");
  other.account = AccountId("acme");
  other.created = other.changed = plant.now;
  plant.commit({registry::InsertDevice{other}});
  auto key = new_key();
  auto others = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto request = request_for(*key, {});
  auto password =
      must(plant.passwords.create(other.id, {"alice"}, std::chrono::hours(1), plant.now));
  request.headers.emplace_back("Authorization", basic("d-0018", password.password));
  for (bool revoked : {false, true}) {
    if (revoked) must(plant.enroller.revoke(plant.id, {"alice"}, "stolen", plant.now));
    auto refused = plant.est.handle(request, plant.now);
    EXPECT_EQ(refused.status, 403u);
    EXPECT_NE(text_of(refused).find("on record as that of device 'd-0017'"), std::string::npos);
  }
  EXPECT_TRUE(must(plant.registry->certificates_of(other.id)).empty());
  // Nor as the successor of another key.
  auto own = new_key();
  request = request_for(*own, {});
  request.headers.emplace_back(
      "Authorization",
      basic("d-0018",
            must(plant.passwords.create(other.id, {"alice"}, std::chrono::hours(1), plant.now))
                .password));
  auto held = certificate_in(plant.est.handle(request, plant.now));
  EXPECT_EQ(plant.est.handle(renewal_of(held, *key), plant.now).status, 403u);
}

TEST(EstService, RenewsAfterExpiryWithinTheProfilesWindowOnly) {
  EstPlant plant;
  plant.profile("short", R"({"priority": 5, "account": "acme", "certificate_lifetime_s": 3600,
                             "renew_after_expiry_s": 86400})");
  auto key = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto expiry = old.not_after();
  certificate_in(plant.est.handle(renewal_of(old, *new_key()), expiry + std::chrono::hours(24)));
  auto late = plant.est.handle(renewal_of(old, *new_key()), expiry + std::chrono::hours(25));
  EXPECT_EQ(late.status, 403u);
  EXPECT_NE(text_of(late).find("has to enrol anew"), std::string::npos);
}

TEST(EstService, AFailureOfTheRegistryAtAnyCallRevokesNothingAndIssuesNothingTwice) {
  EstPlant plant;
  auto key = new_key(), next = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  for (int n = 0;; ++n) {
    test::FailNth failing(*plant.registry, n);
    Store store(failing);
    Enroller enroller(store, plant.identity, plant.access, "mqtts://b:8883", {}, plant.random,
                      plant.log);
    EstService est(store, plant.identity, enroller, plant.passwords, {}, plant.random, plant.log);
    auto response = est.handle(renewal_of(old, *next), plant.now);
    EXPECT_TRUE(plant.access.revoked.empty());
    if (!failing.fired()) {
      EXPECT_EQ(response.status, 200u);
      break;
    }
    EXPECT_EQ(response.status, 503u) << n;
    EXPECT_EQ(text_of(response), "not possible at present\n");
  }
  EXPECT_EQ(must(plant.registry->certificates_of(plant.id)).size(), 2u);
}

TEST(EstService, NeverGuessesBetweenEnrolmentAndRenewal) {
  EstPlant plant;
  auto key = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  auto request = request_for(*new_key(), {"d-0017", {}, {}});
  request.client_certificate = old;
  auto refused = plant.est.handle(request, plant.now);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_NE(text_of(refused).find("simplereenroll"), std::string::npos);
  request.client_certificate.reset();
  request.target = "/.well-known/est/simplereenroll";
  EXPECT_EQ(plant.est.handle(request, plant.now).status, 401u);
}

TEST(EstService, ARevokedDeviceIsRefusedEverything) {
  EstPlant plant;
  auto key = new_key();
  auto old = certificate_in(plant.est.handle(with_password(*key, plant.otp()), plant.now));
  must(plant.enroller.revoke(plant.id, {"alice"}, "stolen", plant.now));
  auto renewal = request_for(*new_key(), {"d-0017", {}, {}});
  renewal.target = "/.well-known/est/simplereenroll";
  renewal.client_certificate = old;
  EXPECT_EQ(plant.est.handle(renewal, plant.now).status, 401u);
  auto anew = plant.est.handle(with_password(*new_key(), plant.otp()), plant.now);
  EXPECT_EQ(anew.status, 403u);
  EXPECT_NE(text_of(anew).find("revoked"), std::string::npos);
}

TEST(EstService, RefusesWhatItDoesNotOfferInWords) {
  EstPlant plant;
  auto key = new_key();
  auto request = with_password(*key, plant.otp());
  request.target = "/.well-known/est/serverkeygen";
  expect_refused(plant, plant.est.handle(request, plant.now), 403, "made by the device");
  request.target = "/.well-known/est/fullcmc";
  expect_refused(plant, plant.est.handle(request, plant.now), 404, "not offered");
  request.target = "/elsewhere";
  expect_refused(plant, plant.est.handle(request, plant.now), 404, "nothing here but EST");
  request.target = "/.well-known/est/cacerts";
  auto response = plant.est.handle(request, plant.now);
  expect_refused(plant, response, 405, "takes GET");
  EXPECT_EQ(header(response, "Allow"), "GET");
  request.target = "/.well-known/est/simpleenroll";
  request.headers.front().second = "application/json";
  expect_refused(plant, plant.est.handle(request, plant.now), 415, "application/pkcs10");
}

// By `openssl req` for CN=d-0017, with challengePassword "AQID", which is 01 02 03 in base64.
constexpr std::string_view linked_request =
    "MIHgMIGIAgEAMBExDzANBgNVBAMMBmQtMDAxNzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABB7W709Mz/SmDIdvYJ"
    "QrPCT8g4sBABEgk3Z7bRQgeYLMo9fiHPmqd4X00nzpAQbw1iNIXrzF3ZLVM6whGa+m+xWgFTATBgkqhkiG9w0BCQcx"
    "BgwEQVFJRDAKBggqhkjOPQQDAgNHADBEAiAdQWEBzYTOoqbfHgSgUBuS6I4Zv+8tGKM2iKjSajNPRQIgcsBp93Y0oZ"
    "SLAjoDtVfZ9htuFntbOPSrAI43CsNRvD0=";

TEST(EstService, ChecksTheLinkToTheConnectionWhereThereIsOne) {
  EstPlant plant;
  auto request = with_password(*new_key(), plant.otp());
  request.body = to_bytes(linked_request);
  request.tls_unique = {1, 2, 4};
  expect_refused(plant, plant.est.handle(request, plant.now), 400, "tls-unique");
  request.tls_unique = {1, 2, 3};
  certificate_in(plant.est.handle(request, plant.now));
  request.tls_unique.clear();  // TLS 1.3
  certificate_in(plant.est.handle(request, plant.now));
}

TEST(EstService, RefusesNamesAndExtensionsThatItDoesNotIssue) {
  EstPlant plant;
  auto request = with_password(*new_key(), plant.otp());
  request.body = to_bytes(est::encode_body(as_view(test::read_vector("pki/p256.csr"))));
  auto response = plant.est.handle(request, plant.now);
  EXPECT_EQ(response.status, 403u);
}

}  // namespace
}  // namespace fairlead::server
