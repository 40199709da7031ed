// SPDX-License-Identifier: Apache-2.0
#include "device/initialize.h"

#include "base/limits.h"

namespace fairlead::device {

namespace {

const keystore::KeyName device_key_name("device");

struct FactoryKeys {
  std::unique_ptr<crypto::Signer> device;
  std::unique_ptr<crypto::HmacKey> hmac;
};

// The device key of an earlier, unfinished run is used again if it is of the wanted type; the HMAC
// secret is always new, since the station may already hold a voucher made with the old one.
Result<FactoryKeys> make_keys(keystore::Keystore& keystore, crypto::KeyType type) {
  FactoryKeys out;
  auto existing = keystore.open_key(device_key_name);
  if (existing && (*existing)->public_key().type() == type) {
    out.device = std::move(*existing);
  } else {
    if (!existing && existing.error().code != Errc::not_found) return fail(existing.error());
    TRY_VOID(keystore.remove(device_key_name));
    TRY(out.device, keystore.create_key(device_key_name, type));
  }
  TRY_VOID(keystore.remove(hmac_key_name(0)));
  TRY(out.hmac, keystore.create_hmac_key(hmac_key_name(0)));
  return out;
}

struct AppStart {
  FactoryKeys keys;
  Bytes message;  // 10
};

Result<AppStart> prepare(keystore::Keystore& keystore, const FactoryFacts& facts) {
  AppStart out;
  TRY(out.keys, make_keys(keystore, facts.key_type));
  crypto::CsrSubject subject{facts.serial, facts.serial, {}};
  TRY(Bytes csr, crypto::create_csr(*out.keys.device, subject));
  fdo::DeviceMfgInfo info{facts.key_type, fdo::KeyEncoding::x509, facts.serial, facts.model,
                          std::move(csr)};
  out.message = fdo::encode_app_start(info);
  return out;
}

struct Credentials {
  Identity identity;
  Bytes message;  // 12
};

Result<Credentials> accept(const FactoryKeys& keys, const FactoryFacts& facts, View message11) {
  TRY(Bytes header_bytes, fdo::decode_set_credentials(message11));
  TRY(auto header, fdo::decode_voucher_header(header_bytes));
  auto alg = crypto::hash_for(facts.key_type);
  TRY(Bytes hmac, keys.hmac->hmac(alg, header_bytes));
  Credentials out;
  out.identity = {0,
                  facts.serial,
                  facts.model,
                  device_key_name,
                  hmac_key_name(0),
                  fdo::credential_from(header),
                  false,
                  {},
                  {}};
  out.message = fdo::encode_set_hmac({alg, std::move(hmac)});
  return out;
}

}  // namespace

AttemptTask<Identity> initialize(Workshop shop, FactoryFacts facts, std::string url_text) {
  auto url = net::parse_url(url_text);
  if (!url)
    co_return give_up(Reason::station_unset,
                      "manufacturer '" + url_text + "': " + url.error().context);
  net::TlsTrust trust;
  trust.unauthenticated =
      true;  // DI authenticates nobody: the factory's line is trusted, or nothing is
  FdoClient client(shop.loop, shop.checkpoint, FdoPeer::station, *url, std::move(trust));

  auto prepare_it = [&] { return prepare(shop.keystore, facts); };
  auto preparing = shop.loop.on_worker(prepare_it);
  auto prepared = co_await std::move(preparing);
  CO_TRY(auto start, locally(std::move(prepared), Reason::key_failed));

  auto asking = client.exchange(10, std::move(start.message), 11, limits::reply_deadline);
  CO_TRY(auto answer11, co_await std::move(asking));

  auto accept_it = [&] { return accept(start.keys, facts, answer11.body); };
  auto accepting = shop.loop.on_worker(accept_it);
  auto accepted = co_await std::move(accepting);
  if (!accepted) {
    fdo::Refusal refusal(accepted.error());
    auto reporting = client.report(refusal.code, 10, refusal.why, shop.clock(), 0);
    auto reported = co_await std::move(reporting);
    (void)reported;  // best effort
    co_return give_up(Reason::station_refused, accepted.error().context);
  }
  auto telling = client.exchange(12, std::move(accepted->message), 13, limits::reply_deadline);
  CO_TRY(auto answer13, co_await std::move(telling));
  if (auto empty = fdo::decode_empty(answer13.body); !empty)
    co_return give_up(Reason::peer_wrong, empty.error().context);

  auto save_it = [&] { return save_identity(shop.directory, accepted->identity); };
  auto saving = shop.loop.on_worker(save_it);
  auto saved = co_await std::move(saving);
  CO_TRY_VOID(locally(std::move(saved)));
  co_return std::move(accepted->identity);
}

}  // namespace fairlead::device
