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
    end(finish(), out);
  return ok();
}

Result<void> DownloadModule::take(View part) {
  Transfer& t = *transfer_;
  std::uint64_t size = t.received + part.size();
  if (size > facts_.download_bytes_max || t.length.value_or(0) > facts_.download_bytes_max)
    return fail(Errc::refused, "it is larger than the " +
                                   std::to_string(facts_.download_bytes_max) +
                                   " bytes allowed here");
  if (t.length && size > *t.length)
    return fail(Errc::malformed, "more data comes than its length says");
  if (!t.file) {
    TRY(t.file, folder_.create(t.name));
  }
  TRY_VOID(t.file->write(part));
  t.hasher.add(part);
  t.received = size;
  return ok();
}

Result<void> DownloadModule::finish() {
  Transfer& t = *transfer_;
  if (!t.sha384.empty() && t.hasher.finish() != t.sha384)
    return fail(Errc::untrusted, "its SHA-384 is not the one announced");
  return t.file->commit();
}

void DownloadModule::end(Result<void> result, fdo::Outbox& out) {
  tell(facts_, "download of " + transfer_->name, result);
  std::int64_t size = result ? static_cast<std::int64_t>(transfer_->received) : -1;
  transfer_.reset();
  push(out, "fdo.download:done", std::move(Writer().integer(size)));
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
  auto content = folder_.read(name, facts_.upload_bytes_max);
  std::string what = "upload of " + name;
  if (!content) {
    // The module has no message for "can't": the run ends, and the reason goes with it.
    tell(facts_, what, fail(content.error()));
    report_.failure = Failure{Reason::action_impossible, what + ": " + content.error().context};
    return fail(Errc::refused, what + ": " + content.error().context);
  }
  push(out, "fdo.upload:length", std::move(Writer().uint(content->size())));
  View rest = *content;
  do {
    View part = rest.first(std::min(rest.size(), chunk_bytes_max));
    rest = rest.subspan(part.size());
    push(out, "fdo.upload:data", std::move(Writer().bytes(part)));
  } while (!rest.empty());
  Bytes sha384 = crypto::hash(crypto::HashAlg::sha384, {*content});
  if (need_sha_) push(out, "fdo.upload:sha-384", std::move(Writer().bytes(sha384)));
  need_sha_ = false;
  tell(facts_, what, ok());
  return ok();
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
  if (name_.empty()) name_ = url.substr(url.find_last_of('/') + 1);
  auto size = fetch(url);
  Result<void> result = size ? ok() : Result<void>(fail(size.error()));
  tell(facts_, "fetching " + url, result);
  if (size)
    push(out, "fdo.wget:done", std::move(Writer().uint(*size)));
  else
    push(out, "fdo.wget:error", std::move(Writer().text(size.error().context)));
  name_.clear();
  sha384_.clear();
  return ok();
}

Result<std::uint64_t> WgetModule::fetch(const std::string& url) const {
  TRY_VOID(split_file_name(name_));  // before anything is fetched
  TRY(Bytes content, facts_.fetch(url, facts_.wget_bytes_max));
  if (!sha384_.empty() && crypto::hash(crypto::HashAlg::sha384, {content}) != sha384_)
    return fail(Errc::untrusted, "the SHA-384 of what came is not the one announced");
  TRY(auto file, folder_.create(name_));
  TRY_VOID(file->write(content));
  TRY_VOID(file->commit());
  return content.size();
}

}  // namespace fairlead::device
