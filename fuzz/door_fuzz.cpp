// SPDX-License-Identifier: Apache-2.0
// The device's door: the input is a list of events. A client that knows the code says whatever the
// input says, sealed; strangers send it as it is; the driver reports what it likes; time passes. At
// most one reply or refusal per request, and nothing is committed but what was checked and tried.
#include "base/assert.h"
#include "base/limits.h"
#include "counting_random.h"
#include "local/door.h"

namespace {

using namespace fairlead;
using namespace fairlead::local;

constexpr std::string_view endpoints[] = {"proto-ver", "prov-session", "prov-config", "prov-ctrl",
                                          "prov-scan", "fairlead",     "other"};

// Security 1, since its handshake is a thousand times cheaper than that of Security 2.
DoorOptions options() {
  DoorOptions out;
  out.secrets.security1 = SecretBytes::copy_of(as_view("abcd1234"));
  out.wifi = out.easy_connect = true;
  return out;
}

class Run {
 public:
  explicit Run(View input) : input_(input), door_(options(), random_) {}

  void run() {
    while (!input_.empty()) step(take());
  }

 private:
  std::uint8_t take() {
    if (input_.empty()) return 0;
    std::uint8_t out = input_[0];
    input_ = input_.subspan(1);
    return out;
  }
  Bytes take_bytes() {
    std::size_t size = std::min<std::size_t>(take(), input_.size());
    Bytes out = to_bytes(input_.first(size));
    input_ = input_.subspan(size);
    return out;
  }
  void check(const Actions& actions) {
    std::size_t answers = 0;
    for (const Action& each : actions) {
      answers += std::holds_alternative<Reply>(each) || std::holds_alternative<Refuse>(each);
      if (std::holds_alternative<GoOnline>(each)) {
        ASSERT(checked_);
        trying_ = true;
      }
      if (std::holds_alternative<Commit>(each)) ASSERT(checked_ && trying_ && reached_);
      if (std::holds_alternative<RollBack>(each)) checked_ = trying_ = reached_ = false;
    }
    ASSERT(answers <= 1);
  }
  // The reply, if there is one.
  Bytes request(PeerId peer, std::string_view endpoint, Bytes body) {
    Actions actions = door_.on_request(
        {peer, "10.0.0." + std::to_string(peer), std::string(endpoint), std::move(body)}, now_);
    check(actions);
    for (const Action& each : actions)
      if (auto* reply = std::get_if<Reply>(&each)) return reply->body;
    return {};
  }
  void secure(PeerId peer) {
    ClientSecret secret;
    secret.security = Security::x25519;
    secret.code = SecretBytes::copy_of(as_view("abcd1234"));
    auto started = start_session(std::move(secret), random_);
    Bytes reply = request(peer, "prov-session", std::move(started.request));
    auto next = on_session_answer(std::move(started.next), reply);
    auto* sends = next ? std::get_if<ClientSends>(&*next) : nullptr;
    if (!sends) return;
    reply = request(peer, "prov-session", std::move(sends->request));
    auto done = on_session_answer(std::move(sends->next), reply);
    if (done && std::holds_alternative<Channel>(*done))
      channel_ = std::move(std::get<Channel>(*done));
  }
  void say(std::string_view endpoint, Bytes plain) {
    if (!channel_) return;
    auto sealed = channel_->seal(plain);
    Bytes reply = request(1, endpoint, std::move(*sealed));
    if (!reply.empty()) ignore(channel_->open(reply), "keeps the key stream in step");
  }
  void step(std::uint8_t what) {
    std::string_view endpoint = endpoints[what / 16 % std::size(endpoints)];
    switch (what % 18) {
      case 0:
        return door_.open(static_cast<Opening>(what / 16 % 3), now_);
      case 1:
        return secure(1);
      case 2:
      case 3:
        return say(endpoint, take_bytes());
      case 4:  // a whole command in one part, so that the input need not find out how
        return say("fairlead", whole(take_bytes()));
      case 5:
        request(take() % 8, endpoint, take_bytes());
        return;
      case 6:
        return check(door_.offer_made(take_bytes(), now_));
      case 7:
        checked_ = door_.progress() == Progress::checking;
        return check(door_.grant_checked({}, now_));
      case 8:
        return check(door_.grant_checked(Obstacle{"no", "no"}, now_));
      case 9:
        reached_ = trying_;
        return check(door_.online(now_));
      case 10:
        return check(door_.offline({"no", "no"}, now_));
      case 11:
        now_ += std::chrono::seconds(take());
        if (door_.deadline() && *door_.deadline() <= now_) check(door_.on_deadline(now_));
        return;
      case 12:
        return check(door_.network_set({}, now_));
      case 13:
        return check(door_.wifi_failed({"no", "no"}, config::FailReason::network_not_found, now_));
      case 14:
        return check(door_.wifi_joined({}, now_));
      case 15:
        return check(door_.networks_seen({{take_bytes(), 1, -40, Bytes(6), WifiAuth::open}}));
      case 16:
        return tunnel(take_bytes());
      default:
        return check(door_.close("so the input says"));
    }
  }
  void tunnel(Bytes content) {
    switch (content.size() % 3) {
      case 0:
        return check(door_.tunnel_opened(std::string(as_text(content))));
      case 1:
        return check(door_.tunnel_carried(answer::Carried{true, std::move(content)}));
      default:
        return check(door_.tunnel_closed(WifiCredentials{std::move(content), {}}, now_));
    }
  }
  Bytes whole(Bytes command) {
    Part part{++number_, 0, static_cast<std::uint32_t>(command.size()), std::move(command)};
    return encode_frame(part);
  }

  View input_;
  fuzz::CountingRandom random_;
  Time now_ = from_unix_seconds(1'000);
  Door door_;
  std::optional<Channel> channel_;
  std::uint32_t number_ = 0;
  bool checked_ = false, trying_ = false, reached_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4'096) Run(View(data, size)).run();
  return 0;
}
