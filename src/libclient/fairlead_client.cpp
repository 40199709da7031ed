// SPDX-License-Identifier: Apache-2.0
#include "libclient/fairlead-client.h"

#include <atomic>
#include <boost/json.hpp>
#include <cstdlib>
#include <cstring>

#include "base/version.h"
#include "client/operator/api.h"
#include "client/plan/shown.h"
#include "client/provision/provision.h"
#include "client/provision/upstreams.h"
#include "crypto/system_random.h"
#include "libclient/options.h"
#include "tool/apply.h"
#include "tool/connect.h"
#include "tool/project_file.h"

namespace json = boost::json;
using namespace fairlead;
using client::Answer;
using client::Problem;
using client::problem;
using client::ProblemKind;
using tool::own_problem;

struct fairlead_client {
  libclient::ClientOptions options;
  std::unique_ptr<client::Transport> server;  // null: none was named
  std::atomic<bool> stop = false;

  bool go_on() const { return !stop; }
};

namespace {

// By kind of problem: the one table of this program.
fairlead_status status_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::usage:
      return FAIRLEAD_USAGE;
    case ProblemKind::not_authenticated:
    case ProblemKind::forbidden:
      return FAIRLEAD_NOT_ALLOWED;
    case ProblemKind::not_found:
      return FAIRLEAD_NOT_FOUND;
    case ProblemKind::conflict:
      return FAIRLEAD_CONFLICT;
    case ProblemKind::unreachable:
    case ProblemKind::untrusted_server:
      return FAIRLEAD_UNREACHABLE;
    case ProblemKind::partly_refused:
      return FAIRLEAD_PARTLY_REFUSED;
    case ProblemKind::busy:
      return FAIRLEAD_BUSY;
    case ProblemKind::failed:
    case ProblemKind::bad_request:
    case ProblemKind::too_large:
    case ProblemKind::server_fault:
      break;
  }
  return FAIRLEAD_FAILED;
}

void give(char** to, const json::value& value) {
  if (to) *to = ::strdup(json::serialize(value).c_str());
}

fairlead_status tell(char** to, const Problem& why) {
  give(to, json::object{{"message", client::plain_text(why.message)},
                        {"advice", client::plain_text(why.advice)}});
  return status_of(why.kind);
}

// Nothing that is thrown crosses the interface. What `work` gives is the result.
template <class Work>
fairlead_status guarded(char** result, char** why, Work work) noexcept {
  if (result) *result = nullptr;
  if (why) *why = nullptr;
  try {
    Answer<json::value> outcome = work();
    if (!outcome) return tell(why, outcome.error());
    give(result, *outcome);
    return FAIRLEAD_OK;
  } catch (const std::exception& thrown) {
    return tell(why, {ProblemKind::failed, thrown.what(), {}});
  }
}

// The same for calls on a client: a stop() that came before is not meant.
template <class Work>
fairlead_status on_client(fairlead_client* client, char** result, char** why, Work work) noexcept {
  return guarded(result, why, [&]() -> Answer<json::value> {
    if (!client) return problem(ProblemKind::usage, "there is no client");
    client->stop = false;
    return work();
  });
}

client::Seen look(const fairlead_client& client, const tool::ScanOptions& options,
                  const std::function<void(const client::Sighting&)>& seen) {
  client::Seen out;
  auto clock = system_clock();
  tool::scan(options, {[&](const client::Sighting& each) {
                         out.on(each, clock());
                         seen(each);
                       },
                       [](const std::string&) {}, [&] { return client.go_on(); }});
  return out;
}

struct Compared {
  tool::ProjectFile project;
  client::Seen seen;
  std::vector<client::Line> lines;
};

// On the heap: lines point into it.
Answer<std::unique_ptr<Compared>> compare(const fairlead_client& client, const char* path,
                                          tool::ScanOptions options) {
  if (!path) return problem(ProblemKind::usage, "no project is named");
  auto project = tool::ProjectFile::open(path);
  if (!project) return std::unexpected(own_problem(project.error()));
  tool::look_at_rows(options, project->plan.rows);
  auto out = std::make_unique<Compared>();
  out->project = std::move(*project);
  out->seen = look(client, options, [](const auto&) {});
  out->lines = client::compare(out->project.plan, out->seen.devices(), out->project.history);
  return out;
}

Answer<json::value> apply(fairlead_client& client, const char* path, const char* text,
                          const std::function<void(const json::object&)>& ended) {
  TRY(auto options, libclient::decode_apply_options(text));
  if (!client.server) return problem(ProblemKind::usage, "the client was opened without a server");
  client::Api api(*client.server, client.options.token);
  TRY(auto me, api.get(client::api_path({"me"})));
  TRY(auto compared, compare(client, path, options.look));
  auto journal = tool::JournalFile::open(compared->project.journal());
  if (!journal) return std::unexpected(own_problem(journal.error()));
  crypto::SystemRandom random;
  auto counts = tool::apply({.jobs = client::ready_jobs(compared->lines, compared->project.history),
                             .at_once = options.at_once,
                             .options = {options.account, options.button},
                             .server = api,
                             .random = random,
                             .journal = **journal,
                             .clock = system_clock(),
                             .by = client::text_at(me.value, "id"),
                             .connect = tool::connect_device,
                             .ended = [&](const auto& row, const auto& outcome,
                                          const auto&) { ended(to_json(row, outcome)); },
                             .go_on = [&] { return client.go_on(); }});
  return json::object{{"done", counts.done},
                      {"waiting", counts.waiting},
                      {"failed", counts.failed},
                      {"left", counts.left}};
}

}  // namespace

