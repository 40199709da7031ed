// SPDX-License-Identifier: Apache-2.0
// Sessions, accounts, users, tokens.
#include <unistd.h>

#include "cli/context.h"
#include "cli/credentials.h"

namespace fairlead::cli {

using client::api_path;

namespace {

json::array split_list(const std::string& text) {
  json::array out;
  for (std::size_t from = 0; from <= text.size();) {
    auto comma = std::min(text.find(',', from), text.size());
    if (comma > from) out.emplace_back(std::string_view(text).substr(from, comma - from));
    from = comma + 1;
  }
  return out;
}

void done(const Context& context, const client::Document& answer, const std::string& text) {
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note(text);
}

}  // namespace

Answer<void> login(Context& context) {
  std::string user = context.in.get("user");
  TRY(auto password, context.console.ask_secret("Password of " + user + ": "));
  auto signed_in = context.api.post(api_path({"login"}), {{"user", user}, {"password", password}});
  explicit_bzero(password.data(), password.size());
  if (!signed_in && signed_in.error().kind == ProblemKind::not_authenticated)
    return problem(
        ProblemKind::not_authenticated, signed_in.error().message,
        "An administrator can set a new one: `fairlead user change " + user + " --password`.");
  TRY(auto answer, std::move(signed_in));
  Login kept{client::text_at(answer.value, "token"), user, client::text_at(answer.value, "expires"),
             context.in.get("ca")};
  if (kept.token.empty())
    return problem(ProblemKind::server_fault, "the server's answer holds no token");
  if (!kept.ca.empty()) kept.ca = std::filesystem::absolute(kept.ca).string();
  TRY(auto credentials, load_credentials(context.session.credentials));
  credentials.last = context.session.server;
  std::string until = context.local(kept.expires);
  credentials.servers[context.session.server] = std::move(kept);
  TRY_VOID(save_credentials(context.session.credentials, credentials));
  // The token itself is kept, not printed: --json says as much as a person gets to know.
  if (context.as_json())
    context.print(
        json::serialize(json::object{{"user", user},
                                     {"server", context.session.server},
                                     {"expires", client::text_at(answer.value, "expires")}}) +
        "\n");
  else
    context.console.note("Signed in to " + context.session.server + " as " + user + " until " +
                         until + ".");
  return {};
}

Answer<void> logout(Context& context) {
  TRY(auto credentials, load_credentials(context.session.credentials));
  if (credentials.servers.erase(context.session.server) == 0) {
    context.console.note("There was no token for " + context.session.server + ".");
    return {};
  }
  if (credentials.last == context.session.server) credentials.last.clear();
  TRY_VOID(save_credentials(context.session.credentials, credentials));
  context.console.note("Forgot the token for " + context.session.server +
                       ". It expires by itself; `fairlead token remove` ends one at once.");
  return {};
}

Answer<void> status(Context& context) {
  TRY(auto me, context.api.get(api_path({"me"})));
  TRY(auto holds, context.api.get(api_path({"status"})));
  if (context.as_json()) {
    context.print_json(holds);
    return {};
  }
  context.print(layout_pairs({{"server", context.session.server},
                              {"user", client::text_at(me.value, "id")},
                              {"role", client::text_at(me.value, "role")},
                              {"account", client::text_at(me.value, "account")}}));
  context.print_members(holds.value);
  return {};
}

Answer<void> account_list(Context& context) {
  static constexpr Column columns[] = {
      {"ID", "id", true}, {"NAME", "name"}, {"CREATED", "created", true, true}};
  return list_items(context, api_path({"accounts"}), {}, columns);
}

Answer<void> account_add(Context& context) {
  json::object body{{"id", context.argument(0)}};
  if (context.in.has("name")) body["name"] = context.in.get("name");
  TRY(auto answer, context.api.post(api_path({"accounts"}), body));
  done(context, answer, "Account " + context.argument(0) + " is there.");
  return {};
}

Answer<void> user_list(Context& context) {
  static constexpr Column columns[] = {{"ID", "id", true},
                                       {"ROLE", "role"},
                                       {"ACCOUNT", "account"},
                                       {"DISABLED", "disabled"},
                                       {"CREATED", "created", true, true}};
  return list_items(context, api_path({"users"}), {}, columns);
}

Answer<void> user_add(Context& context) {
  const std::string& id = context.argument(0);
  json::object body{{"id", id}, {"role", context.in.get("role")}};
  if (context.in.has("account")) body["account"] = context.in.get("account");
  if (!context.in.has("no-password")) {
    TRY(auto password, context.console.ask_secret("Password for " + id + ": "));
    body["password"] = password;
  }
  TRY(auto answer, context.api.post(api_path({"users"}), body));
  done(context, answer, "User " + id + " may sign in.");
  return {};
}

Answer<void> user_change(Context& context) {
  const std::string& id = context.argument(0);
  json::object body;
  if (context.in.has("role")) body["role"] = context.in.get("role");
  if (context.in.has("disable") && context.in.has("enable"))
    return problem(ProblemKind::usage, "--disable and --enable contradict each other");
  if (context.in.has("disable")) body["disabled"] = true;
  if (context.in.has("enable")) body["disabled"] = false;
  if (context.in.has("password")) {
    TRY(auto password, context.console.ask_secret("New password for " + id + ": "));
    body["password"] = password;
  }
  if (body.empty())
    return problem(ProblemKind::usage, "nothing to change",
                   "Name --role, --password, --disable or --enable.");
  TRY(auto answer, context.api.patch(api_path({"users", id}), body));
  done(context, answer, "User " + id + " is changed.");
  return {};
}

Answer<void> token_list(Context& context) {
  static constexpr Column columns[] = {{"ID", "id", true},
                                       {"USER", "user"},
                                       {"LABEL", "label"},
                                       {"SCOPES", "scopes"},
                                       {"EXPIRES", "expires", true, true}};
  return list_items(context, api_path({"tokens"}), {}, columns);
}

Answer<void> token_add(Context& context) {
  TRY(auto days, context.in.number("days", 90, 1, 3650));
  json::object body{{"label", context.in.get("label")}, {"expires_days", days}};
  if (context.in.has("scopes")) body["scopes"] = split_list(context.in.get("scopes"));
  TRY(auto answer, context.api.post(api_path({"tokens"}), body));
  if (context.as_json()) {
    context.print_json(answer);
    return {};
  }
  context.print(client::text_at(answer.value, "token") + "\n");
  context.console.note("This token, id " + client::text_at(answer.value, "id") +
                       ", is shown this once.");
  return {};
}

Answer<void> token_remove(Context& context) {
  TRY(auto answer, context.api.remove(api_path({"tokens", context.argument(0)})));
  done(context, answer, "Token " + context.argument(0) + " is worthless from now on.");
  return {};
}

}  // namespace fairlead::cli
