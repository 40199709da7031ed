// SPDX-License-Identifier: Apache-2.0
// On SoftHSM: one token, and a prefix of its own for each keystore.
#include "contract/keystore_contract.h"
#include "keystore/pkcs11/pkcs11_keystore.h"
#include "support/soft_token.h"

namespace fairlead::keystore::test {

namespace {

fairlead::test::SoftHsm& hsm() {
  static fairlead::test::SoftHsm hsm({"contract"});
  return hsm;
}

class TokenPlace final : public KeystorePlace {
 public:
  Result<std::unique_ptr<Keystore>> open() override {
    return Pkcs11Keystore::open({hsm().address("contract", prefix_), {}, Credentials()});
  }

 private:
  static std::string next_prefix() {
    static int count = 0;
    return "place" + std::to_string(++count) + ".";
  }
  std::string prefix_ = next_prefix();
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Pkcs11, KeystoreContract,
                         testing::Values(KeystoreBackend{
                             "pkcs11", [] { return std::make_unique<TokenPlace>(); }}),
                         backend_name);

}  // namespace fairlead::keystore::test
