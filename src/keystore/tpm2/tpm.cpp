// SPDX-License-Identifier: Apache-2.0
#include "keystore/tpm2/tpm.h"

#include <chrono>
#include <mutex>
#include <thread>

#include "keystore/tpm2/areas.h"
#include "keystore/tpm2/bench.h"
#include "keystore/tpm2/endorsement.h"

namespace fairlead::keystore::tpm2 {

namespace {

constexpr auto busy_deadline = std::chrono::seconds(5);
constexpr auto busy_pause_max = std::chrono::milliseconds(200);

TPM2_ALG_ID algorithm(crypto::HashAlg alg) {
  return alg == crypto::HashAlg::sha384 ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
}

Result<crypto::Signature> sign(const Bench& bench, const KeyFile& key, crypto::KeyType type,
                               View digest) {
  TRY(auto loaded, load(bench, key));
  TRY(auto session, session_for(bench, key));
  TPM2B_DIGEST hashed{};
  hashed.size = static_cast<UINT16>(digest.size());
  std::ranges::copy(digest, hashed.buffer);
  TPMT_SIG_SCHEME scheme{};
  scheme.scheme = TPM2_ALG_ECDSA;
  scheme.details.ecdsa.hashAlg = algorithm(crypto::hash_for(type));
  // The digest is made outside, so there is no proof that the TPM hashed it; such keys need none.
  TPMT_TK_HASHCHECK no_proof{};
  no_proof.tag = TPM2_ST_HASHCHECK;
  no_proof.hierarchy = TPM2_RH_NULL;
  TPMT_SIGNATURE* made = nullptr;
  TRY_VOID(
      bench.connection.check(Esys_Sign(bench.esys(), loaded.get(), handle_of(session), ESYS_TR_NONE,
                                       ESYS_TR_NONE, &hashed, &scheme, &no_proof, &made),
                             "signing"));
  Esys<TPMT_SIGNATURE> owned(made);
  return raw_signature(*made, type);
}

// As a sequence, since one command takes 1024 bytes at most and a voucher's header may be longer.
Result<Bytes> hmac(const Bench& bench, const KeyFile& key, crypto::HashAlg alg, View message) {
  TRY(bool has_hash, bench.connection.has_algorithm(algorithm(alg)));
  if (!has_hash) return fail(Errc::unsupported, "this TPM does not have SHA-384");
  TRY(auto loaded, load(bench, key));
  TRY(auto session, session_for(bench, key));
  const TPM2B_AUTH no_auth{};
  ESYS_TR started = ESYS_TR_NONE;
  TRY_VOID(bench.connection.check(
      Esys_HMAC_Start(bench.esys(), loaded.get(), handle_of(session), ESYS_TR_NONE, ESYS_TR_NONE,
                      &no_auth, algorithm(alg), &started),
      "HMAC"));
  Slot sequence(bench.connection, started);
  TPM2B_MAX_BUFFER piece{};
  for (;;) {
    piece.size = static_cast<UINT16>(std::min(message.size(), sizeof piece.buffer));
    std::ranges::copy(message.first(piece.size), piece.buffer);
    message = message.subspan(piece.size);
    if (message.empty()) break;
    TRY_VOID(
        bench.connection.check(Esys_SequenceUpdate(bench.esys(), sequence.get(), ESYS_TR_PASSWORD,
                                                   ESYS_TR_NONE, ESYS_TR_NONE, &piece),
                               "HMAC"));
  }
  TPM2B_DIGEST* result = nullptr;
  TRY_VOID(bench.connection.check(
      Esys_SequenceComplete(bench.esys(), sequence.get(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                            ESYS_TR_NONE, &piece, ESYS_TR_RH_NULL, &result, nullptr),
      "HMAC"));
  sequence.given_back();
  Esys<TPM2B_DIGEST> owned(result);
  return Bytes(result->buffer, result->buffer + result->size);
}

Result<SecretBytes> unseal(const Bench& bench, const KeyFile& key) {
  TRY(auto loaded, load(bench, key));
  TRY(auto session, start_session(bench.connection, bench.storage_key.handle));
  TRY_VOID(encrypt(bench.connection, session, TPMA_SESSION_ENCRYPT));
  TPM2B_SENSITIVE_DATA* data = nullptr;
  TRY_VOID(bench.connection.check(
      Esys_Unseal(bench.esys(), loaded.get(), session.get(), ESYS_TR_NONE, ESYS_TR_NONE, &data),
      "unsealing"));
  Esys<TPM2B_SENSITIVE_DATA> owned(data);
  auto out = SecretBytes::copy_of(View(data->buffer, data->size));
  explicit_bzero(data->buffer, sizeof data->buffer);
  return out;
}

}  // namespace

struct Tpm::Impl {
  std::string tcti;
  Authorisation authorisation;
  std::optional<StorageKeyId> known;  // from the first connection on
  std::mutex mutex;
  std::unique_ptr<Connection> connection;
  std::optional<StorageKey> storage_key;

  // Up to where it fails; another call goes on from there.
  Result<void> connect() {
    if (!connection) {
      TRY(connection, Connection::open(tcti));
    }
    TRY_VOID(connection->start_up().in("the TPM '" + tcti + "'"));
    TRY(storage_key, find_storage_key(*connection, authorisation.owner, known));
    known = storage_key->id;
    return ok();
  }

