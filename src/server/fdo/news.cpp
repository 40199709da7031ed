// SPDX-License-Identifier: Apache-2.0
#include "server/fdo/news.h"

#include <algorithm>
#include <iterator>

#include "base/events.h"
#include "base/limits.h"

namespace fairlead::server {

namespace {
constexpr std::size_t output_text_max = 2048;  // of a command's output, kept in the timeline

// Whole only if every part follows the one before: of two runs at once, only one can be right.
Bytes joined(const std::vector<registry::UploadPart>& parts) {
  Bytes whole;
  for (const registry::UploadPart& part : parts) {
    if (part.offset != whole.size()) break;
    append(whole, part.content);
  }
  return whole;
}
}  // namespace

void News::note(const LogEvent& event, Fields fields) {
  log_.write(event, fields);  // what the device did, whatever becomes of the record
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
  TRY(auto grant, enroller_.grant(offer, device_, way_, now_));
  granted_by_ = std::move(grant.profile);
  return std::move(grant.document);
}
Result<Bytes> News::issue(View csr) { return enroller_.certificate(csr, device_, way_, now_); }
Result<Bytes> News::ca_certificates() { return enroller_.ca_certificates(); }
Bytes News::csr_attributes() { return enroller_.csr_attributes(); }

// Nothing of an upload is in this server's memory between two messages: parts are rows of the
// registry, and the run's state says how far they go.
void News::on_upload_begin() { changes_.push_back(registry::RemoveUploadParts{device_}); }

Result<void> News::on_upload_part(std::uint64_t offset, View part) {
  if (offset > limits::upload_bytes_max || part.size() > limits::upload_bytes_max - offset)
    return fail(Errc::refused, "the device's file is larger than 1 MiB");
  if (!part.empty()) changes_.push_back(registry::PutUploadPart{device_, {offset, to_bytes(part)}});
  return ok();
}

Result<void> News::on_upload_end(const std::string& name, View sha384) {
  TRY_VOID(store());  // parts that came in this message
  TRY(auto parts, store_.read().upload_parts_of(device_));
  Bytes whole = joined(parts);
  changes_.push_back(registry::RemoveUploadParts{device_});
  if (!equal(crypto::hash(crypto::HashAlg::sha384, {whole}), sha384))
    return fail(Errc::untrusted, "what arrived does not have the hash that the device named");
  TRY_VOID(make_room(name));
  uploaded_.push_back({{"name", name}, {"size", std::to_string(whole.size())}});
  told_.push_back(timeline(device_, now_, event::upload_kept, uploaded_.back()));
  changes_.push_back(
      registry::PutUpload{{device_, name, whole.size(), to_bytes(sha384), now_}, std::move(whole)});
  return ok();
}

Result<void> News::make_room(const std::string& name) {
  TRY(auto kept, store_.read().uploads_of(device_));
  std::erase_if(kept, [&](const registry::Upload& each) { return each.name == name; });
  if (kept.size() < limits::uploads_per_device_max) return ok();
  auto oldest = std::ranges::min_element(kept, {}, &registry::Upload::at);
  changes_.push_back(registry::RemoveUpload{device_, oldest->name});
  return ok();
}

void News::on_output(const fdo::Action& action, std::string_view stream, View output) {
  std::string text(as_text(output.first(std::min(output.size(), output_text_max))));
  note(event::action_output, {{"action", fdo::to_text(action)},
                              {"stream", std::string(stream)},
                              {"text", std::move(text)}});
}

void News::on_action_refused(const fdo::Action& action, std::string_view why) {
  note(event::action_refused, {{"action", fdo::to_text(action)}, {"why", std::string(why)}});
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
  TRY_VOID(store_.commit(std::exchange(changes_, {})));
  for (const Fields& each : std::exchange(uploaded_, {})) log_.write(event::upload_kept, each);
  return ok();
}

}  // namespace fairlead::server
