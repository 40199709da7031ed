// SPDX-License-Identifier: Apache-2.0
#include "fdo/owner_modules.h"

#include "base/limits.h"
#include "codec/base64.h"

namespace fairlead::fdo {

using cbor::Reader;
using cbor::Writer;

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

// fdo.download: an FSIM chunk is at most 1,014 bytes, and one "data" pair costs 29 beside its
// content.
constexpr std::size_t download_chunk_max = 1014, download_overhead = 29;
// That a download leaves for what comes behind it in its run.
constexpr std::size_t rounds_reserved = 200;

// fdo.csr: "cacerts-req" 281 asks for PKCS#7 certs-only.
constexpr std::uint64_t cacerts_pkcs7 = 281;
constexpr std::uint64_t csr_error_bad_request = 1, csr_error_unauthorised = 2,
                        csr_error_not_supported = 3, csr_error_format = 5;

}  // namespace

Result<FileSource::Description> FileInMemory::describe() const {
  return Description{content_.size(), crypto::hash(crypto::HashAlg::sha384, {content_})};
}

Result<Bytes> FileInMemory::read(std::uint64_t offset, std::size_t most) const {
  if (offset >= content_.size()) return Bytes{};
  View rest = View(content_).subspan(static_cast<std::size_t>(offset));
  return to_bytes(rest.first(std::min(most, rest.size())));
}

std::string_view module_of(const Action& action) {
  return std::visit(
      Overloaded{[](const action::Grant&) { return enroll_module; },
                 [](const action::Csr&) { return std::string_view("fdo.csr"); },
                 [](const action::Download&) { return std::string_view("fdo.download"); },
                 [](const action::Upload&) { return std::string_view("fdo.upload"); },
                 [](const action::Wget&) { return std::string_view("fdo.wget"); },
                 [](const action::Command&) { return std::string_view("fdo.command"); }},
      action);
}

std::string to_text(const Action& action) {
  return std::visit(
      Overloaded{[](const action::Grant&) { return std::string("grant"); },
                 [](const action::Csr&) { return std::string("certificate by fdo.csr"); },
                 [](const action::Download& a) { return "download of " + a.name; },
                 [](const action::Upload& a) { return "upload of " + a.name; },
                 [](const action::Wget& a) { return "fetching " + a.url; },
                 [](const action::Command& a) { return "command " + a.command; }},
      action);
}

void write_dialogue(Writer& out, const OwnerDialogue& d) {
  out.array(11);
  write_devmod(out, d.devmod);
  out.boolean(d.devmod_done);
  d.joiner.write(out);
  out.uint(d.action).boolean(d.started).uint(d.offset);
  d.outbox.write(out);
  out.uint(d.idle_rounds).boolean(d.more_sent).boolean(d.done_sent).array(d.inactive.size());
  for (const std::string& module : d.inactive) out.text(module);
}

OwnerDialogue read_dialogue(Reader& in) {
  OwnerDialogue d;
  in.array(11);
  d.devmod = read_devmod(in);
  d.devmod_done = in.boolean();
  d.joiner = ValueJoiner::read(in);
  d.action = in.uint();
  d.started = in.boolean();
  d.offset = in.uint();
  d.outbox = Outbox::read(in);
  d.idle_rounds = in.uint();
  d.more_sent = in.boolean();
  d.done_sent = in.boolean();
  std::size_t count = in.array_between(0, 128);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) d.inactive.push_back(in.text(128));
  return d;
}

namespace {

// One round of the dialogue; lives for the length of a call.
class Round {
 public:
  Round(OwnerDialogue& dialogue, const OwnerPlan& plan, OwnerEvents& events,
        const RoundLimits& limits)
      : d_(dialogue), plan_(plan), events_(events), limits_(limits) {}

  Result<void> take(const KeyValue& pair) {
    TRY(auto key, split_key(pair.key));
    if (key.module == "devmod") return take_devmod(key.message, pair.value);
    if (!d_.devmod_done)
      return fail(Errc::malformed, "devmod is not complete when '" + pair.key + "' comes");
    Reader in(pair.value);
    if (key.message == "active") {
      bool active = in.boolean();
      TRY_VOID(in.finish().in(pair.key));
      if (!active) note_inactive(key.module);
      return ok();
    }
    if (d_.action >= plan_.size() || module_of(plan_[d_.action]) != key.module)
      return ok();  // not asked for: no effect
    auto taken = std::visit([&](const auto& action) { return on(action, key.message, in); },
                            plan_[d_.action]);
    // What can't be read needs to be named; what was decided is said in its own words.
    if (!taken && taken.error().code == Errc::malformed) return std::move(taken).in(pair.key);
    return taken;
  }

