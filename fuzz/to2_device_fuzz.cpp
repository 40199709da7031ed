// SPDX-License-Identifier: Apache-2.0
// The device's side of TO2. The first byte says which message of an otherwise good run is replaced
// by the rest of the input, the second how: as it is, signed by the owner (61, 65), or sealed (65
// to 71). Whatever comes, the device commits nothing.
#include "fdo_party.h"

namespace {

using namespace fairlead;
using namespace fairlead::fdo;

enum How : std::uint8_t { is_signed = 1, is_sealed = 2 };

class Echo final : public DeviceModule {
 public:
  std::string_view name() const override { return "echo"; }
  Result<void> receive(std::string_view message, View value, Outbox& out) override {
    out.push("echo:" + std::string(message), to_bytes(value));
    return ok();
  }
};

class Run {
 public:
  Run(std::uint8_t which, std::uint8_t how, View input) : which_(which), how_(how), input_(input) {
    std::vector<std::unique_ptr<DeviceModule>> modules;
    modules.push_back(std::make_unique<Echo>());
    device_ = std::make_unique<To2Device>(
        fuzz::party().credential,
        DeviceKeys{*fuzz::party().device, fuzz::party().hmac, fuzz::party().hmac},
        To2DeviceOptions{}, std::nullopt, random_, std::move(modules), DevMod{});
  }

  void run() {
    auto context = fuzz::party().context(random_);
    Outgoing out = fuzz::must(device_->start());
    auto started = fuzz::must(on_hello_device(context, out.body));
    auto proving = std::get<to2::ProvingDevice>(std::move(started.state));
    if (!say(61, started.message61, nullptr, out)) return;
    while (out.type == 62) {
      Bytes entry = fuzz::must(on_get_next_entry(context, proving, out.body));
      if (!say(63, entry, nullptr, out)) return;
    }
    auto proven = fuzz::must(on_prove_device(context, std::move(proving), out.body));
    auto setting_up = std::get<to2::SettingUp>(std::move(proven.state));
    if (!say(65, proven.message65, &setting_up.tunnel, out)) return;
    auto ready = fuzz::must(on_service_info_ready(context, std::move(setting_up), out.body));
    auto exchanging = std::get<to2::Exchanging>(std::move(ready.state));
    if (!say(67, ready.message67, &exchanging.tunnel, out)) return;
    Bytes done =
        fuzz::must(twin(exchanging.tunnel).seal(encode_owner_info({false, true, {}}), random_));
    if (!say(69, done, &exchanging.tunnel, out)) return;
    say(71, {}, &exchanging.tunnel, out);
    ASSERT(!device_->committed());  // nobody but the owner knows the nonce
  }

 private:
  Tunnel twin(const Tunnel& tunnel) { return fuzz::tunnel_twin(tunnel, KexRole::owner); }

  // The good message, or the input's in its place; false where the run ends.
  bool say(std::uint8_t type, View good, const Tunnel* tunnel, Outgoing& out) {
    Bytes body = to_bytes(good);
    bool ours = type == which_;
    do {
      if (ours) body = from_input(type, tunnel);
      auto answer = device_->on_message(type, body);
      if (!answer) return false;
      out = std::move(*answer);
    } while (ours && type == 69 && out.type == 68 && !input_.empty());
    return out.type == expected_after(type);
  }
  static std::uint8_t expected_after(std::uint8_t type) {
    return type == 61 ? 62 : type == 69 ? 70 : type == 71 ? 0 : type + 1;
  }

  Bytes from_input(std::uint8_t type, const Tunnel* tunnel) {
    View piece = type == 69 ? fuzz::take_piece(input_) : input_;
    Bytes body = to_bytes(piece);
    if (how_ & is_signed) {
      const std::uint8_t empty_map[] = {0xA0};
      cbor::Writer unprotected;  // {256: nonce, 257: owner key}
      unprotected.map(2).integer(256).bytes(Bytes(16)).integer(257).raw(
          fuzz::party().voucher.owner_key().encoded);
      body = fuzz::must(
          sign1(*fuzz::party().owner, piece, type == 61 ? unprotected.view() : View(empty_map)));
    }
    if (how_ & is_sealed && tunnel) body = fuzz::must(twin(*tunnel).seal(body, random_));
    return body;
  }

  std::uint8_t which_, how_;
  View input_;
  fuzz::CountingRandom random_;
  std::unique_ptr<To2Device> device_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::uint8_t messages[] = {61, 63, 65, 67, 69, 71};
  Run(messages[data[0] % 6], data[1], View(data + 2, size - 2)).run();
  return 0;
}
