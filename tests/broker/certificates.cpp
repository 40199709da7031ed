// SPDX-License-Identifier: Apache-2.0
#include "broker/certificates.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace fairlead::test {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0)
    throw std::runtime_error("failed: " + command);
}

}  // namespace

net::TlsClient Identity::tls(const std::vector<crypto::Certificate>& anchors) const {
  net::TlsClient out;
  out.trust.anchors = anchors;
  out.chain = chain;
  out.key = key;
  return out;
}

Authority::Authority(std::filesystem::path folder, std::string name)
    : folder_(std::move(folder)), name_(std::move(name)) {
  auto base = (folder_ / name_).string();
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=" +
      name_ + "' -keyout " + base + ".key -out " + base +
      ".pem -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign");
  certificates_ = crypto::Certificate::from_pem(read(base + ".pem")).value();
}

Identity Authority::issue(const std::string& name, const std::string& san) {
  auto ca = (folder_ / name_).string();
  auto base = (folder_ / (name_ + "-" + name)).string();
  run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=" + name +
      "' -keyout " + base + ".key -out " + base + ".csr");
  std::ofstream(base + ".ext") << "basicConstraints=CA:FALSE\n"
                               << (san.empty() ? "" : "subjectAltName=" + san + "\n");
  run("openssl x509 -req -days 30 -in " + base + ".csr -CA " + ca + ".pem -CAkey " + ca +
      ".key -CAcreateserial -extfile " + base + ".ext -out " + base + ".pem");
  Identity out;
  out.certificate_file = base + ".pem";
  out.key_file = base + ".key";
  out.chain = crypto::Certificate::from_pem(read(out.certificate_file)).value();
  out.key = crypto::SoftwareKey::from_pem(read(out.key_file)).value();
  out.fingerprint.value = out.chain.front().fingerprint().value;
  return out;
}

}  // namespace fairlead::test