  // Starts actions and fills the message. What a module says at its start goes out before its bulk.
  OwnerInfoMessage produce() {
    while (d_.outbox.empty() && d_.action < plan_.size()) {
      const Action& action = plan_[d_.action];
      if (superfluous(action)) {
        ++d_.action;
        continue;
      }
      if (has_not(module_of(action))) {
        finish(
            fail(Errc::unsupported, "the device has no module " + std::string(module_of(action))));
        continue;
      }
      if (!d_.started) {
        d_.started = true;
        push(module_of(action), "active", std::move(Writer().boolean(true)));
        std::visit([&](const auto& a) { start(a); }, action);
        break;  // also where it failed at once: what was said of it goes out first
      }
      if (const auto* download = std::get_if<action::Download>(&action)) push_chunks(*download);
      break;
    }
    OwnerInfoMessage out;
    out.info = d_.outbox.take(limits_.bytes);
    out.more = !d_.outbox.empty();
    out.done = !out.more && out.info.empty() && d_.action >= plan_.size();
    d_.more_sent = out.more;
    d_.done_sent = out.done;
    return out;
  }

 private:
  // Grant and fdo.csr are two ways to one certificate: the first that the device has is enough.
  bool superfluous(const Action& action) const {
    if (std::holds_alternative<action::Csr>(action)) return d_.devmod.has(enroll_module);
    return std::holds_alternative<action::Grant>(action) && has_not(enroll_module) &&
           d_.devmod.has("fdo.csr");
  }

  bool has_not(std::string_view module) const {
    return !d_.devmod.has(module) || std::ranges::find(d_.inactive, module) != d_.inactive.end();
  }

  // Only modules of the plan matter, so a device can't make this list long.
  void note_inactive(std::string_view module) {
    if (std::ranges::find(d_.inactive, module) != d_.inactive.end()) return;
    if (std::ranges::find(plan_, module, module_of) != plan_.end())
      d_.inactive.emplace_back(module);
  }

  void push(std::string_view module, std::string_view message, Writer value) {
    d_.outbox.push(std::string(module) + ":" + std::string(message), value.take());
  }

  void finish(Result<void> result) {
    events_.on_action_done(plan_[d_.action], std::move(result));
    ++d_.action;
    d_.started = false;
    d_.offset = 0;
  }

  Result<void> take_devmod(std::string_view message, View value) {
    if (d_.devmod_done) return ok();
    return apply_devmod(d_.devmod, message, value);
  }

  // fairlead.enroll (docs/wire/enroll-fsim.md): d: offer bstr; o: grant bstr; d: result [bool,
  // tstr].
  void start(const action::Grant&) {}
  Result<void> on(const action::Grant&, std::string_view message, Reader& in) {
    if (message == "offer") {
      View offer = in.bytes(limits::service_info_value_bytes_max);
      TRY_VOID(in.finish());
      TRY(Bytes grant, events_.grant(offer));
      push(enroll_module, "grant", std::move(Writer().bytes(grant)));
      return ok();
    }
    if (message != "result") return ok();
    in.array(2);
    bool good = in.boolean();
    std::string why = in.text(512);
    TRY_VOID(in.finish());
    finish(good ? ok() : Result<void>(fail(Errc::refused, "the device refuses its Grant: " + why)));
    return ok();
  }

  void start(const action::Csr&) {}
  Result<void> on(const action::Csr&, std::string_view message, Reader& in) {
    auto error = [&](std::uint64_t code) {
      push("fdo.csr", "error", std::move(Writer().uint(code)));
    };
    if (message == "cacerts-req") {
      std::uint64_t format = in.uint();
      TRY_VOID(in.finish());
      auto certificates = events_.ca_certificates();
      if (format != cacerts_pkcs7 || !certificates) return error(csr_error_format), ok();
      push("fdo.csr", "cacerts-res", std::move(Writer().text(to_base64(*certificates))));
      return ok();
    }
    if (message == "simpleenroll-req" || message == "simplereenroll-req") {
      // One implementation sends EST bodies as bstr instead of tstr.
      auto csr = from_base64_lenient(in.peek() == cbor::Kind::bytes
                                         ? as_text(in.bytes(limits::csr_bytes_max * 2))
                                         : in.text_view(limits::csr_bytes_max * 2));
      TRY_VOID(in.finish());
      if (!csr) return error(csr_error_bad_request), ok();
      auto chain = events_.issue(*csr);
      if (!chain) {
        error(chain.error().code == Errc::refused ? csr_error_unauthorised : csr_error_bad_request);
        finish(fail(chain.error()));
        return ok();
      }
      std::string_view response =
          message == "simpleenroll-req" ? "simpleenroll-res" : "simplereenroll-res";
      push("fdo.csr", response, std::move(Writer().text(to_base64(*chain))));
      finish(ok());
      return ok();
    }
    if (message == "csrattrs-req") {
      // FSIM fdo.csr: "The value carried in the fdo.csr.csrattrs-req message is ignored".
      push("fdo.csr", "csrattrs-res",
           std::move(Writer().text(to_base64(events_.csr_attributes()))));
      return ok();
    }
    if (message == "serverkeygen-req") {
      events_.on_action_refused(action::Csr{}, "keys are made by the device that keeps them");
      return error(csr_error_not_supported), ok();
    }
    return ok();
  }

