// SPDX-License-Identifier: Apache-2.0
// What every keystore must do, whatever it is made of. A back end instantiates KeystoreContract in
// a file of its own, with places where such a keystore can be opened again and again.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "keystore/keystore.h"

namespace fairlead::keystore::test {

// Holds what survives when a keystore is closed (a directory, a simulator); gone with the object.
class KeystorePlace {
 public:
  virtual ~KeystorePlace() = default;
  virtual Result<std::unique_ptr<Keystore>> open() = 0;
};

struct KeystoreBackend {
  std::string name;  // for the test's name
  std::function<std::unique_ptr<KeystorePlace>()> fresh;
};

class KeystoreContract : public testing::TestWithParam<KeystoreBackend> {
 protected:
  void SetUp() override;
  void reopen();  // closes the keystore and opens it where it was

  std::unique_ptr<KeystorePlace> place_;
  std::unique_ptr<Keystore> keystore_;
};

inline std::string backend_name(const testing::TestParamInfo<KeystoreBackend>& info) {
  return info.param.name;
}

}  // namespace fairlead::keystore::test
