// SPDX-License-Identifier: Apache-2.0
// The upstreams that a device without one knows of. All that the network names is a hint: it
// decides what is tried, never what is trusted. What a person chose with the device's code comes
// first, is kept over restarts, and is held to the key that the person saw.
#pragma once

#include <chrono>
#include <vector>

#include "device/state_directory.h"
#include "local/commands.h"
#include "local/handshake.h"
#include "net/http.h"

namespace fairlead::device {

inline constexpr std::size_t candidates_max = 10, candidate_addresses_max = 4;

// https and fairlead (which means https to us), of a host.
Result<net::Url> upstream_url(std::string_view uri);

// No I/O but for the choice's file, no clock. On the loop's thread.
class UpstreamCandidates {
 public:
  using Moment = std::chrono::steady_clock::time_point;
  // One candidate: the same URI by two sources is two, or one source could give another's a wrong
  // address.
  struct Which {
    std::string source, uri;
    bool operator==(const Which&) const = default;
    bool is_chosen() const;
  };
  struct Hint {
    Which which;
    std::string interface, name;
    std::vector<std::string> addresses;  // numeric, of the URI's host; empty: to be resolved
  };
  struct LookAt {
    Which which;
    std::vector<std::string> addresses;  // to be tried in order; empty: to be resolved
    Bytes key;                           // that it has to have; empty: any
  };
  // Where to ask for the owner.
  struct Try {
    Which which;
    net::Url url;  // numeric, as it answered
    Bytes key;     // SHA-256 of the SubjectPublicKeyInfo that was seen there
  };

  // With the choice of an earlier run. One that can't be read counts for none.
  explicit UpstreamCandidates(const StateDirectory& directory);

  // A round of questions: what it doesn't name again is forgotten at its end (else whoever named
  // ten once would keep the others out), and each candidate is worth another try.
  void begin_round();
  void end_round();
  // True: it wasn't in the list and is now. Of more than ten the best sources stay.
  bool take(Hint hint);
  // What is to be looked at next, each once a round; none: nothing.
  std::optional<LookAt> next_look();
  void looked(const Which& which, Result<net::Look> look, Moment now);

  // Each that was seen, once a round, best first.
  std::optional<Try> next_try();
  bool has_try() const;
  void tried(const Which& which, std::string result, Moment now);

  // refused: the URI is not one of an upstream's, or there is neither a voucher nor a key to hold
  // it to. conflict: another key was seen there. An empty URI takes the choice back.
  Result<void> choose(const std::string& uri, const Bytes& key);

  std::vector<local::Upstream> list(Moment now) const;  // best first
  std::size_t size() const { return candidates_.size(); }

  // What the flow has a use for.
  enum class Wanted {
    nothing,  // it has an upstream: nothing is asked or looked at
    chosen,   // without a voucher nobody can prove anything: only where a person said so is tried
    any
  };
  void want(Wanted wanted) { wanted_ = wanted; }
  Wanted wanted() const { return wanted_; }

 private:
  struct Candidate {
    Which which;
    local::Upstream shown;
    std::vector<std::string> addresses;
    bool named = true, to_look = true, to_try = false;
    Moment at{};  // of the last result
  };
  struct Choice {
    std::string uri;
    Bytes key;
  };
  bool is_due(const Candidate& candidate) const;
  Candidate* find(const Which& which);
  void insert(Candidate candidate);
  void show_choice();

  const StateDirectory& directory_;
  Choice chosen_;
  std::vector<Candidate> candidates_;  // best first
  Wanted wanted_ = Wanted::nothing;
};

}  // namespace fairlead::device
