// SPDX-License-Identifier: Apache-2.0
// Profiles, trusted keys, the factory's settings, and the program's own.
#include <set>

#include "base/version.h"
#include "cli/context.h"

namespace fairlead::cli {

using client::api_path;
using client::text_at;

namespace {

constexpr std::size_t document_bytes_max = 512 * 1024;
constexpr std::size_t pem_file_bytes_max = 64 * 1024;

Answer<json::value> parse_json(const std::string& name, const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  if (error) return problem(ProblemKind::failed, name + ": not JSON: " + error.message());
  return value;
}

}  // namespace

Answer<void> profile_list(Context& context) {
  static constexpr Column columns[] = {
      {"ID", "id", true}, {"PRIORITY", "priority"}, {"REVISION", "revision"}};
  return list_items(context, api_path({"profiles"}), {}, columns);
}

// A document is what people edit, so it is JSON for them too.
Answer<void> profile_show(Context& context) {
  TRY(auto answer, context.api.get(api_path({"profiles", context.argument(0)})));
  context.print_json(answer);
  return {};
}

Answer<void> profile_put(Context& context) {
  const std::string& file = context.argument(0);
  TRY(auto text, read_text_file(file, document_bytes_max));
  TRY(auto value, parse_json(file, text));
  std::string id = context.in.get("id"), if_match;
  const json::object* members = value.if_object();
  const json::value* document = members ? members->if_contains("document") : nullptr;
  if (document && members->contains("id")) {  // as `profile show` prints it
    if (id.empty()) id = text_at(value, "id");
    if (id == text_at(value, "id") && members->contains("revision"))
      if_match = "\"" + text_at(value, "revision") + "\"";
    text = json::serialize(*document);
  }
  if (context.in.has("revision")) {
    TRY(auto revision, context.in.number("revision", 0, 0, INT64_MAX));
    if_match = "\"" + std::to_string(revision) + "\"";
  }
  if (id.empty() && file != "-") id = std::filesystem::path(file).stem().string();
  if (id.empty())
    return problem(ProblemKind::usage, "the profile has no name", "Give it one: --id PROFILE.");
  TRY(auto answer, context.api.put(api_path({"profiles", id}), std::move(text), if_match));
  if (context.as_json())
    context.print_json(answer);
  else
    context.console.note("Profile " + id + " is at revision " + text_at(answer.value, "revision") +
                         ".");
  return {};
}

Answer<void> profile_delete(Context& context) {
  TRY_VOID(context.api.remove(api_path({"profiles", context.argument(0)})));
  context.console.note("Profile " + context.argument(0) + " is deleted.");
  return {};
}

Answer<void> trust_list(Context& context) {
  static constexpr Column columns[] = {{"FINGERPRINT", "fingerprint", true},
                                       {"KIND", "kind"},
                                       {"ACCOUNT", "account"},
                                       {"NAME", "name"},
                                       {"CREATED", "created", false, true}};
  return list_items(context, api_path({"trusted-keys"}), {}, columns);
}

Answer<void> trust_add(Context& context) {
  TRY(auto pem, read_text_file(context.argument(0), pem_file_bytes_max));
  json::object body{{"kind", context.in.get("kind", "manufacturer")}, {"pem", pem}};
  for (auto member : {"name", "account"})
    if (context.in.has(member)) body[member] = context.in.get(member);
  auto answer = context.api.post(api_path({"trusted-keys"}), body);
  if (!answer) {
    client::Problem why = std::move(answer).error();
    if (why.kind == ProblemKind::bad_request && why.advice.empty())
      why.advice =
          "The file has to hold a public key or a certificate as PEM (-----BEGIN ...); the "
          "maker's server prints its own by `fairlead factory keys --manufacturer`.";
    return std::unexpected(std::move(why));
  }
  std::string account = text_at(answer->value, "account");
  if (context.as_json())
    context.print_json(*answer);
  else
    context.console.note("The " + text_at(answer->value, "kind") + " with key " +
                         text_at(answer->value, "fingerprint") + " is trusted from now on, by " +
                         (account.empty() ? "every account and the rendezvous server."
                                          : "account " + account + "."));
  return {};
}

Answer<void> trust_remove(Context& context) {
  const std::string& wanted = context.argument(0);
  TRY(auto list, context.api.get(api_path({"trusted-keys"})));
  // Which account's goes is the server's to say; one key may stand there for several.
  std::set<std::string> matches;
  for (const auto& item : client::items_of(list.value))
    if (auto fingerprint = text_at(item, "fingerprint"); fingerprint.starts_with(wanted))
      matches.insert(fingerprint);
  if (matches.empty())
    return problem(ProblemKind::not_found, "no trusted key begins with '" + wanted + "'",
                   "`fairlead trust list` shows them.");
  if (matches.size() > 1)
    return problem(ProblemKind::conflict,
                   std::to_string(matches.size()) + " trusted keys begin with '" + wanted + "'",
                   "Write more of the fingerprint.");
  std::string fingerprint = *matches.begin();
  TRY_VOID(context.api.remove(client::with_query(api_path({"trusted-keys", fingerprint}),
                                                 {{"account", context.in.get("account")}})));
  context.console.note("Key " + fingerprint + " is no longer trusted.");
  return {};
}

Answer<void> factory_keys(Context& context) {
  TRY(auto keys, context.api.get(api_path({"keys"})));
  struct Row {
    std::string_view option, member, title;
  };
  constexpr Row rows[] = {{"owner", "owner", "Owner's public key"},
                          {"owner-certificate", "owner_certificate", "Owner's certificate"},
                          {"manufacturer", "manufacturer", "Manufacturer's public key"},
                          {"operational-ca", "ca", "Operational CA"},
                          {"device-ca", "device_ca", "Device CA"}};
  if (context.as_json()) {
    context.print_json(keys);
    return {};
  }
  bool some = false;
  for (const auto& row : rows) {
    if (!context.in.has(row.option)) continue;
    some = true;
    context.print(text_at(keys.value, row.member));
  }
  for (const auto& row : rows)
    if (!some)
      context.print("# " + std::string(row.title) + "\n" + text_at(keys.value, row.member));
  return {};
}

namespace {

std::string in_words(const json::value& directive) {
  std::string out;
  if (const json::object* members = directive.if_object())
    for (const auto& member : *members) {
      std::string value = member.value().is_string() ? std::string(member.value().get_string())
                                                     : json::serialize(member.value());
      out += (out.empty() ? "" : "  ") + std::string(member.key()) + " " + value;
    }
  return client::plain_text(out);
}

Answer<json::value> directives_from(const Context& context) {
  const Invocation& in = context.in;
  if (in.has("file")) {
    TRY(auto text, read_text_file(in.get("file"), document_bytes_max));
    TRY(auto value, parse_json(in.get("file"), text));
    if (value.is_array()) return json::value(json::object{{"directives", value}});
    return value;
  }
  json::object one;
  if (in.has("dns")) one["dns"] = in.get("dns");
  if (in.has("ip")) one["ips"] = json::array{json::string(in.get("ip"))};
  if (in.has("protocol")) one["protocol"] = in.get("protocol");
  if (in.has("bypass")) one["bypass"] = true;
  struct Number {
    std::string_view option, member;
    std::int64_t min, max;
  };
  for (const Number& each : {Number{"device-port", "device_port", 1, 65535},
                             Number{"owner-port", "owner_port", 1, 65535},
                             Number{"delay", "delay_seconds", 0, 86'400}}) {
    if (!in.has(each.option)) continue;
    TRY(auto value, in.number(each.option, 0, each.min, each.max));
    one[each.member] = value;
  }
  if (one.empty())
    return problem(ProblemKind::usage, "where to look is missing",
                   "Name --dns or --ip, or a --file with directives.");
  json::array directives;
  directives.emplace_back(std::move(one));
  return json::value(json::object{{"directives", std::move(directives)}});
}

void print_rendezvous(const Context& context, const client::Document& answer) {
  if (context.as_json()) return context.print_json(answer);
  const json::object* members = answer.value.if_object();
  const json::value* list = members ? members->if_contains("directives") : nullptr;
  if (!list || !list->is_array() || list->get_array().empty())
    return context.console.note("No directives: devices made now won't find an owner.");
  int number = 0;
  for (const auto& each : list->get_array())
    context.print(std::to_string(++number) + ". " + in_words(each) + "\n");
}

}  // namespace

Answer<void> factory_rendezvous_show(Context& context) {
  TRY(auto answer, context.api.get(api_path({"factory", "rendezvous"})));
  print_rendezvous(context, answer);
  return {};
}

Answer<void> factory_rendezvous_set(Context& context) {
  TRY(auto body, directives_from(context));
  TRY(auto answer, context.api.put(api_path({"factory", "rendezvous"}), json::serialize(body)));
  print_rendezvous(context, answer);
  return {};
}

Answer<void> rendezvous_list(Context& context) {
  static constexpr Column columns[] = {{"GUID", "guid", true},
                                       {"REGISTERED UNTIL", "expires", true, true},
                                       {"CHANGED", "changed", false, true}};
  return list_items(context, api_path({"rendezvous", "registrations"}), {}, columns);
}

Answer<void> completion(Context& context) {
  TRY(auto script, completion_script(context.argument(0)));
  context.print(script);
  return {};
}

Answer<void> version(Context& context) {
  std::string number(version_text);
  context.print(context.as_json() ? "{\"version\":\"" + number + "\"}\n"
                                  : "fairlead " + number + "\n");
  return {};
}

}  // namespace fairlead::cli
