// SPDX-License-Identifier: Apache-2.0
#include "device/hooks.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/events.h"
#include "codec/utf8.h"
#include "device/modules/command.h"

namespace fairlead::device {

namespace {

constexpr std::chrono::seconds hook_limit{20};
constexpr Duration hook_poll = std::chrono::milliseconds(50);
// There: set, and not yet kept. What was set and, on a second line, the access that it is to stay
// with.
const std::string trial_file = "network-trial";

int family_of(const std::string& address) {
  unsigned char bytes[sizeof(in6_addr)];
  for (int family : {AF_INET, AF_INET6})
    if (inet_pton(family, address.c_str(), bytes) == 1) return family;
  return AF_UNSPEC;
}

// A host name or an address: a hook hands it on to other programs.
bool is_host(const std::string& text) {
  auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':';
  };
  return !text.empty() && text.front() != '-' && std::ranges::all_of(text, good);
}

// What networks are called in practice; a hook may make a path of it.
bool is_interface(const std::string& text) {
  auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == '@';
  };
  return !text.empty() && text.front() != '-' && text.front() != '.' &&
         std::ranges::all_of(text, good);
}

Result<std::string> joined(const std::vector<std::string>& hosts, std::string_view what) {
  std::string out;
  for (const std::string& each : hosts) {
    if (!is_host(each)) return fail(Errc::malformed, "'" + each + "' is no " + std::string(what));
    out += (out.empty() ? "" : ",") + each;
  }
  return out.empty() ? "-" : out;
}

Result<void> add_address(std::vector<std::string>& to,
                         const local::NetworkSettings::Address& from) {
  int family = family_of(from.address);
  if (family == AF_UNSPEC) return fail(Errc::malformed, "'" + from.address + "' is no address");
  if (from.prefix == 0 || from.prefix > (family == AF_INET ? 32 : 128))
    return fail(Errc::malformed, "a prefix of " + std::to_string(from.prefix) + " can't be");
  if (!from.gateway.empty() && family_of(from.gateway) != family)
    return fail(Errc::malformed, "'" + from.gateway + "' is no gateway for " + from.address);
  to.push_back(from.address + "/" + std::to_string(from.prefix));
  to.push_back(from.gateway.empty() ? "-" : from.gateway);
  return ok();
}

// What a hook said last, as text that can be handed on: it is in whatever language and encoding.
std::string last_line(View output) {
  std::string_view said = as_text(output);
  while (!said.empty() && (said.back() == '\n' || said.back() == '\r')) said.remove_suffix(1);
  std::string out(said.substr(said.rfind('\n') + 1));
  const bool whole = is_utf8(out);
  for (char& c : out) {
    auto code = static_cast<unsigned char>(c);
    if (code < ' ' || code == 0x7F || (code > 0x7F && !whole)) c = '?';
  }
  return out;
}

std::string first_line(View text) {
  return std::string(as_text(text).substr(0, as_text(text).find('\n')));
}

// The one that clients come by, where there is only one.
std::string only_interface(const Config& config) {
  if (config.local_listen.size() != 1) return "";
  const std::string& address = config.local_listen[0].address;
  auto zone = address.find('%');
  return zone == address.npos ? "" : address.substr(zone + 1);
}

}  // namespace

Result<std::vector<std::string>> network_words(const local::NetworkSettings& settings,
                                               const std::string& otherwise) {
  const std::string& interface = settings.interface.empty() ? otherwise : settings.interface;
  if (interface.empty()) return fail(Errc::malformed, "say for which interface");
  if (!is_interface(interface))
    return fail(Errc::malformed, "'" + interface + "' is no name of an interface");
  std::vector<std::string> out{interface};
  if (settings.address) {
    TRY_VOID(add_address(out, *settings.address));
  } else {
    out.insert(out.end(), {"dhcp", "-"});
  }
  TRY(auto names, joined(settings.name_servers, "name server"));
  TRY(auto times, joined(settings.time_servers, "time server"));
  out.insert(out.end(), {std::move(names), std::move(times)});
  return out;
}

Hooks::Hooks(const Config& config, const StateDirectory& directory, Log& log)
    : config_(config), directory_(directory), log_(log) {}

namespace {

Result<void> outcome_of(const CommandResult& result, const std::string& word) {
  if (result.exit_code == 0) return ok();
  std::string said = last_line(result.err);
  return fail(Errc::io,
              said.empty() ? word + " failed with code " + std::to_string(result.exit_code) : said);
}

}  // namespace

Result<void> run_hook(std::vector<std::string> words, const std::filesystem::path& folder) {
  const std::string word = words[1];
  TRY(auto result, run_command(std::move(words), folder, hook_limit));
  return outcome_of(result, word);
}

net::Task<void> run_hook(std::vector<std::string> words, std::filesystem::path folder,
                         net::Loop& loop) {
  const std::string word = words[1];
  CO_TRY(auto running, RunningCommand::start(std::move(words), folder, hook_limit));
  for (;;) {
    CO_TRY(auto ended, running.wait(std::chrono::milliseconds(0)));
    if (ended) co_return outcome_of(*ended, word);
    auto sleeping = loop.sleep(hook_poll);
    CO_TRY_VOID(co_await std::move(sleeping));
  }
}

Result<void> Hooks::run(const std::filesystem::path& hook, std::vector<std::string> words) {
  words.insert(words.begin(), hook.string());
  return run_hook(std::move(words), directory_.path());
}

Result<void> Hooks::set_network(const local::NetworkSettings& settings) {
  if (config_.network_hook.empty())
    return fail(Errc::unsupported, "this device's network is configured elsewhere");
  TRY(auto words, network_words(settings, only_interface(config_)));
  std::string what = words[0] + " " + words[1];
  words.insert(words.begin(), "set");
  // First, so that a power cut after it reverts, and one before it finds nothing to revert.
  TRY_VOID(directory_.write(trial_file, as_view(what)));
  auto done = run(config_.network_hook, std::move(words));
  if (!done) {
    revert_network();
    return done;
  }
  log_(event::device_network_set, {{"what", what}});
  return ok();
}

void Hooks::end_trial(const std::string& word) {
  auto trial = directory_.read(trial_file);
  if (!trial || !*trial || config_.network_hook.empty()) return;
  auto done = run(config_.network_hook, {word});
  if (!done)
    return log_(event::device_hook_failed, {{"what", word}, {"why", done.error().context}});
  ignore(directory_.remove(trial_file), "then it is done again at the next start");
  log_(event::device_network_ended, {{"what", first_line(**trial)}, {"how", word}});
}

Result<void> Hooks::keep_with(const std::string& access) {
  TRY(auto trial, directory_.read(trial_file));
  if (!trial) return ok();
  return directory_.write(trial_file, as_view(first_line(*trial) + "\n" + access));
}

void Hooks::settle_network(const std::string& access) {
  auto trial = directory_.read(trial_file);
  bool stays = trial && *trial && !access.empty() && as_text(**trial).ends_with("\n" + access);
  end_trial(stays ? "keep" : "revert");
}

void Hooks::keep_network() { end_trial("keep"); }
void Hooks::revert_network() { end_trial("revert"); }

Result<void> Hooks::identify(std::uint8_t seconds) {
  if (config_.identify_hook.empty()) return ok();  // the log has said so
  return run(config_.identify_hook, {std::to_string(seconds)});
}

}  // namespace fairlead::device