  void start(const action::Download& a) {
    auto file = a.source->describe();
    if (!file) return finish(fail(file.error()));
    // One that would end in the middle would take the run with it, each time the device comes.
    const std::uint64_t most = download_bytes_max();
    if (file->size > most)
      return finish(fail(Errc::refused, "it has " + std::to_string(file->size) +
                                            " bytes, and this device can be "
                                            "given no more than " +
                                            std::to_string(most) +
                                            " in this run; let it fetch it by wget"));
    push("fdo.download", "name", std::move(Writer().text(a.name)));
    push("fdo.download", "length", std::move(Writer().uint(file->size)));
    push("fdo.download", "sha-384", std::move(Writer().bytes(file->sha384)));
    if (file->size == 0) push("fdo.download", "data", std::move(Writer().bytes({})));
  }
  // Of service info, for content and what stands between chunks.
  std::size_t room() const {
    return limits_.bytes > download_overhead ? limits_.bytes - download_overhead : 1;
  }
  std::uint64_t download_bytes_max() const {
    const std::size_t chunks = std::max<std::size_t>(
        1, (room() + download_overhead) / (download_chunk_max + download_overhead));
    const std::size_t each = std::min(room(), download_chunk_max);
    const std::size_t rounds = limits_.rounds_left - std::min(limits_.rounds_left, rounds_reserved);
    return std::uint64_t{chunks} * each * rounds;
  }
  // One chunk, if need be a small one; as many more as fit whole.
  void push_chunks(const action::Download& a) {
    const std::size_t room = this->room();
    auto stretch = a.source->read(d_.offset, room);
    if (!stretch) return finish(fail(stretch.error()));
    for (View rest = *stretch; !rest.empty();) {
      View chunk = rest.first(std::min(rest.size(), download_chunk_max));
      if (!d_.outbox.empty() && d_.outbox.bytes() + chunk.size() > room) return;
      push("fdo.download", "data", std::move(Writer().bytes(chunk)));
      d_.offset += chunk.size();
      rest = rest.subspan(chunk.size());
    }
  }
  Result<void> on(const action::Download& a, std::string_view message, Reader& in) {
    if (message != "done") return ok();
    std::int64_t size = in.integer();
    TRY_VOID(in.finish());
    bool good = size >= 0 && static_cast<std::uint64_t>(size) == d_.offset;
    finish(good ? ok() : Result<void>(fail(Errc::io, "the device could not store " + a.name)));
    return ok();
  }

  void start(const action::Upload& a) {
    events_.on_upload_begin();
    push("fdo.upload", "need-sha", std::move(Writer().boolean(true)));
    push("fdo.upload", "name", std::move(Writer().text(a.name)));
  }
  Result<void> on(const action::Upload& a, std::string_view message, Reader& in) {
    if (message == "data") {
      View part = in.bytes(limits::service_info_value_bytes_max);
      TRY_VOID(in.finish());
      TRY_VOID(events_.on_upload_part(d_.offset, part).in(a.name));
      d_.offset += part.size();
      return ok();
    }
    if (message != "sha-384") return ok();
    View sha384 = in.bytes(48);
    TRY_VOID(in.finish());
    finish(events_.on_upload_end(a.name, sha384));
    return ok();
  }

  void start(const action::Wget& a) {
    if (!a.sha384.empty()) push("fdo.wget", "sha-384", std::move(Writer().bytes(a.sha384)));
    push("fdo.wget", "name", std::move(Writer().text(a.name)));
    push("fdo.wget", "url", std::move(Writer().text(a.url)));
  }
  Result<void> on(const action::Wget&, std::string_view message, Reader& in) {
    if (message == "error") {
      std::string why = in.text(1024);
      TRY_VOID(in.finish());
      finish(fail(Errc::io, "the device could not fetch it: " + why));
    } else if (message == "done") {
      std::int64_t size = in.integer();
      TRY_VOID(in.finish());
      finish(size >= 0 ? ok() : Result<void>(fail(Errc::io, "the device could not fetch it")));
    }
    return ok();
  }

