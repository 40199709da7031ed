// SPDX-License-Identifier: Apache-2.0
#include "contract/registry_contract.h"

namespace fairlead::registry::test {
namespace {

std::string numbered(const char* text, int number) {
  std::string digits = std::to_string(number);
  return text + std::string(digits.size() < 7 ? 7 - digits.size() : 0, '0') + digits;
}

}  // namespace

Bytes bytes_of(int number, std::size_t size) {
  Bytes out(size, 0xa5);
  for (std::size_t i = 0; i < 4 && i < size; ++i)
    out[i] = static_cast<std::uint8_t>(static_cast<unsigned>(number) >> (24 - 8 * i));
  return out;
}

Time at(std::int64_t milliseconds) { return from_unix_ms(1'790'000'000'000 + milliseconds); }

Account account(int number) {
  return {AccountId(numbered("account-", number)), "Müller & Söhne 水", at(1)};
}

User user(int number) {
  return {
      UserId(numbered("user-", number)), account(1).id, Role::engineer, "scrypt$…", true, at(2)};
}

ApiToken token(int number) {
  return {numbered("token-", number),
          user(1).id,
          bytes_of(number, 32),
          {"devices:read", "\"odd\""},
          "Łabel",
          at(3),
          at(4)};
}

Profile profile(int number) {
  return {ProfileId(numbered("profile-", number)), 10, 1, R"({"what":"Größe"})"};
}

TrustedKey trusted_key(int number) {
  return {account(1).id,  bytes_of(number, 32), TrustedKey::Kind::manufacturer,
          "Hersteller Ü", bytes_of(number, 91), at(5)};
}

Voucher voucher(int number) {
  return {bytes_of(number, 16),
          account(1).id,
          VoucherState::owned,
          numbered("SN-", number),
          "Fühler 3",
          device(number).id,
          bytes_of(number + 1'000'000, 16),
          Bytes(3000, 0x84),
          at(6),
          at(7)};
}

Device device(int number) {
  Device d;
  d.id = DeviceId(numbered("device-", number));
  d.account = account(1).id;
  d.name = numbered("Pumpe Süd ", number);
  d.serial = numbered("SN-", number);
  d.model = "P-17";
  d.product_uri = "urn:example:p17";
  d.device_info = "Fühler 3";
  d.groups = {"halle-2", "süd"};
  d.guid = bytes_of(number, 16);
  d.profile = profile(1).id;
  d.state = DeviceState::waiting;
  d.state_reason = "nobody has approved it yet";
  d.created = at(8);
  d.changed = at(9);
  d.last_seen = at(10);
  d.revision = 1;
  return d;
}

DeviceKey device_key(int of, int number) {
  return {device(of).id, bytes_of(number, 32), KeyState::accepted, "fdo-voucher", at(11), at(12)};
}

Certificate certificate(int number) {
  return {bytes_of(number, 16),
          device(1).id,
          account(1).id,
          bytes_of(number, 32),
          bytes_of(number + 1, 32),
          CertificateState::issued,
          at(number),
          at(1'000'000),
          at(13),
          "plant/süd/",
          Bytes(700, 0x30)};
}

OneTimePassword one_time_password(int of) {
  return {device(of).id, bytes_of(of, 32), {}, 0, at(14), at(15)};
}

BootstrapKey bootstrap_key(int of, int number) {
  return {device(of).id, bytes_of(number, 32), bytes_of(1000 + number, 32),
          numbered("DPP:K:", number) + ";;"};
}

WifiNetwork wifi_network(int of) { return {profile(of).id, bytes_of(of, 90), at(16)}; }

Registration registration(int number) {
  return {bytes_of(number, 16), Bytes(900, 0xd2),  bytes_of(number, 91),
          bytes_of(number, 64), at(1000 + number), at(14)};
}

To0Job to0_job(int number, int server) {
  return {bytes_of(number, 16), numbered("https://rv.example/", server),
          at(100 - number),     3,
          "no route to host",   at(15)};
}

Session session(int number) {
  return {numbered("session-", number), bytes_of(number, 2000), at(1000 + number)};
}

Upload upload(int of, int number) {
  return {device(of).id, numbered("logs/süd-", number), 5, bytes_of(number, 48), at(number)};
}

TimelineEvent event(int of, std::string id) {
  return {0, device(of).id, at(16), std::move(id), {{"why", "Überlauf"}, {"why", "twice"}}};
}

}  // namespace fairlead::registry::test
