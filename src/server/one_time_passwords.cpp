// SPDX-License-Identifier: Apache-2.0
#include "server/one_time_passwords.h"

#include "base/events.h"

namespace fairlead::server {

namespace {

// Letters and digits that are not taken for each other when read out or copied from paper.
constexpr std::string_view alphabet = "123456789abcdefghjkmnpqrstuvwxyz";
constexpr std::size_t characters = 20, group = 5;

std::string draw_password(Random& random) {
  std::string out;
  Bytes drawn = random.bytes(characters);
  for (std::size_t i = 0; i < characters; ++i) {
    if (i > 0 && i % group == 0) out.push_back('-');
    out.push_back(alphabet[drawn[i] % alphabet.size()]);
  }
  return out;
}
static_assert(256 % alphabet.size() == 0, "every character is equally likely");

std::unexpected<Error> no() {
  return fail(Errc::untrusted,
              "user name or one-time password is wrong, used, locked or too old; "
              "`fairlead device otp` makes a new one");
}

}  // namespace

Result<OneTimePasswords::Made> OneTimePasswords::create(const DeviceId& id, const Actor& actor,
                                                        Duration lifetime, Time now) {
  TRY(auto device, store_.read().find_device(id));
  if (!device) return fail(Errc::not_found, "there is no device '" + id.str() + "'");
  Made made{draw_password(random_), now + lifetime};
  registry::OneTimePassword record;
  record.device = id;
  record.sha256 = to_bytes(View(crypto::sha256(as_view(made.password))));
  record.created = now;
  record.expires = made.expires;
  Fields fields{{"who", actor.who}, {"expires", to_rfc3339(made.expires)}};
  registry::Transaction changes{registry::PutOneTimePassword{std::move(record)}};
  append_deed(changes, actor, *device, now, event::otp_made, fields);
  TRY_VOID(store_.commit(std::move(changes)));
  log_.write(event::otp_made, fields);
  return made;
}

// By id, else by a serial that one device has.
Result<std::optional<registry::Device>> OneTimePasswords::device_called(std::string_view user) {
  TRY(auto by_id, store_.read().find_device(DeviceId(std::string(user))));
  if (by_id || user.empty()) return by_id;
  registry::DeviceFilter filter;
  filter.search = user;
  TRY(auto found, store_.read().devices(filter, {}));
  std::erase_if(found, [&](const registry::Device& each) { return each.serial != user; });
  if (found.size() != 1) return std::optional<registry::Device>();
  return std::optional(std::move(found.front()));
}

Result<registry::Device> OneTimePasswords::use(std::string_view user, View password,
                                               const crypto::PublicKey& key,
                                               const std::string& peer, Time now) {
  TRY(auto device, device_called(user));
  if (!device) return no();
  TRY(auto record, store_.read().find_one_time_password(device->id));
  if (!record || record->failures >= wrong_passwords_max || record->expires <= now) return no();
  // The hash of something with 100 bits of entropy needs no salt and no slowness.
  auto shown = crypto::sha256(password);
  if (!equal_constant_time(shown, record->sha256)) {
    registry::Transaction changes{registry::CountWrongPassword{device->id}};
    const bool locks = record->failures + 1 == wrong_passwords_max;
    if (locks) changes.push_back(timeline(device->id, now, event::otp_locked, {{"peer", peer}}));
    TRY_VOID(store_.commit(std::move(changes)));
    if (locks) log_(event::otp_locked, {{"peer", peer}});
    return no();
  }
  auto used = store_.commit({registry::UseOneTimePassword{device->id, record->sha256,
                                                          to_bytes(View(key.fingerprint()))}});
  if (!used && used.error().code == Errc::conflict) return no();
  if (!used) return std::unexpected(used.error());
  return std::move(*device);
}

}  // namespace fairlead::server
