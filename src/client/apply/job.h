// SPDX-License-Identifier: Apache-2.0
// One row of a plan carried out at its device and the server. Blocks.
#pragma once

#include <memory>

#include "client/apply/bundle.h"
#include "client/apply/history.h"
#include "client/apply/run.h"
#include "client/plan/compare.h"
#include "client/provision/provision.h"
#include "client/provision/upstreams.h"

namespace fairlead::client {

using Connect = std::function<Answer<std::unique_ptr<Transport>>(const std::string& url)>;

// What a job needs of the world at its device. All may be called from the job's thread.
struct Beside {
  Random& random;
  Connect connect;
  // A line of the journal: durable before it returns. The time and who did it are filled in there.
  std::function<Answer<void>(JournalLine)> note;
  std::function<void(Duration)> wait;
};
struct Workplace : Beside {
  Api& server;
};

struct JobOptions {
  std::string account;  // for rows that name none
  bool button = false;  // devices without a code, whose buttons were pressed
};

// Each of the job's addresses is tried until one answers. A device that is not the row's is left
// alone. What is noted before the claim holds how the server knew the device until then.
Outcome carry_out(const Job& job, const JobOptions& options, const Workplace& at);

// Of the lines that are ready: what there is to do, at the addresses where the devices were seen.
std::vector<Job> ready_jobs(const std::vector<Line>& lines, const History& history);

// The two halves of it, where the server can't be reached meanwhile: the Offer of a row's device,
// and its Grant brought back. Problems as carry_out() would tell them.
Answer<BundleEntry> collect(const Job& job, const JobOptions& options, const Connect& connect,
                            Random& random);
Answer<void> deliver(const Job& job, const BundleEntry& entry, const JobOptions& options,
                     const Beside& at);

// The device shows itself to a person's eyes, for so long (0: stops). Its addresses as of a job.
Answer<void> identify(const std::vector<std::string>& urls, const Access& access,
                      std::uint8_t seconds, const Connect& connect, Random& random);
// What it says of the upstreams that it sees, once what is wished was done.
Answer<UpstreamsSeen> upstreams(const std::vector<std::string>& urls, const Access& access,
                                const UpstreamWish& wish, const Connect& connect, Random& random);
std::vector<std::string> urls_of(const SeenDevice& device);  // best first

// Takes back what applying a row changed at the server: a device that was new is revoked, one that
// was known gets its name back. The device itself keeps what it has.
Answer<void> undo(const RowHistory& row, Api& server, const std::string& reason);

}  // namespace fairlead::client
