// SPDX-License-Identifier: Apache-2.0
// vouchers_bench --folder DIR --owner FILE [--count N] [--bad N]
// Makes what the import is measured with: N vouchers for the owner key in FILE (PEM), a thousand in
// a file, as DIR/vouchers/*.pem; `bad` of them have one flipped bit in their last signature. Writes
// the maker's public key to DIR/maker.pem.
// vouchers_bench --limit FILE: how many of the first vouchers in FILE one thread could verify per
// second of its time, did it nothing else (voucher_limit.h).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "codec/pem.h"
#include "to2_rates.h"
#include "voucher_limit.h"

namespace {

using namespace fairlead;

constexpr std::size_t vouchers_per_file = 1000;
constexpr std::streamsize limit_text_bytes = 256 * 1024;  // a hundred vouchers and more

// The last byte of a voucher is the last of its last entry's signature.
std::string spoilt(const std::string& voucher) {
  auto blocks = pem::decode(voucher);
  if (!blocks) return voucher;
  blocks->front().content.back() ^= 1;
  return pem::encode(blocks->front().label, blocks->front().content);
}

Result<void> write(const std::filesystem::path& folder, const std::string& owner_file,
                   std::size_t count, std::size_t bad) {
  std::ostringstream owner_pem;
  owner_pem << std::ifstream(owner_file).rdbuf();
  TRY(auto blocks, pem::decode(owner_pem.str()));
  if (blocks.empty()) return fail(Errc::malformed, owner_file + ": no public key");
  TRY(auto owner, crypto::PublicKey::from_spki(blocks.front().content));
  TRY(auto maker, bench::Maker::create(crypto::KeyType::p256));
  std::filesystem::create_directories(folder / "vouchers");
  std::ofstream(folder / "maker.pem") << pem::encode("PUBLIC KEY", maker.public_key().spki());
  const std::size_t bad_every = bad > 0 ? count / bad : count + 1;
  for (std::size_t first = 0; first < count; first += vouchers_per_file) {
    const std::size_t some = std::min(vouchers_per_file, count - first);
    TRY(auto devices, bench::make_devices(maker, owner, first, some, false));
    std::ofstream out(folder / "vouchers" / (std::to_string(1'000'000 + first) + ".pem"));
    for (std::size_t i = 0; i < some; ++i)
      out << ((first + i + 1) % bad_every == 0 ? spoilt(devices[i].pem_voucher)
                                               : devices[i].pem_voucher);
    if (!out.flush()) return fail(Errc::io, "vouchers can't be written");
  }
  return ok();
}

Result<void> print_limit(const std::string& file) {
  std::string text(std::size_t{limit_text_bytes}, '\0');
  std::ifstream in(file);
  text.resize(static_cast<std::size_t>(in.read(text.data(), limit_text_bytes).gcount()));
  text.resize(text.rfind("-----BEGIN") == text.npos ? 0 : text.rfind("-----BEGIN"));
  TRY(auto blocks, pem::decode(text));
  std::vector<fdo::Voucher> vouchers;
  for (const pem::Block& block : blocks) {
    TRY(auto voucher, fdo::decode_voucher(block.content));
    vouchers.push_back(std::move(voucher));
  }
  TRY(double rate, bench::voucher_limit(vouchers, 1.0));
  std::printf("{\"verified_per_cpu_second\":%.0f}\n", rate);
  return ok();
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder, owner, limit;
  std::size_t count = 1000, bad = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string_view name = argv[i];
    if (name == "--folder") folder = argv[i + 1];
    if (name == "--owner") owner = argv[i + 1];
    if (name == "--limit") limit = argv[i + 1];
    if (name == "--count") count = static_cast<std::size_t>(std::atol(argv[i + 1]));
    if (name == "--bad") bad = static_cast<std::size_t>(std::atol(argv[i + 1]));
  }
  if (limit.empty() && (folder.empty() || owner.empty())) {
    std::fprintf(stderr,
                 "vouchers_bench --folder DIR --owner FILE [--count N] [--bad N]\n"
                 "vouchers_bench --limit FILE\n");
    return 2;
  }
  auto done = limit.empty() ? write(folder, owner, count, bad) : print_limit(limit);
  if (done) return 0;
  std::fprintf(stderr, "vouchers_bench: %s\n", to_string(done.error()).c_str());
  return 1;
}
