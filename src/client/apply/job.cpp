// SPDX-License-Identifier: Apache-2.0
#include "client/apply/job.h"

#include "client/plan/network_wish.h"

namespace fairlead::client {

namespace {

Access access_of(const Row& row, bool button) {
  Access out;
  out.code = row[Field::code];
  out.button = row[Field::code].empty() && button;
  return out;
}

Expected expected_of(const Row& row) {
  return {row[Field::serial], row[Field::product_uri], row[Field::type]};
}

ClaimRequest claim_of(const Job& job, const JobOptions& options) {
  const Row& row = job.row;
  ClaimRequest out;
  out.replaces = job.replaces;
  out.account = row[Field::account].empty() ? options.account : row[Field::account];
  out.name = row[Field::name];
  out.proof = proof_of(access_of(row, options.button));
  return out;
}

// What the server knows of a device of this serial. Several, or a server that doesn't tell: none is
// known, and the claim will say why.
Answer<Before> before_of(Api& server, const std::string& serial) {
  TRY(auto list, server.get(with_query(api_path({"devices"}), {{"search", serial}})));
  Before out;
  for (const json::value& each : items_of(list.value)) {
    if (text_at(each, "serial") != serial) continue;
    out = {true, text_at(each, "name"), text_at(each, "state")};
  }
  return out;
}

struct Opened {
  std::unique_ptr<Transport> transport;
  std::unique_ptr<HttpCarrier> carrier;
  DeviceLink link;
};

// The first address that answers. What a device itself says against it ends the search.
Answer<Opened> open_first(const std::vector<std::string>& urls, const Access& access,
                          const Connect& connect, Random& random) {
  Problem last{ProblemKind::unreachable, "no address is known for it",
               "Scan again, or name its address in the plan."};
  for (const std::string& url : urls) {
    auto transport = connect(url);
    if (!transport) {
      last = transport.error();
      continue;
    }
    auto carrier = std::make_unique<HttpCarrier>(**transport);
    auto link = open_device(*carrier, access, random);
    if (link) return Opened{std::move(*transport), std::move(carrier), std::move(*link)};
    last = link.error();
    last.message = url + ": " + last.message;
    if (last.kind != ProblemKind::failed && last.kind != ProblemKind::unreachable) break;
    last.kind = ProblemKind::unreachable;
  }
  return std::unexpected(std::move(last));
}

Answer<void> set_network(DeviceLink& link, const Row& row) {
  auto wish = network_wish(row);
  if (!wish) return {};
  TRY(auto answer, link.say(local::command::SetNetwork{std::move(*wish)}));
  if (auto* no = std::get_if<local::answer::No>(&answer))
    return problem(ProblemKind::conflict,
                   "the device refuses its new address: " + plain_text(no->obstacle.words));
  return {};
}

Answer<Outcome> through_session(DeviceLink& link, const Job& job, const JobOptions& options,
                                const Workplace& at) {
  TRY(auto offer, collect_offer(link, expected_of(job.row), at.random));
  JournalLine line;
  line.row = job.row.id;
  line.step = Step::claimed;
  line.serial = offer.offer.serial;
  line.product_uri = offer.offer.product_uri;
  TRY(line.before, before_of(at.server, offer.offer.serial));
  TRY_VOID(at.note(line));
  TRY(auto answer, claim_offer(at.server, offer.document, claim_of(job, options)));
  if (auto* waiting = std::get_if<Waiting>(&answer)) {
    Problem why{ProblemKind::busy, waiting->why,
                "`fairlead device approve " + waiting->device + "`, then apply again."};
    return Outcome{Outcome::Kind::waiting, std::move(waiting->device), std::move(why)};
  }
  auto& granted = std::get<Granted>(answer);
  TRY_VOID(set_network(link, job.row));
  TRY_VOID(deliver_grant(link, granted, {[](std::string_view) {}, at.wait}));
  const std::string& name = job.row[Field::name];
  if (line.before->known && !name.empty() && line.before->name != name) {
    json::object rename{{"name", name}};
    TRY(auto renamed, at.server.patch(api_path({"devices", granted.device}), rename));
  }
  return Outcome{Outcome::Kind::done, std::move(granted.device), {}};
}

}  // namespace

Outcome carry_out(const Job& job, const JobOptions& options, const Workplace& at) {
  const auto failed = [](Problem why) {
    return Outcome{Outcome::Kind::failed, {}, std::move(why)};
  };
  Access access = access_of(job.row, options.button);
  if (access.code.empty() && !access.button)
    return failed(
        {ProblemKind::conflict, "the row has no code",
         "Put the code of the label into the plan, or press the button and say --button."});
  JournalLine started;
  started.row = job.row.id;
  if (auto noted = at.note(started); !noted) return failed(noted.error());
  auto opened = open_first(job.urls, access, at.connect, at.random);
  if (!opened) return failed(opened.error());
  auto outcome = through_session(opened->link, job, options, at);
  if (outcome && outcome->kind == Outcome::Kind::done) return std::move(*outcome);
  // Otherwise the next one would hear "busy" for a while. What it answers changes nothing.
  (void)opened->link.say(local::command::Cancel{});
  return outcome ? std::move(*outcome) : failed(outcome.error());
}

Answer<BundleEntry> collect(const Job& job, const JobOptions& options, const Connect& connect,
                            Random& random) {
  TRY(auto opened, open_first(job.urls, access_of(job.row, options.button), connect, random));
  auto offer = collect_offer(opened.link, expected_of(job.row), random);
  (void)opened.link.say(local::command::Cancel{});  // makes room for others
  if (!offer) return std::unexpected(std::move(offer).error());
  ClaimRequest claim = claim_of(job, options);
  BundleEntry out;
  out.row = job.row.id;
  out.serial = offer->offer.serial;
  out.account = claim.account;
  out.name = claim.name;
  out.replaces = claim.replaces;
  out.proof = claim.proof;
  out.offer = std::move(offer->document);
  return out;
}

Answer<void> deliver(const Job& job, const BundleEntry& entry, const JobOptions& options,
                     const Beside& at) {
  TRY(auto opened, open_first(job.urls, access_of(job.row, options.button), at.connect, at.random));
  JournalLine line;
  line.row = job.row.id;
  line.step = Step::started;
  TRY_VOID(at.note(line));
  Granted granted{entry.device, entry.grant, entry.owner};
  auto delivered = deliver_grant(opened.link, granted, {[](std::string_view) {}, at.wait});
  line.step = delivered ? Step::done : Step::failed;
  line.device = entry.device;
  line.serial = entry.serial;
  if (!delivered) {
    line.reason = delivered.error().message;
    line.advice = delivered.error().advice;
    (void)opened.link.say(local::command::Cancel{});
  }
  TRY_VOID(at.note(line));
  return delivered;
}

Answer<void> identify(const std::vector<std::string>& urls, const Access& access,
                      std::uint8_t seconds, const Connect& connect, Random& random) {
  TRY(auto opened, open_first(urls, access, connect, random));
  return identify(opened.link, seconds);
}

Answer<UpstreamsSeen> upstreams(const std::vector<std::string>& urls, const Access& access,
                                const UpstreamWish& wish, const Connect& connect, Random& random) {
  TRY(auto opened, open_first(urls, access, connect, random));
  auto seen = upstreams(opened.link, wish);
  (void)opened.link.say(local::command::Cancel{});  // who comes next would hear "busy" for a minute
  return seen;
}

std::vector<std::string> urls_of(const SeenDevice& device) {
  std::vector<std::string> out;
  for (const Place& place : device.places) out.push_back(place.url());
  return out;
}

std::vector<Job> ready_jobs(const std::vector<Line>& lines, const History& history) {
  std::vector<Job> out;
  for (const Line& line : lines) {
    if (!line.row || !line.ready) continue;
    Job job{*line.row, urls_of(*line.device), {}};
    if (const RowHistory* before = history.find(line.row->id)) job.replaces = before->replaces;
    out.push_back(std::move(job));
  }
  return out;
}

Answer<void> undo(const RowHistory& row, Api& server, const std::string& reason) {
  if (!row.can_be_undone())
    return problem(ProblemKind::conflict, "nothing that was applied is on record for this row");
  if (!row.before->known || row.before->state == "revoked" ||
      row.before->state == "decommissioned") {
    json::object body{{"reason", reason}};
    TRY(auto revoked, server.post(api_path({"devices", row.device, "revoke"}), body));
    return {};
  }
  json::object body{{"name", row.before->name}};
  TRY(auto renamed, server.patch(api_path({"devices", row.device}), body));
  return {};
}

}  // namespace fairlead::client
