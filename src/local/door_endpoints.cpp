// SPDX-License-Identifier: Apache-2.0
// What is said at the open door on our own endpoint.
#include <iterator>

#include "base/limits.h"
#include "crypto/hash.h"
#include "local/door.h"
#include "local/door_obstacles.h"

namespace fairlead::local {

Actions Door::on_own(View plain, Time now) {
  auto frame = decode_frame(plain);
  if (!frame) {
    PeerId peer = session_->peer;
    session_.reset();
    return no_session(peer, frame.error().context);
  }
  std::uint32_t id = std::visit([](const auto& f) { return f.id; }, *frame);
  auto* ask = std::get_if<AskPart>(&*frame);
  auto* part = std::get_if<Part>(&*frame);
  bool answered = session_->answer && session_->answered == id;
  if (answered || ask) {
    View whole = answered ? View(*session_->answer) : View();
    auto next = part_of(id, whole, ask ? ask->offset : 0);
    if (next) return reply(encode_frame(std::move(*next)));
    return reply(encode_frame(AskPart{id, 0}));
  }
  auto joined = session_->joiner.add(*part);
  if (!joined) return reply(encode_frame(AskPart{id, 0}));
  if (!*joined) return reply(encode_frame(session_->joiner.ask()));
  session_->answered = id;
  session_->answer.reset();
  auto command = decode_command(**joined);
  if (!command) return answer_command(answer::No{{"malformed", command.error().context}});
  return on_command(std::move(*command), now);
}

Actions Door::answer_command(const Answer& answer) {
  session_->asked_driver = false;
  session_->answer = encode_answer(answer);
  auto first = part_of(session_->answered, *session_->answer, 0);
  return reply(encode_frame(std::move(*first)));
}

Actions Door::on_command(Command command, Time now) {
  Actions out;
  Answer answer = answer::Done{};
  if (auto* open = std::get_if<command::OpenTunnel>(&command))
    return on_tunnel({std::move(*open)}, now);
  if (auto* carry = std::get_if<command::Carry>(&command))
    return on_tunnel({std::move(*carry)}, now);
  if (std::holds_alternative<command::CloseTunnel>(command))
    return on_tunnel({command::CloseTunnel{}}, now);
  if (auto* offer = std::get_if<command::MakeOffer>(&command)) {
    if (session_->channel.binding().empty())
      return answer_command(answer::No{{"no_security", "an Offer needs a secured session"}});
    if (under_way(report_.progress))
      return answer_command(answer::No{in_the_way(report_.progress)});
    session_->asked_driver = session_->began = true;
    out.push_back(MakeOffer{tied_nonce(session_->channel.binding(), offer->nonce)});
    return out;
  }
  if (auto* network = std::get_if<command::SetNetwork>(&command)) {
    session_->asked_driver = session_->began = true;
    begun(now);
    out.push_back(SetNetwork{std::move(network->settings)});
    return out;
  }
  if (auto* choice = std::get_if<command::ChooseUpstream>(&command)) {
    if (session_->channel.binding().empty())
      return answer_command(answer::No{{"no_security", "a choice needs a secured session"}});
    session_->asked_driver = true;
    out.push_back(
        ChooseUpstream{std::move(choice->uri), std::move(choice->fingerprint), session_->proof});
    return out;
  }
  if (std::holds_alternative<command::AskNetworks>(command)) {
    if (options_.wifi) return show_networks(Looking::own);
    answer = answer::No{no_wifi()};
  } else if (auto* wifi = std::get_if<command::UseWifi>(&command)) {
    answer = use_wifi(std::move(wifi->network), now);
  } else if (std::holds_alternative<command::AskStatus>(command)) {
    report_.proof = to_string(session_->proof);
    answer = report_;
  } else if (std::holds_alternative<command::AskUpstreams>(command)) {
    answer = answer::Upstreams{upstreams_};
  } else if (auto* grant = std::get_if<command::TakeGrant>(&command)) {
    answer = take_grant(std::move(*grant), out, now);
    if (session_->asked_driver) return out;
  } else if (auto* identify = std::get_if<command::Identify>(&command)) {
    out.push_back(Identify{identify->seconds});
  } else if (std::holds_alternative<command::Cancel>(command)) {
    answer = cancel(out);
  }
  Actions answered = answer_command(answer);
  std::ranges::move(answered, std::back_inserter(out));
  // Who gives up makes room for others.
  if (std::holds_alternative<command::Cancel>(command)) session_.reset();
  return out;
}

// The same Grant again, after a lost answer, is no other Grant.
Answer Door::take_grant(command::TakeGrant command, Actions& out, Time now) {
  if (std::holds_alternative<config::Connecting>(wifi_status_.state))
    return answer::No{in_the_way(Progress::joining)};
  bool same = command.grant == grant_;
  if (same && (under_way(report_.progress) || report_.progress == Progress::committed)) {
    session_->began = true;  // whoever has it came back
    return answer::Done{};
  }
  if (under_way(report_.progress)) return answer::No{in_the_way(report_.progress)};
  if (report_.progress == Progress::committed)
    return answer::No{{"committed", "the device is provisioned; reset it instead"}};
  // The Offer may be of an earlier session: the driver knows which ones are open.
  session_->asked_driver = session_->began = true;
  report_.progress = Progress::checking;
  grant_ = command.grant;
  begun(now);
  out.push_back(CheckGrant{std::move(command.grant), std::move(command.owner), session_->proof});
  return answer::Done{};
}

std::optional<Obstacle> Door::take_from_stick(Bytes grant, Bytes owner, Actions& out, Time now) {
  if (!open_) return Obstacle{"closed", "the device is not in provisioning mode"};
  bool stock_joins = std::holds_alternative<config::Connecting>(wifi_status_.state);
  if (session_ || stock_joins) return Obstacle{"busy", "somebody else is provisioning this device"};
  if (under_way(report_.progress)) return in_the_way(report_.progress);
  if (report_.progress == Progress::committed)
    return Obstacle{"committed", "the device is provisioned; reset it instead"};
  report_ = {Progress::checking, {}, {}};
  grant_ = grant;
  begun(now);
  out.push_back(CheckGrant{std::move(grant), std::move(owner), Proof::stick});
  return std::nullopt;
}

Answer Door::cancel(Actions& out) {
  if (report_.progress == Progress::committed)
    return answer::No{{"committed", "the device is provisioned; reset it instead"}};
  // What another session began, whose link was lost perhaps, is not this one's to end.
  if (fail_safe_ && !session_->began) return answer::Done{};
  if (fail_safe_) out = give_up({"cancelled", "cancelled by the client"});
  report_ = {};
  return answer::Done{};
}

Actions Door::offer_made(Result<Bytes> offer, Time now) {
  if (offer) {
    report_ = {Progress::offered, {}, {}};
    begun(now);
  }
  if (!session_ || !session_->asked_driver) return {};
  if (!offer) return answer_command(answer::No{{"key_failed", offer.error().context}});
  return answer_command(answer::Offer{std::move(*offer)});
}

Actions Door::grant_checked(std::optional<Obstacle> obstacle, Time now) {
  Actions out;
  if (report_.progress != Progress::checking) return out;
  Answer answer = answer::Done{};
  if (obstacle) {
    out = give_up(*obstacle);
    answer = answer::No{std::move(*obstacle)};
  } else {
    report_.progress = wifi_with_grant_ ? Progress::joining : Progress::connecting;
    begun(now);
  }
  if (session_ && session_->asked_driver) {
    Actions answered = answer_command(answer);
    std::ranges::move(answered, std::back_inserter(out));
  }
  if (report_.progress == Progress::joining) {
    out.push_back(JoinWifi{std::move(*wifi_with_grant_)});
    wifi_with_grant_.reset();
  }
  if (report_.progress == Progress::connecting) out.push_back(GoOnline{});
  return out;
}

Actions Door::online(Time) {
  Actions out;
  if (report_.progress == Progress::connecting) out.push_back(Commit{});
  return out;
}

// The client still wants to read it.
Actions Door::committed(Time now) {
  fail_safe_.reset();
  report_ = {Progress::committed, {}, {}};
  if (open_) open_->until = now + limits::door_after_commit;
  return {};
}

Actions Door::offline(Obstacle obstacle, Time) {
  if (!under_way(report_.progress)) return {};
  return give_up(std::move(obstacle));
}

Actions Door::network_set(std::optional<Obstacle> obstacle, Time) {
  return driver_is_done(std::move(obstacle));
}

Actions Door::upstream_chosen(std::optional<Obstacle> obstacle, Time) {
  return driver_is_done(std::move(obstacle));
}

Actions Door::driver_is_done(std::optional<Obstacle> obstacle) {
  if (!session_ || !session_->asked_driver) return {};
  if (obstacle) return answer_command(answer::No{std::move(*obstacle)});
  return answer_command(answer::Done{});
}

}  // namespace fairlead::local
