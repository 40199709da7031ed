// SPDX-License-Identifier: Apache-2.0
// Through a resource manager, as on a machine where others use the TPM too: several keystores are
// open at once in this suite.
#include "contract/keystore_contract.h"
#include "keystore/tpm2/tpm2_keystore.h"
#include "support/soft_tpm.h"

namespace fairlead::keystore::test {

namespace {

fairlead::test::SharedTpm& shared_tpm() {
  static fairlead::test::SharedTpm tpm;
  tpm.use_bus();
  return tpm;
}

class TpmFolder final : public KeystorePlace {
 public:
  Result<std::unique_ptr<Keystore>> open() override {
    return Tpm2Keystore::open({shared_tpm().tcti(), folder_.path() / "keys", Credentials()});
  }

 private:
  fairlead::test::TemporaryDirectory folder_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Tpm2, KeystoreContract,
                         testing::Values(KeystoreBackend{
                             "tpm2", [] { return std::make_unique<TpmFolder>(); }}),
                         backend_name);

}  // namespace fairlead::keystore::test
