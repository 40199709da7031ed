// SPDX-License-Identifier: Apache-2.0
// What a command works with. main() fills it with the world, tests with strings.
#pragma once

#include <filesystem>
#include <functional>

#include "base/time.h"
#include "cli/command.h"
#include "cli/table.h"
#include "client/label/print.h"
#include "client/operator/api.h"
#include "tool/bluetooth.h"

namespace fairlead::cli {

namespace json = boost::json;

// The person's side. Results go out, everything said about them goes to err.
struct Console {
  std::function<void(std::string_view)> out, err;
  std::function<Answer<std::string>(std::string_view prompt)> ask_secret;  // one line, no echo
  std::size_t width = 0;  // of the terminal that takes `out`; 0: none
  bool err_is_terminal = false;
  std::function<std::string(Time)> local_time;  // "2026-11-24 13:05:07"

  void note(std::string_view text) const { err(std::string(text) + "\n"); }
};

struct Session {
  std::string server;                 // base URL, no slash at the end
  std::filesystem::path credentials;  // where login keeps its token
};

// Pictures of labels (tool/print/label_pictures.h), where that is built in; empty where not.
using DrawLabels = std::function<Result<std::string>(std::span<const client::PrintedLabel>,
                                                     const client::LabelForm&)>;

struct Context {
  const Invocation& in;
  client::Api& api;
  const Console& console;
  Session session;
  Clock clock;
  std::function<void(Duration)> wait;
  // A device in provisioning mode, at "http://HOST:PORT".
  std::function<Answer<std::unique_ptr<client::Transport>>(const std::string& address)>
      connect_device;
  const tool::Bluetooth& bluetooth;
  const DrawLabels& draw_labels;
  std::function<bool()> go_on;  // false: somebody wants the command to come to its end

  bool as_json() const { return in.has("json"); }
  const std::string& argument(std::size_t i) const { return in.arguments.at(i); }
  std::string argument_or(std::size_t i, std::string otherwise = {}) const {
    return i < in.arguments.size() ? in.arguments[i] : std::move(otherwise);
  }
  void print(std::string_view text) const { console.out(text); }  // as is
  void print_json(const client::Document& document) const;        // exactly as received
  void print_table(const Table& table) const;
  // A document's members as "name: value" lines.
  void print_members(const json::value& object) const;
  std::string local(const std::string& rfc3339) const;  // "" for ""
};

// "-" is standard input. At most `bytes_max`.
Answer<std::string> read_text_file(const std::string& name, std::size_t bytes_max);
// Replaces the file as a whole.
Answer<void> write_file(const std::filesystem::path& path, std::string_view content,
                        unsigned mode = 0644);

struct Column {
  std::string_view title, member;
  bool keep = false;
  bool time = false;
};
// A list of the API as a table, page by page: --limit, --after, --all where the command has them.
Answer<void> list_items(Context& context, std::string path,
                        std::vector<std::pair<std::string_view, std::string>> query,
                        std::span<const Column> columns);

// The handlers, by file.
Answer<void> login(Context&), logout(Context&), status(Context&), version(Context&),
    completion(Context&);
Answer<void> account_list(Context&), account_add(Context&);
Answer<void> user_list(Context&), user_add(Context&), user_change(Context&);
Answer<void> token_list(Context&), token_add(Context&), token_remove(Context&);
Answer<void> profile_list(Context&), profile_show(Context&), profile_put(Context&),
    profile_delete(Context&);
Answer<void> profile_wifi(Context&), profile_set_wifi(Context&), profile_remove_wifi(Context&),
    device_dpp(Context&), show_controller(Context&);
Answer<void> trust_list(Context&), trust_add(Context&), trust_remove(Context&);
Answer<void> factory_keys(Context&), factory_rendezvous_show(Context&),
    factory_rendezvous_set(Context&), rendezvous_list(Context&);
Answer<void> voucher_list(Context&), voucher_registrations(Context&), voucher_show(Context&),
    voucher_import(Context&), voucher_extend(Context&), voucher_export(Context&);
Answer<void> device_list(Context&), device_waiting(Context&), device_show(Context&),
    device_add(Context&), device_otp(Context&), device_rename(Context&), device_uploads(Context&),
    device_fetch(Context&), device_approve(Context&), device_reject(Context&), revoke(Context&),
    readmit(Context&), decommission(Context&), replace_device(Context&), explain_device(Context&);
Answer<void> audit_list(Context&), audit_export(Context&), audit_verify(Context&);
Answer<void> provision(Context&), nearby(Context&), show_networks(Context&),
    show_upstreams(Context&);
Answer<void> print_labels(Context&), read_label(Context&);
Answer<void> scan_plant(Context&), scanner(Context&), plan_import(Context&), plan_compare(Context&),
    apply_plan(Context&), plan_bind(Context&), plan_replace(Context&), plan_ignore(Context&),
    plan_undo(Context&), plan_export(Context&), report(Context&), nameplate(Context&),
    identify(Context&), bundle_collect(Context&), bundle_exchange(Context&),
    bundle_deliver(Context&);
// Of --code-file, or asked for; "" with --button.
Answer<std::string> code_of_label(Context&);

}  // namespace fairlead::cli
