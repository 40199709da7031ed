// SPDX-License-Identifier: Apache-2.0
#include "plugin/gate.h"

namespace fairlead::plugin {

using upstream::AccessEntry;
using upstream::AccessReader;
using upstream::AccessState;
using upstream::TopicUse;

namespace {
// How often the path is compared with the file that is open. A superseded file says so by itself;
// this finds files that were removed, replaced by hand, or left by a writer that was killed.
constexpr auto look_period = std::chrono::milliseconds(250);
// How long a check of everybody may hold up the broker in one turn. Whoever is not checked yet is
// judged by the new table all the same as soon as it does anything.
constexpr auto sweep_turn = std::chrono::milliseconds(10);
}  // namespace

Gate::Gate(Settings settings) : settings_(std::move(settings)) {}

Result<std::string> Gate::connect(const upstream::CertificateFingerprint& certificate,
                                  std::string_view client_id, const void* connection, Time now) {
  if (!usable()) return fail(Errc::refused, problem_);
  if (settings_.table_age_max.count() > 0 && now - status_.heartbeat > settings_.table_age_max)
    return fail(Errc::refused, "the server has not confirmed the access table since " +
                                   to_rfc3339(status_.heartbeat));
  TRY(auto entry, reader_->find(certificate));
  if (!entry)
    return fail(Errc::refused, "certificate " + certificate.hex() + " is not in the access table");
  TRY_VOID(upstream::may_connect(*entry, client_id));

  auto [place, fresh] = sessions_.try_emplace(std::string(client_id));
  auto& session = place->second;
  if (!session.connection) ++live_;
  if (!fresh) release(place->first, session.certificate);
  hold(place->first, certificate);
  session = {.certificate = certificate,
             .connection = connection,
             .entry = std::move(*entry),
             .epoch = epoch_};
  return session.entry.device_id;
}

void Gate::disconnected(std::string_view client_id, const void* connection) {
  auto found = sessions_.find(client_id);
  // Another connection has taken the id over, or this one was never let in.
  if (found == sessions_.end() || found->second.connection != connection) return;
  auto& session = found->second;
  session.connection = nullptr;
  --live_;
  // The session is remembered: the broker asks about its last will right after this, and about
  // messages that it queues for it for as long as the session lasts.
  session.left = ++departure_;
  departures_.emplace_back(found->first, session.left);
  while (departures_.size() > settings_.absent_sessions_max) {
    auto [id, left] = std::move(departures_.front());
    departures_.pop_front();
    auto old = sessions_.find(id);
    if (old == sessions_.end() || old->second.left != left) continue;
    release(id, old->second.certificate);
    sessions_.erase(old);
  }
}

void Gate::hold(const std::string& id, const upstream::CertificateFingerprint& certificate) {
  holders_.emplace(certificate, id);
}

void Gate::release(const std::string& id, const upstream::CertificateFingerprint& certificate) {
  auto [from, to] = holders_.equal_range(certificate);
  for (; from != to; ++from) {
    if (from->second != id) continue;
    holders_.erase(from);
    return;
  }
}

// A table that can't be read takes nothing away from those who are in.
void Gate::refresh(Session& session) {
  if (session.epoch == epoch_ || !usable()) return;
  session.epoch = epoch_;
  auto entry = reader_->find(session.certificate);
  if (entry && *entry)
    session.entry = std::move(**entry);
  else
    session.entry.state = AccessState::revoked;  // gone from the table, or its place is damaged
}

Result<void> Gate::use(std::string_view client_id, TopicUse use, std::string_view topic) {
  auto found = sessions_.find(client_id);
  if (found == sessions_.end()) {
    if (use == TopicUse::read && upstream::names_own_device(client_id, topic)) return ok();
    return fail(Errc::refused, "client '" + std::string(client_id) + "' is not known");
  }
  auto& session = found->second;
  if (session.last_words && use == TopicUse::write && !session.connection) {
    session.last_words = false;
    auto entry = session.entry;
    entry.state = AccessState::active;
    return upstream::may_use(entry, use, topic);
  }
  refresh(session);
  return upstream::may_use(session.entry, use, topic);
}

void Gate::open_or_reload(Ordered& out) {
  std::string problem;
  bool reloaded = false;
  if (!reader_) {
    auto opened = AccessReader::open(settings_.table);
    if (opened) {
      reader_ = std::move(*opened);
      reloaded = true;
    } else {
      problem = opened.error().context;
    }
  } else {
    auto outcome = reader_->reload_if_superseded();
    if (!outcome)
      problem = outcome.error().context;
    else
      reloaded = *outcome == AccessReader::Reload::reloaded;
  }
  if (problem != problem_) {
    if (problem.empty())
      out.notes.push_back({Level::notice, "the access table is usable"});
    else
      out.notes.push_back({Level::error, "no one can connect: " + problem});
  }
  bool mended = problem.empty() && !problem_.empty();
  problem_ = std::move(problem);
  if (reloaded || mended) {
    if (!mended) out.notes.push_back({Level::info, "a new access table is in place"});
    ++epoch_;
    sweep_at_ = 0;
    if (auto status = reader_->status()) status_ = *status;
  }
}

void Gate::check(const std::string& id, Session& session, Ordered& out) {
  refresh(session);
  if (!session.connection || session.last_words) return;
  auto allowed = upstream::may_connect(session.entry, id);
  if (allowed) return;
  session.last_words = true;
  out.kick.push_back(id);
  out.notes.push_back({Level::notice, "client '" + id + "' has to go: " + allowed.error().context});
}

void Gate::check_holders(const upstream::CertificateFingerprint& certificate, Ordered& out) {
  auto [from, to] = holders_.equal_range(certificate);
  for (; from != to; ++from) {
    auto found = sessions_.find(from->second);
    if (found == sessions_.end()) continue;
    found->second.epoch = 0;  // whatever it says is old
    check(found->first, found->second, out);
  }
}

void Gate::sweep(Ordered& out) {
  if (!sweep_at_) return;
  if (sweep_buckets_ != sessions_.bucket_count()) {  // everybody has moved
    sweep_buckets_ = sessions_.bucket_count();
    sweep_at_ = 0;
  }
  auto until = std::chrono::steady_clock::now() + sweep_turn;
  for (auto& bucket = *sweep_at_; bucket < sweep_buckets_; ++bucket) {
    for (auto it = sessions_.begin(bucket); it != sessions_.end(bucket); ++it)
      if (it->second.connection) check(it->first, it->second, out);
    if (bucket % 32 == 31 && std::chrono::steady_clock::now() > until) {
      ++bucket;
      return;
    }
  }
  sweep_at_.reset();
}

Gate::Ordered Gate::tick(Monotonic monotonic, Time now) {
  Ordered out;
  if (monotonic >= next_look_) {
    next_look_ = monotonic + look_period;
    open_or_reload(out);
  }
  if (!usable()) return out;
  auto status = reader_->status();
  if (!status || status->superseded) {
    open_or_reload(out);
    if (!usable()) return out;
    status = reader_->status();
    if (!status) return out;  // the next turn sees to it
  }
  bool stale =
      settings_.table_age_max.count() > 0 && now - status->heartbeat > settings_.table_age_max;
  if (stale != stale_) {
    stale_ = stale;
    out.notes.push_back(stale ? Note{Level::error,
                                     "no one can connect: the server has not confirmed the access "
                                     "table since " +
                                         to_rfc3339(status->heartbeat)}
                              : Note{Level::notice, "the server confirms the access table again"});
  }
  if (status->revocations != status_.revocations) {
    auto names = reader_->taken_away(status_.revocations, status->revocations);
    if (names) {
      for (const auto& name : *names) check_holders(name, out);
    } else {
      ++epoch_;
      sweep_at_ = 0;
    }
  }
  status_ = *status;
  sweep(out);
  return out;
}

}  // namespace fairlead::plugin
