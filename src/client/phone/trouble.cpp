// SPDX-License-Identifier: Apache-2.0
#include "client/phone/trouble.h"

#include <algorithm>

namespace fairlead::client {

namespace {

struct ByReason {
  std::string_view reason;  // docs/wire/local.md, docs/log-events/device.md
  Remedy remedy;
  std::string_view title, advice;
};
constexpr ByReason by_reason[] = {
    {"wrong-code", Remedy::code, "Wrong code",
     "Look at the label again, and type its code once more."},
    {"wait", Remedy::again, "Too many wrong codes", "Wait a minute, then try again."},
    {"busy", Remedy::patience, "Somebody else is setting it up",
     "It goes on by itself when they are through, or after a minute."},
    {"closed", Remedy::again, "The device isn't ready", "Press its button, then try again."},
    {"wifi_wrong_passphrase", Remedy::wifi_password, "Wrong Wi-Fi password",
     "Type it once more. Everything else is kept."},
    {"wifi_not_found", Remedy::wifi_network, "Wi-Fi not found",
     "The device doesn't hear this network. Move it closer, or choose another one."},
    {"wifi_unsupported", Remedy::wifi_network, "The device can't use this Wi-Fi",
     "It doesn't know how this network is protected. Choose another one."},
    {"wifi_refused", Remedy::wifi_network, "The Wi-Fi turned the device away",
     "Ask whoever runs it to let the device in, or choose another network."},
    {"wifi_missing", Remedy::again, "The device's Wi-Fi doesn't work",
     "Switch the device off and on, press its button, then try again."},
    {"wifi_not_stored", Remedy::again, "The device can't remember the Wi-Fi",
     "Switch the device off and on, press its button, then try again."},
    {"no_address", Remedy::wifi_network, "No address from this network",
     "The router gave the device none. Restart the router, or choose another network."},
    {"no_route", Remedy::wifi_network, "This network leads nowhere",
     "It has no way to the server. Check its Internet access, or choose another network."},
    {"captive_portal", Remedy::wifi_network, "This network wants a login page",
     "A device can't fill it in. Choose another network."},
    {"dns_failed", Remedy::again, "The device can't find the server",
     "It is on the network, but the server's name isn't known there. Check the router's settings, "
     "then try again."},
    {"broker_unreachable", Remedy::again, "The device can't reach the server",
     "It is on the network. Check that this network reaches the Internet, then try again."},
    {"broker_refused", Remedy::again, "The server turned the device away",
     "Try again. If it stays so, tell whoever runs the server."},
    {"tls_untrusted", Remedy::again, "The device doesn't trust the server",
     "Something stands between the two. Try another network, or tell whoever runs the server."},
    {"clock_wrong", Remedy::again, "The device's clock is wrong",
     "Leave it on for a minute so that it can be set, then try again."},
    {"grant_wrong", Remedy::again, "The device was reset meanwhile",
     "Try again; it is registered once more."},
    {"disk_full", Remedy::none, "The device has no room left", "It has to be mended."},
    {"storage_failed", Remedy::none, "The device can't store anything", "It has to be mended."},
};

struct ByKind {
  SetupStage stage;
  ProblemKind kind;
  Remedy remedy;
  std::string_view title, advice;
};
constexpr ByKind by_kind[] = {
    {SetupStage::claiming, ProblemKind::unreachable, Remedy::server, "No Internet here",
     "The device's registration is kept on this phone. It is finished as soon as the server can be "
     "reached."},
    {SetupStage::claiming, ProblemKind::busy, Remedy::server, "The server is busy",
     "The device's registration is kept on this phone, and tried again."},
    {SetupStage::claiming, ProblemKind::server_fault, Remedy::server, "The server has a fault",
     "The device's registration is kept on this phone, and tried again."},
    {SetupStage::claiming, ProblemKind::not_authenticated, Remedy::sign_in, "Please sign in again",
     "Your sign-in has ended. What was done so far is kept."},
    {SetupStage::claiming, ProblemKind::untrusted_server, Remedy::none, "This isn't your server",
     "Something else answers in its place. Try from another network."},
    {SetupStage::claiming, ProblemKind::forbidden, Remedy::none, "You may not register it",
     "Ask whoever runs the server for the right to, or whose device it is."},
    {SetupStage::claiming, ProblemKind::conflict, Remedy::none, "The server refuses this device",
     "Ask whoever runs the server."},
    {SetupStage::opening, ProblemKind::untrusted_server, Remedy::code, "This isn't the device",
     "What answers doesn't know the code. Check the code, and that you picked the right device."},
    {SetupStage::opening, ProblemKind::conflict, Remedy::none, "This device can't be set up here",
     "It belongs to another system."},
    {SetupStage::making_offer, ProblemKind::untrusted_server, Remedy::again,
     "Somebody is in between",
     "What came back isn't from this device. Move closer, and try again."},
};

}  // namespace

bool waits(Remedy remedy) {
  return remedy == Remedy::patience || remedy == Remedy::server || remedy == Remedy::decision;
}

std::string_view to_string(Remedy remedy) {
  constexpr std::string_view names[] = {"again",        "code",     "wifi_password",
                                        "wifi_network", "patience", "server",
                                        "decision",     "sign_in",  "none"};
  return names[static_cast<std::size_t>(remedy)];
}

Trouble trouble_of(SetupStage stage, const Problem& problem) {
  auto of = [&](const auto& row) {
    return Trouble{row.remedy, std::string(row.title), std::string(row.advice), problem.message};
  };
  auto reason = std::ranges::find(by_reason, problem.reason, &ByReason::reason);
  if (reason != std::end(by_reason)) return of(*reason);
  auto kind = std::ranges::find_if(
      by_kind, [&](const ByKind& row) { return row.stage == stage && row.kind == problem.kind; });
  if (kind != std::end(by_kind)) return of(*kind);
  if (stage == SetupStage::claiming)
    return {Remedy::again, "The server didn't register it", "Try again.", problem.message};
  return {Remedy::again, "The device doesn't answer",
          "Stay close to it. If its light is out, press its button; then try again.",
          problem.message};
}

Trouble trouble_of_waiting(std::string why) {
  return {Remedy::decision, "Waiting for approval",
          "Somebody has to approve this device at the server. It goes on by itself then.",
          std::move(why)};
}

}  // namespace fairlead::client
