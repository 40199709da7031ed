// SPDX-License-Identifier: Apache-2.0
#include "server/listeners.h"

#include "codec/pem.h"
#include "crypto/software_key.h"
#include "fdo/types.h"

namespace fairlead::server {

namespace {

constexpr Duration lifetime = std::chrono::days(365);

pki::ServerSubject subject_for(const std::string& host) {
  pki::ServerSubject subject{host, {"localhost"}, {}};
  if (auto ip = fdo::ip_from_text(host))
    subject.ip_addresses.push_back(std::move(*ip));
  else if (host != "localhost")
    subject.dns_names.push_back(host);
  Bytes loopback{127, 0, 0, 1};
  if (subject.ip_addresses.empty() || subject.ip_addresses.front() != loopback)
    subject.ip_addresses.push_back(std::move(loopback));
  return subject;
}

Result<std::vector<crypto::Certificate>> server_chain(const Identity& identity,
                                                      const crypto::PublicKey& key,
                                                      const std::string& host, Random& random,
                                                      Time now) {
  const pki::Authority& authority = identity.operational_ca.authority;
  pki::LeafProfile profile;
  profile.lifetime = lifetime;
  TRY(auto certificate, authority.issue_tls_server(profile, key, subject_for(host), now, random));
  std::vector<crypto::Certificate> chain{std::move(certificate)};
  chain.insert(chain.end(), authority.chain().begin(), authority.chain().end());
  return chain;
}

}  // namespace

Result<net::TlsServer> tls_for(const Identity& identity, const std::string& host, Random& random,
                               Time now) {
  TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  net::TlsServer tls;
  TRY(tls.chain, server_chain(identity, key->public_key(), host, random, now));
  tls.key = std::move(key);
  return tls;
}

Result<net::TlsServer> lasting_tls_for(const Identity& identity, keystore::Keystore& keys,
                                       const std::string& host, Random& random, Time now) {
  const keystore::KeyName name("fdo-listener");
  auto key = keys.open_key(name);
  if (!key && key.error().code == Errc::not_found)
    key = keys.create_key(name, crypto::KeyType::p256);
  if (!key) return fail(key.error());
  net::TlsServer tls;
  TRY(tls.chain, server_chain(identity, (*key)->public_key(), host, random, now));
  tls.key = std::move(*key);
  return tls;
}

Result<PemPair> broker_certificate(const Identity& identity, const std::string& host,
                                   Random& random, Time now) {
  TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  PemPair out;
  TRY(out.chain, server_chain(identity, key->public_key(), host, random, now));
  out.key_pem = pem::encode("PRIVATE KEY", key->pkcs8().reveal());
  return out;
}

Result<ServiceIdentity> service_identity(const Identity& identity, Random& random, Time now) {
  TRY(auto key, crypto::SoftwareKey::generate(crypto::KeyType::p256));
  pki::LeafProfile profile;
  profile.lifetime = lifetime;
  TRY(auto certificate,
      identity.operational_ca.authority.issue(
          profile, key->public_key(), {std::string(service_client_id), {}, {}}, now, random));
  return ServiceIdentity{std::move(certificate), std::move(key)};
}

}  // namespace fairlead::server
