// SPDX-License-Identifier: Apache-2.0
#include "cli/run.h"

#include "cli/credentials.h"
#include "tool/connect.h"

namespace fairlead::cli {

namespace {

constexpr std::string_view default_server = "http://127.0.0.1:8041";
constexpr std::size_t token_bytes_max = 1024;

// For commands that need none.
class NoTransport final : public client::Transport {
  Result<client::ApiResponse> exchange(const client::ApiRequest&) override {
    return fail(Errc::internal, "this command has no server");
  }
};

struct Access {
  World::Target target;
  std::string token;
  std::filesystem::path credentials;
};

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const auto& each : candidates)
    if (!each.empty()) return each;
  return {};
}

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// An option says more than the environment, and that more than the last login.
Answer<Access> access_for(const World& world, const Invocation& in) {
  Access out;
  out.credentials = credentials_path(world.environment("XDG_CONFIG_HOME").c_str(),
                                     world.environment("HOME").c_str());
  std::string token = world.environment("FAIRLEAD_TOKEN");
  if (in.has("token-file")) {
    TRY(token, read_text_file(in.get("token-file"), token_bytes_max));
    token = trimmed(std::move(token));
    if (token.empty())
      return problem(ProblemKind::failed, in.get("token-file") + " holds no token");
  }
  auto kept = load_credentials(out.credentials);
  // Whoever brings a token has no need of the file.
  if (!kept && token.empty()) return std::unexpected(std::move(kept).error());
  Credentials credentials = kept ? std::move(*kept) : Credentials{};
  auto& target = out.target;
  target.server = first_of({in.get("server"), world.environment("FAIRLEAD_SERVER"),
                            credentials.last, std::string(default_server)});
  while (target.server.ends_with('/')) target.server.pop_back();
  Login login = credentials.servers[target.server];
  out.token = token.empty() ? login.token : token;
  // A line break would end the header that it travels in.
  if (out.token.find_first_of("\r\n") != out.token.npos)
    return problem(ProblemKind::failed, "the token has a line break in it");
  target.ca = first_of({in.get("ca"), world.environment("FAIRLEAD_CA"), login.ca});
  target.plain_http = in.has("plain-http");
  return out;
}

Answer<void> carry_out(const World& world, const Invocation& in) {
  TRY(auto access, access_for(world, in));
  std::unique_ptr<client::Transport> transport = std::make_unique<NoTransport>();
  if (in.command->needs_server) {
    TRY(transport, world.connect(access.target));
  }
  bool signs_in = in.command->name == "login";
  client::Api api(*transport, signs_in ? std::string() : access.token);
  // A device's session is sealed in itself; its carrier needs no protection.
  auto connect_device = [&](const std::string& address) {
    return world.connect({tool::device_url(address), {}, true});
  };
  Context context{in,
                  api,
                  world.console,
                  {access.target.server, access.credentials},
                  world.clock,
                  world.wait,
                  connect_device,
                  world.bluetooth,
                  world.draw_labels,
                  world.go_on};
  auto outcome = in.command->run(context);
  if (!outcome && in.command->needs_server && outcome.error().kind == ProblemKind::unreachable)
    outcome.error().message = access.target.server + ": " + outcome.error().message;
  return outcome;
}

}  // namespace

ExitCode run(const World& world, std::span<const std::string> words) {
  const Console& console = world.console;
  auto report = [&](const Problem& why) {
    console.note("fairlead: " + client::plain_text(why.message));
    if (!why.advice.empty()) console.note(why.advice);
    return exit_code_of(why.kind);
  };
  auto in = parse(words);
  if (!in) return report(in.error());
  if (in->help) {
    console.out(help_text(*in));
    return ExitCode::ok;
  }
  if (!in->command) {
    console.err(help_text(*in));
    return ExitCode::usage;
  }
  auto outcome = carry_out(world, *in);
  return outcome ? ExitCode::ok : report(outcome.error());
}

}  // namespace fairlead::cli
