// SPDX-License-Identifier: Apache-2.0
// What an owner does in service info (messages 68 and 69): a plan of actions, made from the
// device's profile, carried out one after the other over any number of rounds and, if need be,
// nodes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "fdo/service_info.h"

namespace fairlead::fdo {

// Where the content of a download is: read in stretches, so that it need not be in memory.
class FileSource {
 public:
  struct Description {
    std::uint64_t size = 0;
    Bytes sha384;
  };
  virtual ~FileSource() = default;
  virtual Result<Description> describe() const = 0;
  // `most` bytes from `offset` on, fewer only at the end. An error if the file is no longer the one
  // that was described. Both may block.
  virtual Result<Bytes> read(std::uint64_t offset, std::size_t most) const = 0;
};
class FileInMemory final : public FileSource {
 public:
  explicit FileInMemory(Bytes content) : content_(std::move(content)) {}
  Result<Description> describe() const override;
  Result<Bytes> read(std::uint64_t offset, std::size_t most) const override;
  const Bytes& content() const { return content_; }

 private:
  Bytes content_;
};

// Actions, each an FSIM. An action whose module the device does not have is passed over and
// reported.
namespace action {
struct Grant {};   // fairlead.enroll: Offer up, Grant down
struct Csr {};     // fdo.csr: the device asks, we issue; ends when a certificate was handed out
struct Download {  // fdo.download
  std::string name;
  std::shared_ptr<const FileSource> source;
};
struct Upload {  // fdo.upload
  std::string name;
};
struct Wget {  // fdo.wget
  std::string name, url;
  Bytes sha384;  // may be empty
};
struct Command {  // fdo.command
  std::string command;
  std::vector<std::string> args;
  bool may_fail = false, return_stdout = true, return_stderr = true;
};
}  // namespace action
using Action = std::variant<action::Grant, action::Csr, action::Download, action::Upload,
                            action::Wget, action::Command>;
using OwnerPlan = std::vector<Action>;
std::string_view module_of(const Action& action);  // "fdo.csr"
std::string to_text(const Action& action);         // "download of config.json", for the timeline

// What happens on the way that concerns others: answers wanted at once, news to record.
class OwnerEvents {
 public:
  virtual ~OwnerEvents() = default;
  virtual void on_devmod(const DevMod& devmod) = 0;
  // The Grant for a device's Offer. refused ends the run with words; busy asks the device to come
  // again later.
  virtual Result<Bytes> grant(View offer) = 0;
  virtual Result<Bytes> issue(View csr) = 0;    // the leaf's chain as PKCS#7 certs-only DER
  virtual Result<Bytes> ca_certificates() = 0;  // PKCS#7 certs-only DER
  virtual Bytes csr_attributes() = 0;           // what a request should have: RFC 7030 §4.5.2, DER
  // A device leaves one file at a time. What came of an earlier one, and did not end, is void from
  // begin on; parts follow each other, `offset` is the number of bytes before.
  virtual void on_upload_begin() = 0;
  virtual Result<void> on_upload_part(std::uint64_t offset, View part) = 0;
  virtual Result<void> on_upload_end(const std::string& name, View sha384) = 0;
  virtual void on_output(const Action& action, std::string_view stream, View output) = 0;
  // A part of the action that the device asked for and does not get; the action goes on.
  virtual void on_action_refused(const Action& action, std::string_view why) = 0;
  virtual void on_action_done(const Action& action, Result<void> result) = 0;
};

// Where a run stands. Written down between messages.
struct OwnerDialogue {
  DevMod devmod;
  bool devmod_done = false;
  ValueJoiner joiner;
  std::size_t action = 0;    // index into the plan
  bool started = false;      // of the present action
  std::uint64_t offset = 0;  // bytes sent of a download, or come of an upload
  Outbox outbox;             // what did not fit into the last message
  std::uint64_t idle_rounds = 0;
  bool more_sent = false;  // our last message said IsMore: the device has to answer empty
  bool done_sent = false;
  std::vector<std::string> inactive;  // modules of the plan that the device said it has not
};
void write_dialogue(cbor::Writer& out, const OwnerDialogue& dialogue);
OwnerDialogue read_dialogue(cbor::Reader& in);

struct RoundLimits {
  std::size_t bytes;        // of plaintext in one message, as the device takes it
  std::size_t rounds_left;  // before the run has to end: a download that needs more is not begun
};
// One round: takes in what the device says, and says what comes next.
Outcome<OwnerInfoMessage> next_round(OwnerDialogue& dialogue, const OwnerPlan& plan,
                                     OwnerEvents& events, const DeviceInfoMessage& message,
                                     const RoundLimits& limits);

inline constexpr std::string_view enroll_module = "fairlead.enroll";

}  // namespace fairlead::fdo
