// SPDX-License-Identifier: Apache-2.0
// Drives client::VoucherImport: reads, keeps several batches under way, notes what is done,
// reports.
#include "client/operator/voucher_import.h"

#include <algorithm>
#include <chrono>
#include <deque>

#include "cli/context.h"
#include "cli/import_source.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t requests_at_once = 4;
constexpr std::size_t refusals_shown_max = 20;
constexpr Duration progress_pause_terminal = std::chrono::milliseconds(200);
constexpr Duration progress_pause_plain = std::chrono::seconds(5);

std::string with_thousands(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<std::size_t>(at), ",");
  return out;
}

std::string counts_text(const client::ImportCounts& counts, bool dry) {
  std::string out = with_thousands(counts.imported) + (dry ? " would be imported" : " imported");
  if (counts.unchanged) out += ", " + with_thousands(counts.unchanged) + " unchanged";
  if (counts.done_before) out += ", " + with_thousands(counts.done_before) + " done before";
  return out + ", " + with_thousands(counts.refused) + " refused";
}

// One line that is written over on a terminal; else a line now and then, for a log.
class Progress {
 public:
  Progress(const Console& console, Clock clock, bool dry)
      : console_(console), clock_(std::move(clock)), dry_(dry), begin_(clock_()), last_(begin_) {}

  void show(const client::ImportCounts& counts, const VoucherSource& source) {
    Time now = clock_();
    if (now - last_ < (console_.err_is_terminal ? progress_pause_terminal : progress_pause_plain))
      return;
    last_ = now;
    std::string text = counts_text(counts, dry_) + rate(counts, now);
    if (source.bytes_total())
      text = std::to_string(source.bytes_read() * 100 / source.bytes_total()) + " % read: " + text;
    console_.err(console_.err_is_terminal ? "\r\x1b[K" + text : text + "\n");
    line_open_ = console_.err_is_terminal;
  }
  void note(const std::string& text) {
    if (std::exchange(line_open_, false)) console_.err("\r\x1b[K");
    console_.note(text);
  }
  std::string rate(const client::ImportCounts& counts, Time now) const {
    auto ms = (now - begin_).count();
    if (ms < 1000) return {};
    auto sent = counts.imported + counts.unchanged + counts.refused;
    return " (" + with_thousands(sent * 1000 / static_cast<std::uint64_t>(ms)) + "/s)";
  }

 private:
  const Console& console_;
  Clock clock_;
  bool dry_;
  Time begin_, last_;
  bool line_open_ = false;
};

// A line of JSON per refusal: {"where","file","index","guid","reason"}. Without --report the first
// few are shown.
class Report {
 public:
  static Answer<Report> open(const std::string& file) {
    Report out;
    if (file.empty()) return out;
    out.path_ = file;
    out.file_.reset(std::fopen(file.c_str(), "we"));
    if (!out.file_) return problem(ProblemKind::failed, file + ": can't be written");
    return out;
  }
  Answer<void> add(const std::vector<client::ImportRefusal>& refusals, Progress& progress) {
    for (const auto& each : refusals) {
      if (!file_ && ++shown_ <= refusals_shown_max)
        progress.note("refused: " + client::plain_text(each.where) + ": " + each.reason);
      if (!file_ && shown_ == refusals_shown_max + 1)
        progress.note("More are refused; --report FILE writes all of them down.");
      if (!file_) continue;
      json::object line{{"where", client::plain_text(each.where)},
                        {"file", client::plain_text(each.file)},
                        {"index", each.number},
                        {"reason", each.reason}};
      if (!each.guid.empty()) line["guid"] = each.guid;
      std::fputs((json::serialize(line) + "\n").c_str(), file_.get());
    }
    if (file_ && std::fflush(file_.get()) != 0)
      return problem(ProblemKind::failed, path_ + ": can't be written");
    return {};
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_{nullptr, std::fclose};
  std::size_t shown_ = 0;
};

struct ImportRun {
  struct UnderWay {
    client::VoucherImport::Batch batch;
    client::Transport::Awaited answer;
  };

  Context& context;
  VoucherSource source;
  client::VoucherImport import;
  std::optional<ImportJournal> journal;
  Report report;
  Progress progress;
  std::deque<UnderWay> under_way{};  // the oldest first

  Answer<void> all() {
    for (Answer<void> sent;;) {
      if (sent) sent = send_ahead();
      if (under_way.empty()) {
        TRY_VOID(keep());
        return sent;
      }
      TRY_VOID(take_answer());
    }
  }

