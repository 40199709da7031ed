// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "cli/context.h"
#include "client/operator/audit.h"

namespace fairlead::cli {

using client::api_path;
using client::text_at;

namespace {

constexpr std::size_t line_bytes_max = 1024 * 1024;

using EachItem = std::function<Answer<void>(const json::value& item)>;

// The whole log of the server, page by page.
Answer<void> from_server(Context& context, const EachItem& each) {
  for (std::string after;;) {
    auto target = client::with_query(api_path({"audit"}), {{"after", after}, {"limit", "1000"}});
    TRY(auto page, context.api.get(std::move(target)));
    for (const json::value& item : client::items_of(page.value)) TRY_VOID(each(item));
    after = text_at(page.value, "next");
    if (after.empty()) return {};
  }
}

// An export: one item a line.
Answer<void> from_file(const std::string& name, const EachItem& each) {
  std::ifstream in(name);
  if (!in) return problem(ProblemKind::failed, name + ": can't be read");
  for (std::string line; std::getline(in, line);) {
    boost::system::error_code error;
    if (line.size() > line_bytes_max) return problem(ProblemKind::failed, name + ": no audit log");
    json::value item = json::parse(line, error);
    if (error) return problem(ProblemKind::failed, name + ": no audit log: " + error.message());
    TRY_VOID(each(item));
  }
  return {};
}

}  // namespace

Answer<void> audit_list(Context& context) {
  TRY(auto last, context.in.number("last", 50, 1, 1000));
  auto target = client::with_query(api_path({"audit"}),
                                   {{"newest", std::to_string(last)}, {"limit", "1000"}});
  TRY(auto page, context.api.get(std::move(target)));
  if (context.as_json()) {
    context.print_json(page);
    return {};
  }
  Table table{{"ENTRY", "WHEN", "WHO", "FROM", "WHAT", "TO", "DETAILS"}, {}, {true, true}};
  for (const json::value& item : client::items_of(page.value)) {
    boost::system::error_code error;
    json::value entry = json::parse(text_at(item, "entry"), error);
    std::string details;
    const json::value* fields =
        entry.is_object() ? entry.get_object().if_contains("fields") : nullptr;
    if (fields && fields->is_object())
      for (const auto& field : fields->get_object())
        if (field.key() != "who")
          details += std::string(details.empty() ? "" : ", ") + std::string(field.key()) + " " +
                     text_at(*fields, field.key());
    table.rows.push_back({text_at(item, "sequence"), context.local(text_at(entry, "at")),
                          text_at(entry, "who"), text_at(entry, "from"), text_at(entry, "event"),
                          text_at(entry, "subject"), std::move(details)});
  }
  context.print_table(table);
  return {};
}

// Checked on the way, so that nobody keeps a log that was changed for one that was not.
Answer<void> audit_export(Context& context) {
  client::AuditChain chain;
  std::string lines;
  TRY_VOID(from_server(context, [&](const json::value& item) -> Answer<void> {
    TRY_VOID(chain.add(item));
    lines += json::serialize(item) + "\n";
    return {};
  }));
  TRY_VOID(write_file(context.in.get("out"), lines, 0600));
  context.console.note(std::to_string(chain.head().sequence) + " entries are in " +
                       context.in.get("out") + ". Keep this elsewhere: " + to_text(chain.head()));
  return {};
}

Answer<void> audit_verify(Context& context) {
  std::optional<client::AuditHead> known;
  if (context.in.has("known")) {
    known = client::audit_head_from(context.in.get("known"));
    if (!known)
      return problem(ProblemKind::usage, "'" + context.in.get("known") + "' is no ENTRY:LINK",
                     "An earlier `fairlead audit verify` or `audit export` printed one.");
  }
  client::AuditChain chain(known);
  auto add = [&](const json::value& item) { return chain.add(item); };
  std::string file = context.argument_or(0);
  TRY_VOID(file.empty() ? from_server(context, add) : from_file(file, add));
  TRY_VOID(chain.finish());
  context.print(to_text(chain.head()) + "\n");
  context.console.note(
      std::to_string(chain.head().sequence) +
      " entries, each as it was written. Keep the line above elsewhere, and give it "
      "as --known next time.");
  return {};
}

}  // namespace fairlead::cli
