// SPDX-License-Identifier: Apache-2.0
// What happens during service info, for one message of one run: answers from the enroller, and the
// timeline.
#pragma once

#include "base/log.h"
#include "fdo/owner_modules.h"
#include "server/enroller.h"
#include "server/fdo/answer.h"

namespace fairlead::server {

class News final : public fdo::OwnerEvents {
 public:
  News(Store& store, Enroller& enroller, Log& log, DeviceId device, const Caller& caller)
      : store_(store),
        enroller_(enroller),
        log_(log),
        device_(std::move(device)),
        now_(caller.now),
        way_{{device_.str(), "fdo " + caller.peer}, enroll::Right::voucher} {}

  void on_devmod(const fdo::DevMod& devmod) override;
  Result<Bytes> grant(View offer) override;
  Result<Bytes> issue(View csr) override;
  Result<Bytes> ca_certificates() override;
  Bytes csr_attributes() override;
  void on_upload_begin() override;
  Result<void> on_upload_part(std::uint64_t offset, View part) override;
  Result<void> on_upload_end(const std::string& name, View sha384) override;
  void on_output(const fdo::Action& action, std::string_view stream, View output) override;
  void on_action_refused(const fdo::Action& action, std::string_view why) override;
  void on_action_done(const fdo::Action& action, Result<void> result) override;

  // The profile by which an Offer was answered with a Grant; null: none was.
  const std::shared_ptr<const EnrolmentProfile>& granted_by() const { return granted_by_; }

  // What was collected: an upload and its parts are durable when it returns, the timeline is soon.
  Result<void> store();

 private:
  void note(const LogEvent& event, Fields fields);
  Result<void> make_room(const std::string& name);  // for one more file of the device

  Store& store_;
  Enroller& enroller_;
  Log& log_;
  DeviceId device_;
  Time now_;
  WayIn way_;
  std::shared_ptr<const EnrolmentProfile> granted_by_;
  registry::Transaction changes_;  // uploads
  registry::Transaction told_;     // timeline
  std::vector<Fields> uploaded_;   // for the log, once they are kept
};

}  // namespace fairlead::server
