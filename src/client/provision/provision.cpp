// SPDX-License-Identifier: Apache-2.0
#include "client/provision/provision.h"

#include <algorithm>

#include "codec/base64.h"

namespace fairlead::client {

namespace {

constexpr Duration status_pause = std::chrono::milliseconds(500);
constexpr int status_asked_max = 600;  // five minutes: the device's own fail-safe is no longer

// A refusal of the device, with its name for the reason as advice to look up.
Problem refused_by_device(const local::Obstacle& obstacle) {
  ProblemKind kind = obstacle.reason == "busy" ? ProblemKind::busy : ProblemKind::failed;
  return {kind, "the device says: " + plain_text(obstacle.words)};
}

local::ClientSecret secret_for(const ProvisionRequest& request, const local::Version& version) {
  local::ClientSecret out;
  out.security = version.security;
  out.rule = version.rule;
  out.username = request.button ? "button" : request.username;
  if (!request.button) out.code = SecretBytes::copy_of(as_view(request.code));
  return out;
}

Answer<Bytes> fetch_offer(DeviceLink& link, Random& random) {
  auto nonce = random.draw<enroll::OfferNonce>();
  TRY(auto answer, link.say(local::command::MakeOffer{nonce}));
  if (auto* no = std::get_if<local::answer::No>(&answer))
    return std::unexpected(refused_by_device(no->obstacle));
  auto* offer = std::get_if<local::answer::Offer>(&answer);
  auto decoded = offer ? enroll::decode_offer(offer->document)
                       : Result<enroll::SignedOffer>(fail(Errc::malformed, "there is none"));
  if (!decoded)
    return problem(ProblemKind::server_fault, "the device's Offer: " + decoded.error().context);
  if (decoded->offer.nonce != link.expected_nonce(nonce))
    return problem(ProblemKind::untrusted_server, "the Offer was not made in this session",
                   "Somebody may be between you and the device.");
  return std::move(offer->document);
}

struct Granted {
  std::string device;
  Bytes grant, owner;
};

Answer<Granted> claim(Api& server, View offer, const ProvisionRequest& request) {
  json::object body{{"offer", to_base64(offer)}, {"proof", request.button ? "button" : "code"}};
  if (!request.account.empty()) body["account"] = request.account;
  if (!request.name.empty()) body["name"] = request.name;
  TRY(auto answer, server.post(api_path({"claims"}), body));
  Granted out{text_at(answer.value, "device"), {}, {}};
  if (text_at(answer.value, "state") == "waiting")
    return problem(ProblemKind::busy, plain_text(text_at(answer.value, "why")),
                   "`fairlead device approve " + out.device + "`, then provision again.");
  auto grant = from_base64(text_at(answer.value, "grant"));
  auto owner = from_base64(text_at(answer.value, "owner"));
  if (!grant || !owner)
    return problem(ProblemKind::server_fault, "the server's answer holds no Grant");
  out.grant = std::move(*grant);
  out.owner = std::move(*owner);
  return out;
}

Answer<void> watch(DeviceLink& link, const Bystander& bystander) {
  local::Progress last = local::Progress::checking;
  for (int asked = 0; asked < status_asked_max; ++asked) {
    TRY(auto answer, link.say(local::command::AskStatus{}));
    auto* report = std::get_if<local::Report>(&answer);
    if (!report) return problem(ProblemKind::server_fault, "the device does not say how it is");
    if (report->progress != std::exchange(last, report->progress))
      bystander.tell("The device is " + std::string(to_string(report->progress)) + ".");
    if (report->progress == local::Progress::committed) return {};
    if (report->progress == local::Progress::failed)
      return std::unexpected(refused_by_device(report->obstacle));
    bystander.wait(status_pause);
  }
  return problem(ProblemKind::unreachable, "the device did not come online in time");
}

Answer<Provisioned> through_session(DeviceLink& link, Api& server, const ProvisionRequest& request,
                                    Random& random, const Bystander& bystander) {
  TRY(auto offer, fetch_offer(link, random));
  TRY(auto granted, claim(server, offer, request));
  bystander.tell("The server granted access as " + granted.device + ".");
  local::command::TakeGrant take{std::move(granted.grant), std::move(granted.owner)};
  TRY(auto taken, link.say(take));
  if (auto* no = std::get_if<local::answer::No>(&taken))
    return std::unexpected(refused_by_device(no->obstacle));
  TRY_VOID(watch(link, bystander));
  return Provisioned{std::move(granted.device)};
}

}  // namespace

Answer<Provisioned> provision(DeviceCarrier& device, Api& server, const ProvisionRequest& request,
                              Random& random, const Bystander& bystander) {
  TRY(auto version, ask_version(device));
  if (std::ranges::find(version.fairlead_capabilities, "offer") ==
      version.fairlead_capabilities.end())
    return problem(ProblemKind::conflict, "the device makes no Offers: it isn't one of ours");
  if (version.security == local::Security::none)
    return problem(ProblemKind::conflict, "the device talks without encryption only");
  TRY(auto link, DeviceLink::open(device, secret_for(request, version), random));
  bystander.tell("The device knows the code.");
  auto outcome = through_session(link, server, request, random, bystander);
  // Otherwise the next one would hear "busy" for a while. What it answers changes nothing.
  if (!outcome) (void)link.say(local::command::Cancel{});
  return outcome;
}

}  // namespace fairlead::client