  template <class Job>
  auto attempt(Job& job) -> decltype(job(std::declval<const Bench&>())) {
    if (!storage_key) TRY_VOID(connect());
    return job(Bench{*connection, *storage_key, authorisation.key});
  }
  void disconnect() {
    storage_key.reset();
    connection.reset();
  }

  // Runs job(Bench), again where that helps. Every job begins with nothing in the TPM, so it can be
  // repeated whole.
  template <class Job>
  auto run(Job job) -> decltype(job(std::declval<const Bench&>())) {
    std::lock_guard one_at_a_time(mutex);
    std::optional<std::chrono::steady_clock::time_point> deadline;  // from the first busy answer
    auto pause = std::chrono::milliseconds(5);
    for (bool reconnected = false;;) {
      auto result = attempt(job);
      if (result) return result;
      const Verdict verdict = connection ? connection->verdict() : Verdict::failed;
      if (verdict == Verdict::lost) disconnect();
      if (verdict == Verdict::lost && !std::exchange(reconnected, true)) continue;
      const auto now = std::chrono::steady_clock::now();
      if (!deadline) deadline = now + busy_deadline;
      if (verdict != Verdict::again || now + pause > *deadline) return result;
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, busy_pause_max);
    }
  }
};

Tpm::Tpm(std::unique_ptr<Impl> impl, StorageKeyId storage_key)
    : impl_(std::move(impl)), storage_key_(std::move(storage_key)) {}
Tpm::~Tpm() = default;

Result<std::shared_ptr<Tpm>> Tpm::open(std::string tcti, Authorisation authorisation,
                                       std::optional<StorageKeyId> known) {
  auto impl = std::make_unique<Impl>();
  impl->tcti = std::move(tcti);
  impl->authorisation = std::move(authorisation);
  impl->known = std::move(known);
  TRY_VOID(impl->run([](const Bench&) { return ok(); }));
  StorageKeyId storage_key = *impl->known;
  return std::shared_ptr<Tpm>(new Tpm(std::move(impl), std::move(storage_key)));
}

Result<KeyFile> Tpm::create_signing_key(crypto::KeyType type) {
  if (!crypto::is_ec(type)) return fail(Errc::unsupported, "a TPM key is P-256 or P-384");
  return impl_->run([&](const Bench& bench) -> Result<KeyFile> {
    if (type == crypto::KeyType::p384) {
      TRY(bool curve, bench.connection.has_curve(TPM2_ECC_NIST_P384));
      TRY(bool hash, bench.connection.has_algorithm(TPM2_ALG_SHA384));
      if (!curve || !hash)
        return fail(Errc::unsupported, "this TPM does not have P-384: use P-256");
    }
    return create(bench, Wrapped::key, signing_key_area(type, bench.guessing()), {});
  });
}

Result<KeyFile> Tpm::create_hmac_key() {
  return impl_->run([&](const Bench& bench) -> Result<KeyFile> {
    TRY(bool large, bench.connection.has_algorithm(TPM2_ALG_SHA384));
    const TPM2_ALG_ID name_algorithm = large ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
    return create(bench, Wrapped::key, hmac_key_area(name_algorithm, bench.guessing()), {});
  });
}

Result<KeyFile> Tpm::seal(View secret) {
  constexpr std::size_t sealed_bytes_max = 128;
  if (secret.empty() || secret.size() > sealed_bytes_max)
    return fail(Errc::internal, "a TPM seals 1 to 128 bytes");
  return impl_->run([&](const Bench& bench) {
    return create(bench, Wrapped::sealed_data, sealed_data_area(bench.guessing()), secret);
  });
}

Result<KeyFile> Tpm::create_attestation_key() {
  return impl_->run([&](const Bench& bench) {
    return create(bench, Wrapped::key, attestation_key_area(bench.guessing()), {});
  });
}

Result<crypto::Certificate> Tpm::endorsement_certificate() {
  return impl_->run([](const Bench& bench) { return read_endorsement_certificate(bench); });
}

Result<Tpm::Statement> Tpm::certify(const KeyFile& key, const KeyFile& attestation_key,
                                    View qualifying) {
  return impl_->run(
      [&](const Bench& bench) { return tpm2::certify(bench, key, attestation_key, qualifying); });
}

Result<SecretBytes> Tpm::activate(const crypto::Certificate& endorsement,
                                  const KeyFile& attestation_key,
                                  const crypto::TpmCredential& credential) {
  return impl_->run([&](const Bench& bench) {
    return tpm2::activate(bench, impl_->authorisation.endorsement, endorsement, attestation_key,
                          credential);
  });
}

Result<void> Tpm::try_out(const KeyFile& key) {
  return impl_->run([&](const Bench& bench) -> Result<void> {
    TRY(auto loaded, load(bench, key));
    return ok();
  });
}

Result<crypto::Signature> Tpm::sign(const KeyFile& key, crypto::KeyType type, View digest) {
  return impl_->run([&](const Bench& bench) { return tpm2::sign(bench, key, type, digest); });
}

Result<Bytes> Tpm::hmac(const KeyFile& key, crypto::HashAlg alg, View message) {
  return impl_->run([&](const Bench& bench) { return tpm2::hmac(bench, key, alg, message); });
}

Result<SecretBytes> Tpm::unseal(const KeyFile& key) {
  return impl_->run([&](const Bench& bench) { return tpm2::unseal(bench, key); });
}

}  // namespace fairlead::keystore::tpm2
