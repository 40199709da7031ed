// SPDX-License-Identifier: Apache-2.0
// The owner's side of TO2. The first byte says which message of an otherwise good run is replaced
// by the rest of the input, the second how: as it is, signed by the device (64), or sealed (66 to
// 70). What an owner's state says of itself comes back the same when it is read again.
#include "fdo_party.h"

namespace {

using namespace fairlead;
using namespace fairlead::fdo;

class Events final : public OwnerEvents {
 public:
  void on_devmod(const DevMod&) override {}
  Result<Bytes> grant(View offer) override { return to_bytes(offer); }
  Result<Bytes> issue(View csr) override { return to_bytes(csr); }
  Result<Bytes> ca_certificates() override { return Bytes(100, 0x30); }
  Bytes csr_attributes() override { return {0x30, 0x00}; }
  void on_upload_begin() override {}
  Result<void> on_upload_part(std::uint64_t, View) override { return ok(); }
  Result<void> on_upload_end(const std::string&, View) override { return ok(); }
  void on_output(const Action&, std::string_view, View) override {}
  void on_action_refused(const Action&, std::string_view) override {}
  void on_action_done(const Action&, Result<void>) override {}
};

template <class State>
std::optional<State> stored(const To2OwnerState& state) {
  Bytes written = encode_state(state);
  auto again = decode_state(written);
  ASSERT(again.has_value());
  ASSERT(encode_state(*again) == written);
  return std::get<State>(std::move(*again));
}

Bytes sealed(const Tunnel& tunnel, View plain, Random& random) {
  return fuzz::must(fuzz::tunnel_twin(tunnel, KexRole::device).seal(plain, random));
}

// 68 after 68, each a piece of the input.
void exchange(to2::Exchanging state, View input, Random& random) {
  const OwnerPlan plan = {
      action::Csr{},
      action::Grant{},
      action::Download{"a", std::make_shared<const FileInMemory>(Bytes(3000, 7))},
      action::Upload{"b"},
      action::Wget{"c", "https://d", {}},
      action::Command{"e", {"f"}}};
  Events events;
  OwnerDialogue good;
  DevMod devmod;
  devmod.modules = {"fdo.csr",    "fairlead.enroll", "fdo.download",
                    "fdo.upload", "fdo.wget",        "fdo.command"};
  Outbox said;
  push_devmod(said, devmod);
  Bytes first = encode_device_info({false, said.take(5000)});
  bool with_devmod = !input.empty() && (input[0] & 1);
  for (int round = 0; round < 64; ++round) {
    bool own = round == 0 && with_devmod;
    if (!own && input.empty()) return;
    View plain = own ? View(first) : fuzz::take_piece(input);
    Bytes message = sealed(state.tunnel, plain, random);
    auto out = on_device_service_info(random, std::move(state), plan, events, message);
    if (!out) return;
    auto next = stored<to2::Exchanging>(out->state);
    state = std::move(*next);
  }
}

void run(std::uint8_t which, std::uint8_t how, View input) {
  fuzz::CountingRandom random;
  auto context = fuzz::party().context(random);
  const Guid guid = fuzz::party().credential.guid;
  if (which == 0) {
    auto out = on_hello_device(context, input);
    if (out) stored<to2::ProvingDevice>(out->state);
    return;
  }
  auto suites = {CipherSuite::a128gcm, CipherSuite::ccm_64_128_256};
  CipherSuite suite = *(suites.begin() + (how >> 7));
  Bytes hello =
      encode_hello_device({0, guid, Nonce{}, "ECDH256", static_cast<std::int64_t>(suite), -7});
  auto started = fuzz::must(on_hello_device(context, hello));
  auto proving = stored<to2::ProvingDevice>(started.state);
  if (which == 1) {
    (void)on_get_next_entry(context, *proving, input);
    return;
  }
  auto share = fuzz::must(make_share(KexSuite::ecdh256, random));
  auto proof = fuzz::must(decode_prove_ov_header(started.message61));
  Bytes eat = fuzz::must(
      encode_eat({proof.nonce_prove_dv, guid, share.parameter(), Nonce{}}, *fuzz::party().device));
  if (which == 2) {
    Bytes setup_header = *from_hex("a139010250");
    setup_header.resize(setup_header.size() + 16);
    if (how & 1) eat = fuzz::must(sign1(*fuzz::party().device, input, setup_header));
    (void)on_prove_device(context, std::move(*proving), how & 1 ? View(eat) : input);
    return;
  }
  auto proven = fuzz::must(on_prove_device(context, std::move(*proving), eat));
  auto setting_up = stored<to2::SettingUp>(proven.state);
  Bytes ready66 =
      sealed(setting_up->tunnel,
             encode_device_ready(Hash{crypto::HashAlg::sha256, Bytes(32)}, 1300), random);
  if (which == 3) {
    Bytes own = sealed(setting_up->tunnel, input, random);
    auto out = on_service_info_ready(context, std::move(*setting_up), how & 1 ? View(own) : input);
    if (out) stored<to2::Exchanging>(out->state);
    return;
  }
  auto ready = fuzz::must(on_service_info_ready(context, std::move(*setting_up), ready66));
  auto exchanging = stored<to2::Exchanging>(ready.state);
  if (which == 4) return exchange(std::move(*exchanging), input, random);
  Bytes own = sealed(exchanging->tunnel, input, random);
  (void)on_done(random, std::move(*exchanging), how & 1 ? View(own) : input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  View input(data + 2, size - 2);
  if (data[0] == 0xFF) {  // what storage may hand us back
    auto state = decode_state(input);
    if (state) ASSERT(decode_state(encode_state(*state)).has_value());
    return 0;
  }
  run(data[0] % 6, data[1], input);
  return 0;
}
