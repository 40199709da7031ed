// SPDX-License-Identifier: Apache-2.0
#include "device/local_offer.h"

#include "device/attested_offer.h"
#include "device/modules/enrollment.h"

namespace fairlead::device {

namespace {

// Not the key that an owner by FDO is shown: no two see the same.
keystore::KeyName next_key(const std::optional<Identity>& identity) {
  std::uint64_t generation = identity ? identity->generation + 1 : 1;
  return keystore::KeyName("operational-" + std::to_string(generation) + "-local");
}

Result<std::unique_ptr<crypto::Signer>> open_or_create(Workshop& shop,
                                                       const keystore::KeyName& name,
                                                       crypto::KeyType type) {
  auto existing = shop.keystore.open_key(name);
  if (existing || existing.error().code != Errc::not_found) return existing;
  return shop.keystore.create_key(name, type);
}

Result<enroll::Grant> grant_for(const std::vector<crypto::Sha256>& offers, View document,
                                const crypto::PublicKey& owner) {
  Result<enroll::Grant> out = fail(Errc::not_found, "there is no open Offer");
  for (const crypto::Sha256& each : offers) {
    out = enroll::decode_grant(document, owner, each);
    if (out) return out;
  }
  return out;
}

}  // namespace

Result<LocalOffer> make_local_offer(Workshop& shop, const LocalFacts& facts,
                                    const std::optional<Identity>& identity,
                                    const enroll::OfferNonce& nonce) {
  if (facts.serial.empty())
    return fail(Errc::refused, "the machine has no serial number: set one with --serial");
  TRY(auto key, open_or_create(shop, next_key(identity), facts.key_type));
  crypto::CsrSubject subject{facts.serial, facts.serial, {}};
  if (!facts.product_uri.empty()) subject.san_uris.push_back(facts.product_uri);
  enroll::Offer offer;
  offer.product_uri = facts.product_uri;
  offer.serial = facts.serial;
  offer.model = facts.model;
  offer.firmware = facts.firmware;
  TRY(offer.csr, crypto::create_csr(*key, subject));
  offer.evidence = enroll::Evidence::possession;
  offer.nonce = nonce;
  offer.keystore = shop.keystore.kind();
  TRY(auto written, write_offer(shop.keystore, next_key(identity), *key, offer));
  crypto::Sha256 hash = crypto::sha256(written.document);
  return LocalOffer{std::move(written.document), std::move(written.unproven_because), hash};
}

Result<Identity> accept_local_grant(Workshop& shop, const LocalFacts& facts,
                                    const std::optional<Identity>& identity,
                                    const std::vector<crypto::Sha256>& offers,
                                    const local::CheckGrant& given, bool clock_plausible) {
  TRY(auto owner, crypto::PublicKey::from_spki(given.owner).in("the owner's key"));
  TRY(auto opened, open_if_sealed(shop.keystore, given.grant));
  TRY(auto grant, grant_for(offers, opened.document, owner));
  keystore::KeyName name = next_key(identity);
  TRY(auto key, shop.keystore.open_key(name));
  TRY_VOID(check_chain(grant.chain, key->public_key(), shop.clock(), clock_plausible));
  Identity out = identity.value_or(Identity{});
  ++out.generation;
  out.serial = facts.serial;
  out.model = facts.model;
  out.operational = Operational{std::move(name),
                                grant.device,
                                std::move(grant.chain),
                                std::move(grant.endpoints),
                                std::move(grant.anchors),
                                grant.server_time,
                                std::move(grant.renewal_url),
                                opened.sealed};
  return out;
}

}  // namespace fairlead::device
