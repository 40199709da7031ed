// SPDX-License-Identifier: Apache-2.0
#include "contract/keystore_contract.h"

#include <atomic>
#include <thread>

namespace fairlead::keystore::test {

namespace {

using crypto::HashAlg;
using crypto::KeyType;

const KeyName device("device"), other("other"), hmac_name("device-hmac");

template <class T>
void expect_error(const Result<T>& result, Errc code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << to_string(result.error());
  EXPECT_FALSE(result.error().context.empty());
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}
void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
}

bool signs(crypto::Signer& key, const crypto::PublicKey& expected) {
  auto signature = must(key.sign(as_view("message")));
  return expected.verify(as_view("message"), signature.raw);
}

}  // namespace

void KeystoreContract::SetUp() {
  place_ = GetParam().fresh();
  keystore_ = must(place_->open());
}

void KeystoreContract::reopen() {
  keystore_.reset();
  keystore_ = must(place_->open());
}

TEST_P(KeystoreContract, NamesOutsideTheRuleAreRefusedEverywhere) {
  const std::string too_long(65, 'a');
  for (const std::string& text :
       {std::string(), std::string("Device"), std::string("a/b"), std::string(".."),
        std::string("a.key"), std::string("a b"), std::string("a\0b", 3), too_long}) {
    KeyName bad(text);
    SCOPED_TRACE(text);
    expect_error(keystore_->create_key(bad, KeyType::p256), Errc::refused);
    expect_error(keystore_->open_key(bad), Errc::refused);
    expect_error(keystore_->create_hmac_key(bad), Errc::refused);
    expect_error(keystore_->open_hmac_key(bad), Errc::refused);
    expect_error(keystore_->rename(bad, device), Errc::refused);
    expect_error(keystore_->rename(device, bad), Errc::refused);
    expect_error(keystore_->remove(bad), Errc::refused);
  }
  EXPECT_TRUE(must(keystore_->list()).empty());
}

TEST_P(KeystoreContract, ANameOfSixtyFourCharactersIsAllowed) {
  KeyName longest(std::string(64, 'z'));
  must(keystore_->create_key(longest, KeyType::p256));
  EXPECT_EQ(must(keystore_->list()), std::vector{longest});
}

TEST_P(KeystoreContract, AbsentKeysAreNotFound) {
  expect_error(keystore_->open_key(device), Errc::not_found);
  expect_error(keystore_->open_hmac_key(device), Errc::not_found);
  expect_error(keystore_->rename(device, other), Errc::not_found);
}

TEST_P(KeystoreContract, ATakenNameIsAConflictAndTheKeyStaysTheSame) {
  auto first = must(keystore_->create_key(device, KeyType::p256));
  auto public_key = first->public_key();
  expect_error(keystore_->create_key(device, KeyType::p256), Errc::conflict);
  expect_error(keystore_->create_hmac_key(device), Errc::conflict);
  reopen();
  expect_error(keystore_->create_key(device, KeyType::p384), Errc::conflict);
  EXPECT_EQ(must(keystore_->open_key(device))->public_key(), public_key);
}

TEST_P(KeystoreContract, AnHmacKeyIsNoSigningKeyAndTheReverse) {
  must(keystore_->create_key(device, KeyType::p256));
  must(keystore_->create_hmac_key(hmac_name));
  expect_error(keystore_->open_hmac_key(device), Errc::conflict);
  expect_error(keystore_->open_key(hmac_name), Errc::conflict);
  expect_error(keystore_->create_key(hmac_name, KeyType::p256), Errc::conflict);
}

TEST_P(KeystoreContract, SigningKeysSurviveReopening) {
  for (KeyType type : {KeyType::p256, KeyType::p384}) {
    KeyName name(type == KeyType::p256 ? "p256" : "p384");
    auto created = must(keystore_->create_key(name, type));
    auto public_key = created->public_key();
    EXPECT_EQ(public_key.type(), type);
    EXPECT_TRUE(signs(*created, public_key));
    created.reset();
    reopen();
    auto opened = must(keystore_->open_key(name));
    EXPECT_EQ(opened->public_key(), public_key);
    EXPECT_TRUE(signs(*opened, public_key));
  }
}

TEST_P(KeystoreContract, HmacKeysSurviveReopening) {
  auto created = must(keystore_->create_hmac_key(hmac_name));
  Bytes short_mac = must(created->hmac(HashAlg::sha256, as_view("voucher")));
  Bytes long_mac = must(created->hmac(HashAlg::sha384, as_view("voucher")));
  EXPECT_EQ(short_mac.size(), 32u);
  EXPECT_EQ(long_mac.size(), 48u);
  created.reset();
  reopen();
  auto opened = must(keystore_->open_hmac_key(hmac_name));
  EXPECT_EQ(must(opened->hmac(HashAlg::sha256, as_view("voucher"))), short_mac);
  EXPECT_EQ(must(opened->hmac(HashAlg::sha384, as_view("voucher"))), long_mac);
}

TEST_P(KeystoreContract, TwoKeysAreNeverTheSame) {
  auto a = must(keystore_->create_key(device, KeyType::p256));
  auto b = must(keystore_->create_key(other, KeyType::p256));
  EXPECT_NE(a->public_key(), b->public_key());
  auto c = must(keystore_->create_hmac_key(KeyName("one")));
  auto d = must(keystore_->create_hmac_key(KeyName("two")));
  EXPECT_NE(must(c->hmac(HashAlg::sha256, {})), must(d->hmac(HashAlg::sha256, {})));
}

