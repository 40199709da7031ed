// SPDX-License-Identifier: Apache-2.0
// Certificates of a small make-believe fleet, made with the openssl program: not by our own code,
// which is under test.
#pragma once

#include <filesystem>
#include <string>

#include "crypto/certificate.h"
#include "crypto/software_key.h"
#include "net/tls.h"
#include "upstream/access/access_table.h"

namespace fairlead::test {

struct Identity {
  std::string certificate_file, key_file;
  std::vector<crypto::Certificate> chain;
  std::shared_ptr<crypto::SoftwareKey> key;
  upstream::CertificateFingerprint fingerprint;

  net::TlsClient tls(const std::vector<crypto::Certificate>& anchors) const;
};

class Authority {
 public:
  // Files go to `folder`. Throws std::runtime_error when openssl does not do its part.
  Authority(std::filesystem::path folder, std::string name);
  Identity issue(const std::string& name, const std::string& san = "");
  const crypto::Certificate& certificate() const { return certificates_.front(); }
  std::vector<crypto::Certificate> anchors() const { return certificates_; }

 private:
  std::filesystem::path folder_;
  std::string name_;
  std::vector<crypto::Certificate> certificates_;
};

}  // namespace fairlead::test
