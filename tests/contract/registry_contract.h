// SPDX-License-Identifier: Apache-2.0
// What every registry must do, whatever keeps it. A back end instantiates RegistryContract in a
// file of its own (registry_sqlite_contract.cpp), with places where such a registry can be opened
// again and again, also several times at once, as several servers do.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "registry/registry.h"

namespace fairlead::registry::test {

// Holds what survives when a registry is closed (a file, a database); gone with the object.
class RegistryPlace {
 public:
  virtual ~RegistryPlace() = default;
  virtual Result<std::unique_ptr<Registry>> open() = 0;
};

struct RegistryBackend {
  std::string name;  // for the test's name
  std::function<std::unique_ptr<RegistryPlace>()> fresh;
};

class RegistryContract : public testing::TestWithParam<RegistryBackend> {
 protected:
  void SetUp() override;
  void
  reopen();  // closes the registry and opens it where it was: what is lost then was not durable

  // Writes one transaction that has to succeed, then reopens.
  void keep(Transaction transaction);

  std::unique_ptr<RegistryPlace> place_;
  std::unique_ptr<Registry> registry_;
};

inline std::string backend_name(const testing::TestParamInfo<RegistryBackend>& info) {
  return info.param.name;
}

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
inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
}

// Records with every field filled in, distinct by number where their key is. The text is not only
// ASCII.
Account account(int number);
User user(int number);
ApiToken token(int number);
Profile profile(int number);
TrustedKey trusted_key(int number);
Voucher voucher(int number);
Device device(int number);
DeviceKey device_key(int device, int number);
Certificate certificate(int number);
OneTimePassword one_time_password(int device);
BootstrapKey bootstrap_key(int device, int number);
WifiNetwork wifi_network(int profile);
Registration registration(int number);
To0Job to0_job(int number, int server);
Session session(int number);
Upload upload(int device, int number);  // of 5 bytes
TimelineEvent event(int device, std::string id);

Bytes bytes_of(int number,
               std::size_t size);    // big-endian at the front, so that it orders by number
Time at(std::int64_t milliseconds);  // after a fixed day

}  // namespace fairlead::registry::test