  // Two dialects: by the FSIM's text args is a bstr holding the array and execute holds null;
  // Intel's devices (they have fdo_sys) take the bare array in both.
  void start(const action::Command& a) {
    bool intel = d_.devmod.has("fdo_sys");
    Writer array;
    array.array(a.args.size());
    for (const std::string& arg : a.args) array.text(arg);
    Writer args, execute;
    if (intel)
      args.raw(array.view()), execute.raw(array.view());
    else
      args.bytes(array.view()), execute.null();
    push("fdo.command", "command", std::move(Writer().text(a.command)));
    push("fdo.command", "args", std::move(args));
    push("fdo.command", "may_fail", std::move(Writer().boolean(a.may_fail)));
    push("fdo.command", "return_stdout", std::move(Writer().boolean(a.return_stdout)));
    push("fdo.command", "return_stderr", std::move(Writer().boolean(a.return_stderr)));
    push("fdo.command", "execute", std::move(execute));
  }
  Result<void> on(const action::Command& a, std::string_view message, Reader& in) {
    if (message == "stdout" || message == "stderr") {
      View output = in.bytes(limits::service_info_value_bytes_max);
      TRY_VOID(in.finish());
      events_.on_output(plan_[d_.action], message, output);
    } else if (message == "exitcode") {
      std::int64_t code = in.integer();
      TRY_VOID(in.finish());
      bool good = code == 0 || a.may_fail;
      events_.on_output(plan_[d_.action], "exit code", as_view(std::to_string(code)));
      finish(good ? ok() : Result<void>(fail(Errc::refused, "exit code " + std::to_string(code))));
    }
    return ok();
  }

  OwnerDialogue& d_;
  const OwnerPlan& plan_;
  OwnerEvents& events_;
  RoundLimits limits_;
};

// After IsDone one stock device still sends a 68; it may hold nothing but "module:active" = false.
Outcome<OwnerInfoMessage> after_done(const DeviceInfoMessage& message) {
  for (const KeyValue& pair : message.info) {
    bool inactive = pair.key.ends_with(":active") && pair.value == Bytes{0xF4};
    if (!inactive)
      return refuse(ErrorCode::invalid_message,
                    "service info '" + pair.key + "' comes after IsDone");
  }
  if (message.more) return refuse(ErrorCode::invalid_message, "service info goes on after IsDone");
  return OwnerInfoMessage{false, true, {}};
}

Outcome<void> count_round(OwnerDialogue& dialogue, bool progress) {
  dialogue.idle_rounds = progress ? 0 : dialogue.idle_rounds + 1;
  if (dialogue.idle_rounds > limits::service_info_rounds_idle_max)
    return refuse(ErrorCode::invalid_message, "service info makes no progress");
  return {};
}

}  // namespace

Outcome<OwnerInfoMessage> next_round(OwnerDialogue& dialogue, const OwnerPlan& plan,
                                     OwnerEvents& events, const DeviceInfoMessage& message,
                                     const RoundLimits& limits) {
  if (dialogue.done_sent) return after_done(message);
  // An answer to the first part of what the device says may wait in the outbox meanwhile; only what
  // we announced by IsMore forbids the device to go on.
  if (message.more && dialogue.more_sent)
    return refuse(ErrorCode::invalid_message, "both sides say that more comes");
  Round round(dialogue, plan, events, limits);
  std::size_t action_before = dialogue.action;
  for (const KeyValue& pair : message.info) {
    TRY(auto values, dialogue.joiner.add(pair));
    for (const KeyValue& value : values) TRY_VOID(round.take(value));
  }
  if (message.more) {
    TRY_VOID(count_round(dialogue, !message.info.empty()));
    return OwnerInfoMessage{};
  }
  if (!dialogue.joiner.whole()) return refuse(ErrorCode::body, "service info ends inside a value");
  if (!dialogue.devmod_done) {
    if (!dialogue.devmod.complete())
      return refuse(ErrorCode::body, "devmod lacks a mandatory message");
    dialogue.devmod_done = true;
    events.on_devmod(dialogue.devmod);
  }
  OwnerInfoMessage answer = round.produce();
  bool progress = !message.info.empty() || !answer.info.empty() || answer.done ||
                  dialogue.action != action_before;
  TRY_VOID(count_round(dialogue, progress));
  return answer;
}

}  // namespace fairlead::fdo
