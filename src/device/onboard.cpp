// SPDX-License-Identifier: Apache-2.0
#include "device/onboard.h"

#include <sys/utsname.h>

#include <algorithm>

#include "base/events.h"
#include "base/limits.h"
#include "device/modules/working_directory.h"

namespace fairlead::device {

using std::chrono::steady_clock;

namespace {

// An owner may do slow work between two messages (sign, write, ask a person's system).
constexpr Duration owner_deadline = std::chrono::seconds(60);

struct DeviceHandles {
  std::unique_ptr<crypto::Signer> key;
  std::unique_ptr<crypto::HmacKey> hmac, next_hmac;
};

Result<DeviceHandles> open_handles(keystore::Keystore& keystore, const Identity& identity) {
  DeviceHandles out;
  TRY(out.key, keystore.open_key(identity.device_key));
  TRY(out.hmac, keystore.open_hmac_key(identity.hmac_key));
  // A secret of a run that was never committed is of no use to anyone.
  auto next = hmac_key_name(identity.generation + 1);
  TRY_VOID(keystore.remove(next));
  TRY(out.next_hmac, keystore.create_hmac_key(next));
  return out;
}

fdo::DevMod describe_machine(const Identity& identity) {
  utsname system{};
  ::uname(&system);
  fdo::DevMod out;
  out.os = system.sysname;
  out.arch = system.machine;
  out.version = system.release;
  out.device = identity.model;
  out.serial = identity.serial;
  out.separator = ";";
  out.binary_formats = system.machine;
  return out;
}

fdo::To2DeviceOptions options_for(const crypto::Signer& key, const Proposal& proposal,
                                  OwnerProof& proof) {
  fdo::To2DeviceOptions out;
  bool wide = key.public_key().type() == crypto::KeyType::p384;
  out.kex = proposal.kex.value_or(fdo::kex_for(key.public_key().type()));
  out.cipher =
      proposal.cipher.value_or(wide ? fdo::CipherSuite::a256gcm : fdo::CipherSuite::a128gcm);
  out.allow_reuse = proposal.allow_reuse;
  out.on_owner_proven = [&proof](const crypto::PublicKey& owner) { proof.owner = owner; };
  return out;
}

std::uint64_t draw_number(Random& random) {
  std::uint64_t out = 0;
  for (std::uint8_t byte : random.bytes(4)) out = out << 8 | byte;
  return out;
}

// Why our own machine would not go on.
Failure own_refusal(const fdo::Refusal& refusal, std::uint8_t answer, const ModuleReport& modules) {
  if (modules.failure) return *modules.failure;  // a module knows better than the machine
  std::string detail = "message " + std::to_string(answer) + ": " + refusal.why;
  if (refusal.code == fdo::ErrorCode::internal) return {Reason::key_failed, detail};
  if (refusal.code == fdo::ErrorCode::credential_reuse) return {Reason::reuse_refused, detail};
  if (refusal.code == fdo::ErrorCode::body) return {Reason::peer_wrong, detail};
  return {answer <= 65 ? Reason::voucher_wrong : Reason::peer_wrong, detail};
}

using Step = fdo::Outcome<fdo::Outgoing>;

// One run of TO2: what lives from message 60 to 71.
class Run {
 public:
  Run(Workshop& shop, const Identity& identity, ModuleFacts facts, OwnerSought& sought,
      DeviceHandles handles, const Proposal& proposal)
      : shop_(shop),
        identity_(identity),
        facts_(std::move(facts)),
        handles_(std::move(handles)),
        prove_by_(sought.prove_within ? std::optional(steady_clock::now() + *sought.prove_within)
                                      : std::nullopt),
        client_(shop.loop, shop.checkpoint, FdoPeer::owner, sought.candidate,
                sought.clock_plausible, sought.server_key),
        machine_(identity.credential, {*handles_.key, *handles_.hmac, *handles_.next_hmac},
                 options_for(*handles_.key, proposal, proof_), std::move(sought.to1d), shop.random,
                 make_modules(facts_, shop.keystore, identity, shop.random, proof_, report_),
                 describe_machine(identity)) {}

  AttemptTask<void> drive();
  const fdo::To2Committed& committed() const { return *machine_.committed(); }
  const crypto::PublicKey& owner() const { return *proof_.owner; }
  ModuleReport& report() { return report_; }

 private:
  Result<void> meet_owner();
  AttemptTask<FdoAnswer> exchange(fdo::Outgoing out);
  AttemptTask<Step> step(FdoAnswer answer);
  AttemptTask<void> refuse(fdo::Refusal refusal);
  Failure peer_failure(Failure failure) const;

