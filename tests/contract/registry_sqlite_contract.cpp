// SPDX-License-Identifier: Apache-2.0
#include "contract/registry_contract.h"
#include "registry/sqlite/sqlite_registry.h"
#include "support/temporary_directory.h"

namespace fairlead::registry::test {
namespace {

class File final : public RegistryPlace {
 public:
  Result<std::unique_ptr<Registry>> open() override {
    TRY(auto registry, SqliteRegistry::open(folder_.path() / "registry.sqlite"));
    return registry;
  }

 private:
  fairlead::test::TemporaryDirectory folder_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Sqlite, RegistryContract,
                         testing::Values(RegistryBackend{"sqlite",
                                                         [] { return std::make_unique<File>(); }}),
                         backend_name);

}  // namespace fairlead::registry::test
