// SPDX-License-Identifier: Apache-2.0
#include "contract/keystore_contract.h"
#include "keystore/file/file_keystore.h"
#include "support/temporary_directory.h"

namespace fairlead::keystore::test {

namespace {

class Folder final : public KeystorePlace {
 public:
  Result<std::unique_ptr<Keystore>> open() override {
    TRY(auto keystore, FileKeystore::open(folder_.path() / "keys"));
    return keystore;
  }

 private:
  fairlead::test::TemporaryDirectory folder_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(File, KeystoreContract,
                         testing::Values(KeystoreBackend{
                             "file", [] { return std::make_unique<Folder>(); }}),
                         backend_name);

}  // namespace fairlead::keystore::test