  Workshop& shop_;
  const Identity& identity_;
  ModuleFacts facts_;  // the modules refer to it
  DeviceHandles handles_;
  OwnerProof proof_;
  ModuleReport report_;
  std::optional<steady_clock::time_point> prove_by_;
  FdoClient client_;
  fdo::To2Device machine_;
  bool owner_met_ = false;
};

AttemptTask<FdoAnswer> Run::exchange(fdo::Outgoing out) {
  auto expected = static_cast<std::uint8_t>(out.type + 1);
  Duration limit = owner_deadline;
  if (prove_by_ && !proof_.owner)
    limit = std::min(limit, std::chrono::floor<Duration>(*prove_by_ - steady_clock::now()));
  if (limit <= Duration(0))
    co_return give_up(Reason::owner_unreachable,
                      client_.where() + " takes too long to prove that it is the owner");
  auto exchanging = client_.exchange(out.type, std::move(out.body), expected, limit);
  auto answer = co_await std::move(exchanging);
  if (!answer) co_return std::unexpected(peer_failure(std::move(answer.error())));
  co_return std::move(answer);
}

// The owner's error says little by its code; where the run stood tells the rest.
Failure Run::peer_failure(Failure failure) const {
  if (!client_.peer_error() || !report_.offer_open) return failure;
  bool later = client_.peer_error()->code == fdo::ErrorCode::internal;
  return {later ? Reason::grant_pending : Reason::grant_refused, client_.peer_error()->text};
}

// Another owner than before: what the former one left here is none of this one's business. Done
// before a module can touch a file, and again should the run be repeated. What a power cut left
// half-written is removed at any owner's.
Result<void> Run::meet_owner() {
  if (!proof_.owner || std::exchange(owner_met_, true)) return ok();
  TRY_VOID(WorkingDirectory(facts_.work).clear_unfinished());
  if (!identity_.owner || *identity_.owner == proof_.owner->fingerprint()) return ok();
  (*facts_.log)(event::device_owner_changed,
                {{"owner", proof_.owner->fingerprint().hex().substr(0, 16)},
                 {"former", identity_.owner->hex().substr(0, 16)}});
  return WorkingDirectory(facts_.work).clear();
}

AttemptTask<Step> Run::step(FdoAnswer answer) {
  auto step_it = [&]() -> Result<Step> {
    Step next = machine_.on_message(answer.type, answer.body);
    TRY_VOID(meet_owner());
    return next;
  };
  auto stepping = shop_.loop.on_worker(step_it);
  auto stepped = co_await std::move(stepping);
  if (!stepped) co_return std::unexpected(local_failure(stepped.error(), Reason::fault));
  co_return std::move(*stepped);
}

AttemptTask<void> Run::refuse(fdo::Refusal refusal) {
  auto reporting = client_.report(refusal.code, machine_.last_sent(), refusal.why, shop_.clock(),
                                  draw_number(shop_.random));
  auto reported = co_await std::move(reporting);
  (void)reported;  // best effort: the run is over either way
  co_return Attempt<void>{};
}

AttemptTask<void> Run::drive() {
  Step next = machine_.start();
  unsigned idle_rounds = 0;
  while (next && next->type != 0) {
    idle_rounds = next->idle ? idle_rounds + 1 : 0;
    Duration pause = next->idle ? poll_pause(idle_rounds) : Duration(0);
    if (pause.count() > 0) {
      auto sleeping = shop_.loop.sleep(pause);
      auto slept = co_await std::move(sleeping);
      CO_TRY_VOID(locally(std::move(slept), Reason::fault));
    }
    auto exchanging = exchange(std::move(*next));
    auto answer = co_await std::move(exchanging);
    if (!answer) {
      // A peer that did not answer in kind is told so; one that sent an error has ended the run
      // itself.
      if (answer.error().reason == Reason::peer_wrong) {
        fdo::Refusal refusal(fdo::ErrorCode::invalid_message, answer.error().detail);
        auto refusing = refuse(std::move(refusal));
        auto refused = co_await std::move(refusing);
        (void)refused;
      }
      co_return std::unexpected(std::move(answer.error()));
    }
    std::uint8_t answer_type = answer->type;
    auto stepping = step(std::move(*answer));
    auto stepped = co_await std::move(stepping);
    if (!stepped) co_return std::unexpected(std::move(stepped.error()));
    next = std::move(*stepped);
    if (!next) {
      auto refusing = refuse(next.error());
      auto refused = co_await std::move(refusing);
      (void)refused;
      co_return std::unexpected(own_refusal(next.error(), answer_type, report_));
    }
  }
  co_return Attempt<void>{};
}

// What stands in the identity after this run.
Identity successor(const Identity& identity, const fdo::To2Committed& committed,
                   const crypto::PublicKey& owner, ModuleReport& report) {
  Identity out = identity;
  ++out.generation;
  // An owner whose Grant was not accepted is asked again, also after a restart.
  out.onboarded = report.staged || !report.failure;
  out.owner = owner.fingerprint();
  if (committed.replacement) {
    out.credential = *committed.replacement;
    out.hmac_key = hmac_key_name(out.generation);
    out.operational.reset();  // another owner's upstream is no longer ours
  }
  if (report.staged) out.operational = std::move(report.staged);
  return out;
}

}  // namespace

Duration poll_pause(unsigned idle_rounds) {
  if (idle_rounds <= 1) return Duration(0);
  unsigned doublings = std::min(idle_rounds - 2, 6u);
  return std::min(Duration(100) * (1 << doublings), Duration(5000));
}

AttemptTask<fdo::To1d> ask_rendezvous(Workshop shop, const Identity& identity,
                                      fdo::Candidate candidate, bool clock_plausible) {
  auto open_it = [&] { return shop.keystore.open_key(identity.device_key); };
  auto opening = shop.loop.on_worker(open_it);
  auto opened = co_await std::move(opening);
  CO_TRY(auto key, locally(std::move(opened), Reason::key_failed));
  FdoClient client(shop.loop, shop.checkpoint, FdoPeer::rendezvous, candidate, clock_plausible);

  auto hello = fdo::start_to1(identity.credential, *key);
  auto asking = client.exchange(hello.type, std::move(hello.body), 31, limits::reply_deadline);
  CO_TRY(auto answer31, co_await std::move(asking));

  auto prove_it = [&]() -> Result<Step> {
    return fdo::on_hello_rv_ack(identity.credential, *key, answer31.body);
  };
  auto proving = shop.loop.on_worker(prove_it);
  auto crossed = co_await std::move(proving);
  CO_TRY(auto proof, locally(std::move(crossed), Reason::fault));
  fdo::Outcome<fdo::To1d> redirect = fdo::refuse(fdo::ErrorCode::internal, "not asked yet");
  std::uint8_t last_sent = 30;
  if (proof) {
    last_sent = 32;
    auto telling = client.exchange(proof->type, std::move(proof->body), 33, limits::reply_deadline);
    CO_TRY(auto answer33, co_await std::move(telling));
    redirect = fdo::on_rv_redirect(answer33.body);
  } else {
    redirect = std::unexpected(proof.error());
  }
  if (!redirect) {
    fdo::Refusal refusal = redirect.error();
    auto reporting =
        client.report(refusal.code, last_sent, refusal.why, shop.clock(), draw_number(shop.random));
    auto reported = co_await std::move(reporting);
    (void)reported;  // best effort
    co_return give_up(
        refusal.code == fdo::ErrorCode::internal ? Reason::key_failed : Reason::peer_wrong,
        client.where() + ": " + refusal.why);
  }
  co_return std::move(*redirect);
}

AttemptTask<Identity> onboard(Workshop shop, const Identity& identity, ModuleFacts facts,
                              OwnerSought sought, Proposal proposal) {
  auto open_it = [&] { return open_handles(shop.keystore, identity); };
  auto opening = shop.loop.on_worker(open_it);
  auto opened = co_await std::move(opening);
  CO_TRY(auto handles, locally(std::move(opened), Reason::key_failed));

  Run run(shop, identity, std::move(facts), sought, std::move(handles), proposal);
  auto driving = run.drive();
  CO_TRY_VOID(co_await std::move(driving));
  Identity next = successor(identity, run.committed(), run.owner(), run.report());
  auto commit_it = [&]() -> Result<void> {
    TRY_VOID(save_identity(shop.directory, next));
    ignore(sweep_keys(shop.keystore, next), "old keys are swept at the next start too");
    return ok();
  };
  auto committing = shop.loop.on_worker(commit_it);
  auto committed = co_await std::move(committing);
  CO_TRY_VOID(locally(std::move(committed)));
  if (run.report().failure && !next.onboarded)
    co_return std::unexpected(std::move(*run.report().failure));
  co_return next;
}

}  // namespace fairlead::device