TEST_P(KeystoreContract, SealedSecretsOpenAfterReopening) {
  Bytes sealed = must(keystore_->seal(as_view("network passphrase")));
  Bytes empty = must(keystore_->seal({}));
  EXPECT_EQ(std::ranges::search(sealed, as_view("passphrase")).size(), 0u);
  EXPECT_NE(sealed, must(keystore_->seal(as_view("network passphrase"))));
  reopen();
  EXPECT_EQ(as_text(must(keystore_->unseal(sealed)).reveal()), "network passphrase");
  EXPECT_TRUE(must(keystore_->unseal(empty)).empty());
}

TEST_P(KeystoreContract, AChangedOrForeignSealedSecretIsNotOpened) {
  Bytes sealed = must(keystore_->seal(as_view("secret")));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] ^= 1;
    EXPECT_FALSE(keystore_->unseal(changed)) << "byte " << i;
    EXPECT_FALSE(keystore_->unseal(View(sealed).first(i))) << "length " << i;
  }
  auto elsewhere = GetParam().fresh();
  auto stranger = must(elsewhere->open());
  expect_error(stranger->unseal(sealed), Errc::untrusted);
}

TEST_P(KeystoreContract, RemovingIsIdempotentAndFreesTheName) {
  must(keystore_->remove(device));
  auto first = must(keystore_->create_key(device, KeyType::p256))->public_key();
  must(keystore_->remove(device));
  must(keystore_->remove(device));
  expect_error(keystore_->open_key(device), Errc::not_found);
  reopen();
  expect_error(keystore_->open_key(device), Errc::not_found);
  EXPECT_NE(must(keystore_->create_key(device, KeyType::p256))->public_key(), first);
}

TEST_P(KeystoreContract, RenamingMovesAKey) {
  auto public_key = must(keystore_->create_key(other, KeyType::p256))->public_key();
  must(keystore_->rename(other, device));
  expect_error(keystore_->open_key(other), Errc::not_found);
  reopen();
  EXPECT_EQ(must(keystore_->open_key(device))->public_key(), public_key);
  EXPECT_EQ(must(keystore_->list()), std::vector{device});
}

TEST_P(KeystoreContract, RenamingReplacesWhatIsThereWhateverItsKind) {
  must(keystore_->create_key(device, KeyType::p256));
  auto fresh = must(keystore_->create_key(other, KeyType::p384))->public_key();
  must(keystore_->rename(other, device));
  EXPECT_EQ(must(keystore_->open_key(device))->public_key(), fresh);

  must(keystore_->create_hmac_key(hmac_name));
  must(keystore_->rename(hmac_name, device));
  reopen();
  EXPECT_TRUE(keystore_->open_hmac_key(device));
  EXPECT_EQ(must(keystore_->list()), std::vector{device});
}

TEST_P(KeystoreContract, RenamingToItselfChangesNothing) {
  auto public_key = must(keystore_->create_key(device, KeyType::p256))->public_key();
  must(keystore_->rename(device, device));
  EXPECT_EQ(must(keystore_->open_key(device))->public_key(), public_key);
}

TEST_P(KeystoreContract, ListNamesEveryKeyInOrder) {
  EXPECT_TRUE(must(keystore_->list()).empty());
  must(keystore_->create_key(other, KeyType::p256));
  must(keystore_->create_key(device, KeyType::p256));
  must(keystore_->create_hmac_key(hmac_name));
  must(keystore_->seal(as_view("no key")));
  reopen();
  EXPECT_EQ(must(keystore_->list()), (std::vector{device, hmac_name, other}));
}

// crypto/signer.h: "sign() may be called from several worker threads at once".
TEST_P(KeystoreContract, SeveralThreadsSignAtOnce) {
  auto key = must(keystore_->create_key(device, KeyType::p256));
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 25; ++n) good += signs(*key, key->public_key()) ? 1 : 0;
      });
  }
  EXPECT_EQ(good, 100);
}

TEST_P(KeystoreContract, SeveralThreadsSealFromTheFirstMomentOn) {
  std::vector<Bytes> sealed(4);
  {
    std::vector<std::jthread> threads;
    for (Bytes& one : sealed)
      threads.emplace_back([&] {
        if (auto made = keystore_->seal(as_view("secret"))) one = std::move(*made);
      });
  }
  for (const Bytes& one : sealed)
    EXPECT_EQ(as_text(must(keystore_->unseal(one)).reveal()), "secret");
}

TEST_P(KeystoreContract, HmacKeysAreUsedBySeveralThreadsAtOnce) {
  auto key = must(keystore_->create_hmac_key(hmac_name));
  const Bytes expected = must(key->hmac(HashAlg::sha256, as_view("message")));
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 5; ++n)
          good += must(key->hmac(HashAlg::sha256, as_view("message"))) == expected ? 1 : 0;
      });
  }
  EXPECT_EQ(good, 20);
}

TEST_P(KeystoreContract, OfSeveralThreadsOneGetsTheName) {
  std::atomic<int> won = 0, conflicts = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        auto made = keystore_->create_key(device, KeyType::p256);
        if (made) ++won;
        if (!made && made.error().code == Errc::conflict) ++conflicts;
      });
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(conflicts, 3);
}

TEST_P(KeystoreContract, AKeyInUseOutlivesItsNameAndItsKeystore) {
  auto key = must(keystore_->create_key(device, KeyType::p256));
  must(keystore_->rename(device, other));
  EXPECT_TRUE(signs(*key, key->public_key()));
  keystore_.reset();
  EXPECT_TRUE(signs(*key, key->public_key()));
}

TEST_P(KeystoreContract, ItSaysWhatKindItIs) { EXPECT_FALSE(keystore_->kind().empty()); }

}  // namespace fairlead::keystore::test