extern "C" {

const char* fairlead_version(void) { return version_text.data(); }

fairlead_status fairlead_client_open(const char* options, fairlead_client** client, char** why) {
  return guarded(nullptr, why, [&]() -> Answer<json::value> {
    if (!client) return problem(ProblemKind::usage, "there is no place for the client");
    *client = nullptr;
    auto out = std::make_unique<fairlead_client>();
    TRY(out->options, libclient::decode_client_options(options));
    if (!out->options.server.empty()) {
      const auto& [server, token, ca_file, plain_http] = out->options;
      TRY(out->server,
          tool::connect_server({server, ca_file, plain_http, "or say \"plain_http\": true"}));
    }
    *client = out.release();
    return json::value();
  });
}

void fairlead_client_close(fairlead_client* client) { delete client; }

void fairlead_client_stop(fairlead_client* client) {
  if (client) client->stop = true;
}

fairlead_status fairlead_scan(fairlead_client* client, const char* options, fairlead_line seen,
                              void* context, char** result, char** why) {
  return on_client(client, result, why, [&]() -> Answer<json::value> {
    TRY(auto decoded, libclient::decode_scan_options(options));
    auto all = look(*client, decoded, [&](const client::Sighting& each) {
      if (seen) seen(context, to_line(each).c_str());
    });
    json::array devices;
    for (const auto* each : all.devices()) devices.push_back(to_json(*each));
    return json::object{{"devices", std::move(devices)}};
  });
}

fairlead_status fairlead_import(fairlead_client* client, const char* table, const char* path,
                                char** result, char** why) {
  json::array complaints;
  auto status = on_client(client, result, why, [&]() -> Answer<json::value> {
    if (!table || !path) return problem(ProblemKind::usage, "no table or no project is named");
    auto project = tool::ProjectFile::open(path, tool::ProjectFile::IfMissing::begin);
    if (!project) return std::unexpected(own_problem(project.error()));
    auto sheet = tool::read_table(table, {});
    if (!sheet) return std::unexpected(own_problem(sheet.error()));
    crypto::SystemRandom random;
    auto imported = client::import_sheet(*sheet, project->plan, {}, random);
    if (!imported) {
      for (const auto& each : imported.error().complaints)
        complaints.emplace_back(client::plain_text(in_words(each, sheet->name)));
      return problem(ProblemKind::failed, "the table was not imported; the project is as it was");
    }
    project->plan = std::move(imported->plan);
    if (auto saved = project->save(); !saved) return std::unexpected(own_problem(saved.error()));
    return json::object{{"added", imported->added},
                        {"changed", imported->changed},
                        {"unchanged", imported->unchanged},
                        {"removed", imported->removed}};
  });
  if (!complaints.empty()) give(result, json::object{{"complaints", std::move(complaints)}});
  return status;
}

fairlead_status fairlead_compare(fairlead_client* client, const char* project, const char* options,
                                 char** result, char** why) {
  return on_client(client, result, why, [&]() -> Answer<json::value> {
    TRY(auto decoded, libclient::decode_scan_options(options));
    TRY(auto compared, compare(*client, project, std::move(decoded)));
    json::array lines;
    for (const auto& each : compared->lines) lines.push_back(to_json(each));
    return json::object{{"lines", std::move(lines)}};
  });
}

fairlead_status fairlead_apply(fairlead_client* client, const char* project, const char* options,
                               fairlead_line ended, void* context, char** result, char** why) {
  json::value counts;
  auto status = on_client(client, result, why, [&]() -> Answer<json::value> {
    TRY(counts, apply(*client, project, options, [&](const json::object& line) {
          if (ended) ended(context, json::serialize(line).c_str());
        }));
    return counts;
  });
  if (status != FAIRLEAD_OK) return status;
  const json::object& all = counts.get_object();
  bool every = all.at("waiting") == 0 && all.at("failed") == 0 && all.at("left") == 0;
  return every ? FAIRLEAD_OK
               : tell(why, {ProblemKind::partly_refused, "not every device was provisioned", {}});
}

fairlead_status fairlead_upstreams(fairlead_client* client, const char* options, char** result,
                                   char** why) {
  return on_client(client, result, why, [&]() -> Answer<json::value> {
    TRY(auto decoded, libclient::decode_upstream_options(options));
    client::UpstreamWish wish{decoded.choose, decoded.give, from_hex(decoded.key).value_or(Bytes()),
                              decoded.forget};
    crypto::SystemRandom random;
    TRY(auto seen, client::upstreams({decoded.address}, {decoded.code, decoded.button}, wish,
                                     tool::connect_device, random));
    json::array out;
    for (const auto& each : seen.all) out.push_back(client::to_json(each));
    return json::object{{"upstreams", std::move(out)}};
  });
}

void fairlead_free(char* text) { std::free(text); }

}  // extern "C"
