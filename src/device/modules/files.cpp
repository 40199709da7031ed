// SPDX-License-Identifier: Apache-2.0
#include "device/modules/files.h"

#include "base/events.h"
#include "base/limits.h"

namespace fairlead::device {

using cbor::Reader;
using cbor::Writer;

namespace {

constexpr std::size_t name_bytes_max = 255, url_bytes_max = 2048, sha384_bytes = 48,
                      chunk_bytes_max = 1014;
constexpr auto short_while = std::chrono::milliseconds(50);

void push(fdo::Outbox& out, std::string key, Writer value) {
  out.push(std::move(key), value.take());
}

void tell(const ModuleFacts& facts, const std::string& what, const Result<void>& result) {
  if (!facts.log) return;
  if (result)
    (*facts.log)(event::device_action, {{"what", what}});
  else
    (*facts.log)(event::device_action_failed, {{"what", what}, {"why", result.error().context}});
}

Result<Bytes> read_sha384(Reader& in) {
  View hash = in.bytes(sha384_bytes);
  TRY_VOID(in.finish());
  if (hash.size() != sha384_bytes) return fail(Errc::malformed, "sha-384 is not of 48 bytes");
  return to_bytes(hash);
}

}  // namespace

Result<void> Transfer::take(View part, const WorkingDirectory& folder) {
  if (!file) {
    TRY(auto created, folder.create(name, length.value_or(0)));
    file.emplace(std::move(created));
  }
  TRY_VOID(file->write(part));
  hasher.add(part);
  received += part.size();
  return ok();
}

Result<void> Transfer::finish() {
  if (!sha384.empty() && hasher.finish() != sha384)
    return fail(Errc::untrusted, "its SHA-384 is not the one announced");
  return file->commit();
}

Result<void> DownloadModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "name") {
    std::string name = in.text(name_bytes_max);
    TRY_VOID(in.finish());
    transfer_.emplace();
    transfer_->name = std::move(name);
    return ok();
  }
  if (!transfer_) return ok();  // before a name, or after the end, nothing is meant for us
  if (message == "length") {
    transfer_->length = in.uint();
    return in.finish();
  }
  if (message == "sha-384") {
    TRY(transfer_->sha384, read_sha384(in));
    return ok();
  }
  if (message != "data") return ok();
  View part = in.bytes(limits::service_info_value_bytes_max);
  TRY_VOID(in.finish());
  auto taken = take(part);
  bool complete = transfer_->length ? transfer_->received >= *transfer_->length : part.empty();
  if (!taken)
    end(std::move(taken), out);
  else if (complete)
    end(transfer_->finish(), out);
  return ok();
}

Result<void> DownloadModule::take(View part) {
  Transfer& t = *transfer_;
  std::uint64_t size = t.received + part.size();
  if (std::max(size, t.length.value_or(0)) > facts_.download_bytes_max)
    return fail(Errc::refused, "it is larger than the " +
                                   std::to_string(facts_.download_bytes_max) +
                                   " bytes allowed here");
  if (t.length && size > *t.length)
    return fail(Errc::malformed, "more data comes than its length says");
  return t.take(part, folder_);
}

void DownloadModule::end(Result<void> result, fdo::Outbox& out) {
  tell(facts_, "download of " + transfer_->name, result);
  std::int64_t size = result ? static_cast<std::int64_t>(transfer_->received) : -1;
  transfer_.reset();
  push(out, "fdo.download:done", std::move(Writer().integer(size)));
}

std::unexpected<Error> UploadModule::give_up(const std::string& what, const Error& why) {
  tell(facts_, what, fail(why));
  report_.failure = Failure{Reason::action_impossible, what + ": " + why.context};
  return fail(Errc::refused, what + ": " + why.context);
}

Result<void> UploadModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "need-sha") {
    need_sha_ = in.boolean();
    return in.finish();
  }
  if (message != "name") return ok();
  std::string name = in.text(name_bytes_max);
  TRY_VOID(in.finish());
  if (sending_) return fail(Errc::malformed, "another file is asked for while one is being sent");
  std::string what = "upload of " + name;
  auto file = folder_.open(name, facts_.upload_bytes_max);
  if (!file) return give_up(what, file.error());
  push(out, "fdo.upload:length", std::move(Writer().uint(file->left())));
  sending_.emplace(Sending{std::move(what), std::move(*file), std::exchange(need_sha_, false)});
  return ok();
}

Result<bool> UploadModule::speak(fdo::Outbox& out) {
  if (!sending_) return false;
  Sending& s = *sending_;
  if (!s.begun || s.file.left() > 0) {
    auto part = s.file.read(chunk_bytes_max);
    if (!part) return give_up(s.what, part.error());
    s.begun = true;
    s.hasher.add(*part);
    push(out, "fdo.upload:data", std::move(Writer().bytes(*part)));
    return true;
  }
  if (s.need_sha) push(out, "fdo.upload:sha-384", std::move(Writer().bytes(s.hasher.finish())));
  tell(facts_, s.what, ok());
  sending_.reset();
  return false;
}

Result<void> WgetModule::receive(std::string_view message, View value, fdo::Outbox& out) {
  Reader in(value);
  if (message == "name") {
    name_ = in.text(name_bytes_max);
    return in.finish();
  }
  if (message == "sha-384") {
    TRY(sha384_, read_sha384(in));
    return ok();
  }
  if (message != "url") return ok();
  std::string url = in.text(url_bytes_max);
  TRY_VOID(in.finish());
  if (outcome_.valid())
    return fail(Errc::malformed, "another URL is asked for while one is fetched");
  auto started = start(url);
  if (!started) end(std::move(started), out);
  return ok();
}

Result<void> WgetModule::start(const std::string& url) {
  url_ = url;
  coming_ = std::make_shared<Coming>();
  Transfer& t = coming_->transfer;
  t.name = name_.empty() ? url.substr(url.find_last_of('/') + 1) : std::exchange(name_, {});
  t.sha384 = std::exchange(sha384_, {});
  TRY_VOID(split_file_name(t.name));  // before anything is fetched
  outcome_ = facts_.fetch(url, facts_.wget_bytes_max,
                          [coming = coming_, folder = folder_](View part) -> Result<void> {
                            if (coming->given_up) return fail(Errc::cancelled, "the run is over");
                            return coming->transfer.take(part, folder);
                          });
  return ok();
}

Result<bool> WgetModule::speak(fdo::Outbox& out) {
  // A small file from nearby is waited for; for others the run goes on polling.
  if (!outcome_.valid() || outcome_.wait_for(short_while) != std::future_status::ready)
    return false;
  auto fetched = outcome_.get();
  if (fetched && coming_->transfer.received == 0) fetched = coming_->transfer.take({}, folder_);
  end(fetched ? coming_->transfer.finish() : std::move(fetched), out);
  return false;
}

void WgetModule::end(Result<void> result, fdo::Outbox& out) {
  tell(facts_, "fetching " + url_, result);
  coming_->transfer.file.reset();  // the sink may hold the rest a little longer
  if (result)
    push(out, "fdo.wget:done", std::move(Writer().uint(coming_->transfer.received)));
  else
    push(out, "fdo.wget:error", std::move(Writer().text(result.error().context)));
  coming_.reset();
}

void WgetModule::give_up() {
  if (coming_) coming_->given_up = true;
}

}  // namespace fairlead::device