  // The server always has the next request when it has answered one.
  Answer<void> send_ahead() {
    while (under_way.size() < requests_at_once) {
      while (import.wants_more() && !source.ended()) {
        TRY(auto voucher, source.next());
        if (voucher) import.add(std::move(*voucher));
      }
      auto batch = import.take(!source.ended());
      if (batch.empty()) return {};
      auto answer = context.api.start(import.request_for(batch));
      under_way.push_back({std::move(batch), std::move(answer)});
    }
    return {};
  }

  // The oldest one's. One that ends the import must not take the others' outcome with it, and
  // nothing is under way while a server that is busy is left in peace.
  Answer<void> take_answer() {
    std::optional<Problem> why;
    bool wait = false;
    do {
      UnderWay first = std::move(under_way.front());
      under_way.pop_front();
      auto next = import.answered(std::move(first.batch), first.answer());
      if (!next && !why) why = next.error();
      wait = wait || (next && *next == client::VoucherImport::Next::wait);
    } while ((why || wait) && !under_way.empty());
    TRY_VOID(keep());
    progress.show(import.counts(), source);
    if (why) return std::unexpected(std::move(*why));
    if (wait) {
      progress.note(
          "The server does not answer; next try in " +
          std::to_string(std::chrono::ceil<std::chrono::seconds>(import.wait_time()).count()) +
          " s.");
      context.wait(import.wait_time());
    }
    return {};
  }

  Answer<void> keep() {
    TRY_VOID(report.add(import.take_refusals(), progress));
    auto done = import.take_done();
    if (journal && !done.empty()) TRY_VOID(journal->add(done));
    return {};
  }
};

Answer<ImportRun> prepare(Context& context) {
  const Invocation& in = context.in;
  client::ImportOptions options{in.get("account"), in.has("dry-run")};
  std::string report = in.get("report");
  if (in.has("resume") && report.empty())
    return problem(ProblemKind::usage, "--resume needs the --report of the interrupted import",
                   "Its journal lies beside it. Without one, just import again: what is there "
                   "already stays unchanged.");
  if (in.has("resume") && options.dry_run)
    return problem(ProblemKind::usage, "--resume and --dry-run contradict each other");
  TRY(auto source, VoucherSource::open(in.arguments));
  std::optional<ImportJournal> journal;
  client::DigestSet done;
  if (!report.empty() && !options.dry_run) {
    TRY(auto opened,
        ImportJournal::open(report + ".journal", context.session.server + " " + options.account,
                            in.has("resume")));
    journal.emplace(std::move(opened));
    done = journal->take_done();
  }
  TRY(auto report_file, Report::open(report));
  bool dry = options.dry_run;
  return ImportRun{context,
                   std::move(source),
                   client::VoucherImport(std::move(options), std::move(done)),
                   std::move(journal),
                   std::move(report_file),
                   Progress(context.console, context.clock, dry)};
}

}  // namespace

Answer<void> voucher_import(Context& context) {
  TRY(auto run, prepare(context));
  auto outcome = run.all();
  const auto& counts = run.import.counts();
  bool dry = context.in.has("dry-run");
  std::string report = context.in.get("report");
  for (const auto& file : run.source.empty_files())
    run.progress.note("There is no voucher in " + client::plain_text(file) + ".");
  run.progress.note(counts_text(counts, dry) + run.progress.rate(counts, context.clock()) + ".");
  if (context.as_json())
    context.print(json::serialize(json::object{{"imported", counts.imported},
                                               {"unchanged", counts.unchanged},
                                               {"done_before", counts.done_before},
                                               {"refused", counts.refused},
                                               {"dry_run", dry},
                                               {"complete", outcome.has_value()}}) +
                  "\n");
  if (!outcome) {
    if (!report.empty() && !dry)
      run.progress.note("Interrupted. The same command with --resume goes on from here.");
    return outcome;
  }
  if (counts.seen() == 0)
    return problem(ProblemKind::failed, "no ownership voucher was found",
                   "A voucher begins with -----BEGIN OWNERSHIP VOUCHER-----, or is CBOR.");
  if (counts.refused)
    return problem(ProblemKind::partly_refused,
                   with_thousands(counts.refused) + " of " + with_thousands(counts.seen()) +
                       " vouchers were refused",
                   report.empty() ? "" : "The reasons are in " + report + ".");
  return {};
}

}  // namespace fairlead::cli
