// SPDX-License-Identifier: Apache-2.0
#include "local/door.h"

#include <algorithm>

#include "base/assert.h"
#include "base/limits.h"

namespace fairlead::local {

using Kind = Refusal::Kind;

namespace {

constexpr std::string_view button_user = "button";

Actions refusal(PeerId peer, Kind kind, std::string why) {
  Actions out;
  out.push_back(Refuse{peer, {kind, std::move(why)}});
  return out;
}

Actions busy(PeerId peer) {
  return refusal(peer, Kind::busy, "somebody else is provisioning this device");
}

std::string seconds_text(Duration time) {
  return std::to_string((time.count() + 999) / 1000) + " s";
}

Version version_of(const DoorOptions& options) {
  Version out;
  const DeviceSecrets& secrets = options.secrets;
  // The best that it has; without any code the button lets in by Security 2.
  bool only_old = secrets.srp.empty() && (secrets.security1 || secrets.security0);
  out.security = !only_old ? Security::srp : secrets.security1 ? Security::x25519 : Security::none;
  out.rule = NonceRule::counting;
  if (options.wifi) out.capabilities = {"wifi_prov", "wifi_scan"};
  if (secrets.security0) out.capabilities.push_back("no_sec");
  out.fairlead_capabilities = {"offer", "grant", "identify", "network"};
  if (options.wifi) out.fairlead_capabilities.push_back("wifi");
  if (options.easy_connect) out.fairlead_capabilities.push_back("dpp");
  out.about = options.about;
  return out;
}

// The wait after the n-th wrong code from one source: none for the first two, then doubling.
Duration wait_after(unsigned failures) {
  if (failures < 3) return Duration(0);
  Duration wait = std::chrono::seconds(1) * (1u << std::min(failures - 3, 16u));
  return std::min<Duration>(wait, limits::wrong_code_wait_max);
}

}  // namespace

Door::Door(DoorOptions options, Random& random) : options_(std::move(options)), random_(random) {}

Version Door::version(Time now) const {
  Version out = version_of(options_);
  bool owned = report_.progress == Progress::committed;
  out.about.state = owned ? "owned" : session_ ? "busy" : button_pressed(now) ? "button" : "new";
  return out;
}

void Door::open(Opening opening, Time now) {
  Open open{opening, {}, {}};
  if (opening != Opening::unprovisioned) open.until = now + limits::door_window;
  if (opening == Opening::button) open.button_until = now + limits::button_window;
  open_ = std::move(open);
  wrong_codes_ = 0;
  wrong_.clear();
  if (report_.progress == Progress::committed) report_ = {};
}

Actions Door::close(std::string why) {
  Actions out;
  if (!open_) return out;
  if (fail_safe_) out = give_up({"cancelled", "provisioning ended before it was finished"});
  open_.reset();
  session_.reset();
  knocking_.clear();
  out.push_back(Closed{std::move(why)});
  return out;
}

std::optional<Time> Door::deadline() const {
  std::optional<Time> first = fail_safe_;
  auto consider = [&](std::optional<Time> time) {
    if (time && (!first || *time < *first)) first = time;
  };
  if (open_) consider(open_->until);
  if (session_) consider(session_->idle_at);
  return first;
}

void Door::left(PeerId peer, Time now) {
  std::erase_if(knocking_, [&](const Knocking& each) { return each.peer == peer; });
  if (!session_ || session_->peer != peer) return;
  session_.reset();
  if (fail_safe_) fail_safe_ = std::min<Time>(*fail_safe_, now + return_window);
}

Actions Door::on_deadline(Time now) {
  Actions out;
  if (session_ && session_->idle_at <= now) session_.reset();
  if (fail_safe_ && *fail_safe_ <= now)
    out = give_up({"timed_out", "nobody finished what was begun, so it was rolled back"});
  if (open_ && open_->until && *open_->until <= now) {
    Actions closing = close("its time is over");
    std::ranges::move(closing, std::back_inserter(out));
  }
  return out;
}

Actions Door::on_request(Request request, Time now) {
  if (!open_)
    return refusal(request.peer, Kind::closed,
                   "the device is not in provisioning mode: press its button, or run "
                   "'fairlead-device provision' on it");
  if (request.body.size() > limits::local_message_bytes_max)
    return refusal(request.peer, Kind::malformed, "the request is too long");
  if (request.endpoint == "proto-ver") {
    Actions out;
    out.push_back(Reply{request.peer, to_bytes(encode_version(version(now)))});
    return out;
  }
  if (session_ && session_->idle_at <= now && !session_->asked_driver) session_.reset();
  if (session_ && session_->peer != request.peer && !may_come_back(request, now))
    return busy(request.peer);
  if (request.endpoint == "prov-session") return knock(std::move(request), now);
  return secured(std::move(request), now);
}

// A program that was started again, by HTTP: another cookie from the same address. The session it
// had ends when it has proven the code once more. Two programs at one address, both at work, don't
// push each other out: one that still talks, and what it has brought under way, stay.
bool Door::may_come_back(const Request& request, Time now) const {
  if (request.endpoint != "prov-session" || request.source != session_->source ||
      session_->asked_driver)
    return false;
  if (report_.progress == Progress::failed ||
      std::holds_alternative<config::ConnectionFailed>(wifi_status_.state))
    return true;
  const Time heard = session_->idle_at - limits::session_idle;
  return report_.progress == Progress::waiting && heard + limits::session_return <= now;
}

Door::Wrong& Door::wrong_of(const std::string& source) {
  auto found = std::ranges::find(wrong_, source, &Wrong::source);
  if (found != wrong_.end()) return *found;
  // Room is made by the source that may come again first.
  if (wrong_.size() == limits::wrong_code_sources_max)
    wrong_.erase(std::ranges::min_element(wrong_, {}, &Wrong::until));
  return wrong_.emplace_back(Wrong{source});
}

DeviceHandshake Door::take_handshake(PeerId peer) {
  auto found = std::ranges::find(knocking_, peer, &Knocking::peer);
  if (found == knocking_.end()) return handshake::AwaitingCmd0{};
  DeviceHandshake out = std::move(found->handshake);
  knocking_.erase(found);
  return out;
}

// One handshake per source: a stranger who begins many pushes out nobody's but its own.
void Door::keep_handshake(const Request& request, DeviceHandshake handshake) {
  std::erase_if(knocking_, [&](const Knocking& each) { return each.source == request.source; });
  if (knocking_.size() == limits::handshakes_max) knocking_.erase(knocking_.begin());
  knocking_.push_back({request.peer, request.source, std::move(handshake)});
}

Actions Door::knock(Request request, Time now) {
  Wrong* wrong = nullptr;
  if (auto it = std::ranges::find(wrong_, request.source, &Wrong::source); it != wrong_.end())
    wrong = &*it;
  if (wrong && wrong->until > now)
    return refusal(request.peer, Kind::wait,
                   "the code was wrong " + std::to_string(wrong->failures) +
                       " times; try again in " + seconds_text(wrong->until - now));
  // A session's own client begins anew: what was secured before ends here.
  if (session_ && session_->peer == request.peer) session_.reset();
  bool button = button_pressed(now);
  if (button) {
    auto verifier = crypto::srp::make_verifier(button_user, {}, random_);
    if (verifier) options_.secrets.srp.push_back({std::move(*verifier), Proof::button});
  }
  auto stepped = on_session(take_handshake(request.peer), request.body, options_.secrets, random_);
  if (button) options_.secrets.srp.pop_back();
  if (!stepped) {
    if (stepped.error().kind == Kind::wrong_code)
      return wrong_code(request, std::move(stepped.error()), now);
    return refusal(request.peer, stepped.error().kind, std::move(stepped.error().why));
  }
  Actions out;
  if (auto* goes_on = std::get_if<HandshakeGoesOn>(&*stepped)) {
    keep_handshake(request, std::move(goes_on->next));
    out.push_back(Reply{request.peer, std::move(goes_on->reply)});
    return out;
  }
  auto& done = std::get<Secured>(*stepped);
  if (session_ && done.proof != Proof::code) return busy(request.peer);
  if (wrong)
    std::erase_if(wrong_, [&](const Wrong& each) { return each.source == request.source; });
  session_ = Session{.peer = request.peer,
                     .source = std::move(request.source),
                     .channel = std::move(done.channel),
                     .proof = done.proof,
                     .idle_at = now + limits::session_idle};
  out.push_back(Reply{request.peer, std::move(done.reply)});
  if (options_.wifi) out.push_back(LookAround{});
  return out;
}

Actions Door::wrong_code(const Request& request, Refusal refused, Time now) {
  Wrong& wrong = wrong_of(request.source);
  wrong.until = now + wait_after(++wrong.failures);
  Actions out;
  out.push_back(Refuse{request.peer, std::move(refused)});
  if (++wrong_codes_ < limits::wrong_codes_max) return out;
  Actions closing = close("too many wrong codes");
  std::ranges::move(closing, std::back_inserter(out));
  return out;
}

Actions Door::no_session(PeerId peer, std::string why) {
  return refusal(peer, Kind::malformed, std::move(why));
}

Actions Door::secured(Request request, Time now) {
  if (!session_) return no_session(request.peer, "open a session first");
  if (session_->asked_driver)
    return refusal(request.peer, Kind::busy, "the request before is not answered yet");
  auto plain = session_->channel.open(request.body);
  if (!plain) {
    session_.reset();
    return no_session(request.peer, "the session ended: " + plain.error().context);
  }
  session_->idle_at = now + limits::session_idle;
  if (fail_safe_) fail_safe_ = now + limits::fail_safe;
  if (open_->until && report_.progress != Progress::committed)
    open_->until = std::max(*open_->until, now + limits::session_idle);
  if (request.endpoint == own_endpoint) return on_own(*plain, now);
  if (request.endpoint == "prov-config") return on_config(*plain, now);
  if (request.endpoint == "prov-ctrl") return on_control(*plain, now);
  if (request.endpoint == "prov-scan") return on_scan(*plain);
  session_.reset();
  return refusal(request.peer, Kind::unsupported,
                 "this device has no endpoint '" + request.endpoint + "'");
}

Actions Door::reply(View plain) {
  ASSERT(session_);
  Actions out;
  auto sealed = session_->channel.seal(plain);
  if (sealed) {
    out.push_back(Reply{session_->peer, std::move(*sealed)});
    return out;
  }
  PeerId peer = session_->peer;
  session_.reset();
  return no_session(peer, sealed.error().context);
}

void Door::begun(Time now) { fail_safe_ = now + limits::fail_safe; }

Actions Door::give_up(Obstacle obstacle) {
  fail_safe_.reset();
  grant_.clear();
  wifi_with_grant_.reset();
  report_.progress = Progress::failed;
  report_.obstacle = obstacle;
  Actions out;
  out.push_back(RollBack{std::move(obstacle.words)});
  return out;
}

}  // namespace fairlead::local
