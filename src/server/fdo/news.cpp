// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/news.h"

#include <algorithm>
#include <iterator>

#include "base/events.h"

namespace fairlead::server {

namespace {
constexpr std::size_t output_text_max = 2048;  // of a command's output, kept in the timeline
constexpr std::size_t upload_bytes_max = 1024 * 1024;

std::string upload_setting(const DeviceId& device, const std::string& name) {
  return "upload/" + device.str() + "/" + name;
}
std::string partial_setting(const DeviceId& device, const std::string& name) {
  return "partial-" + upload_setting(device, name);
}
}  // namespace

void News::note(const LogEvent& event, Fields fields) {
  log_.write(event, fields);
  told_.push_back(timeline(device_, now_, event, std::move(fields)));
}

void News::on_devmod(const fdo::DevMod& devmod) {
  std::string modules;
  for (const std::string& module : devmod.modules)
    modules += (modules.empty() ? "" : ", ") + module;
  note(event::device_described, {{"os", devmod.os},
                                 {"arch", devmod.arch},
                                 {"version", devmod.version},
                                 {"modules", modules}});
}

Result<Bytes> News::grant(View offer) {
  auto grant = enroller_.grant(offer, device_, enroll::Right::voucher, now_);
  granted_ |= grant.has_value();
  return grant;
}
Result<Bytes> News::issue(View csr) {
  return enroller_.certificate(csr, device_, enroll::Right::voucher, now_);
}
Result<Bytes> News::ca_certificates() { return enroller_.ca_certificates(); }

// Uploads are kept beside the device, bounded. What arrives is partial until its hash came and was
// right; a run that broke off leaves a part that the next hash finds wrong, and that is then thrown
// away.
Result<void> News::on_upload_part(const std::string& name, View part) {
  TRY(auto before, store_.read().find_setting(partial_setting(device_, name)));
  Bytes whole = before.value_or(Bytes{});
  if (whole.size() + part.size() > upload_bytes_max)
    return fail(Errc::refused, "upload of '" + name + "' is larger than 1 MiB");
  append(whole, part);
  return store_.commit({registry::PutSetting{partial_setting(device_, name), std::move(whole)}});
}

Result<void> News::on_upload_end(const std::string& name, View sha384) {
  TRY(auto whole, store_.read().find_setting(partial_setting(device_, name)));
  bool good = whole && equal(crypto::hash(crypto::HashAlg::sha384, {*whole}), sha384);
  changes_.push_back(registry::PutSetting{partial_setting(device_, name), {}});
  if (!good)
    return fail(Errc::untrusted, "what arrived does not have the hash that the device named");
  changes_.push_back(registry::PutSetting{upload_setting(device_, name), std::move(*whole)});
  return ok();
}

void News::on_output(const fdo::Action& action, std::string_view stream, View output) {
  std::string text(as_text(output.first(std::min(output.size(), output_text_max))));
  note(event::action_output, {{"action", fdo::to_text(action)},
                              {"stream", std::string(stream)},
                              {"text", std::move(text)}});
}

void News::on_action_done(const fdo::Action& action, Result<void> result) {
  if (result)
    note(event::action_done, {{"action", fdo::to_text(action)}});
  else
    note(event::action_failed, {{"action", fdo::to_text(action)}, {"why", result.error().context}});
}

Result<void> News::store() {
  if (changes_.empty()) {
    if (!told_.empty()) store_.commit_soon(std::exchange(told_, {}));
    return ok();
  }
  std::ranges::move(std::exchange(told_, {}), std::back_inserter(changes_));
  return store_.commit(std::exchange(changes_, {}));
}

}  // namespace fairlead::server
