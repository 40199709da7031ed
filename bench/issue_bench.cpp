// SPDX-License-Identifier: Apache-2.0
// issue_bench [seconds]: operational certificates per second on one core, beside the bare signature
// and verification that each of them needs, in the same run. One line of JSON per key type.
#include <cstdio>
#include <cstdlib>

#include "issue_rates.h"

int main(int argc, char** argv) {
  using namespace fairlead;
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
  for (crypto::KeyType type : {crypto::KeyType::p256, crypto::KeyType::p384}) {
    auto rates = bench::measure_issue(type, seconds > 0 ? seconds : 2.0);
    if (!rates) {
      std::fprintf(stderr, "issue_bench: %s\n", to_string(rates.error()).c_str());
      return 1;
    }
    std::printf(
        "{\"bench\":\"issue\",\"key\":\"%s\",\"certificates_per_second\":%.0f,"
        "\"sign_and_verify_per_second\":%.0f,\"ratio\":%.3f,\"sign_per_second\":%.0f,"
        "\"template_only_per_second\":%.0f,\"parsed_certificates_per_second\":%.0f,"
        "\"library_builder_per_second\":%.0f}\n",
        std::string(to_string(type)).c_str(), rates->request_to_der, rates->sign_and_verify,
        rates->request_to_der / rates->sign_and_verify, rates->sign, rates->template_only,
        rates->request_to_certificate, rates->library_builder);
  }
  return 0;
}
