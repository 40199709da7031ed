// SPDX-License-Identifier: Apache-2.0
#include "client/operator/audit.h"

#include <charconv>

#include "crypto/hash_chain.h"

namespace fairlead::client {

namespace {

std::optional<crypto::Sha256> sha256_from(std::string_view hex) {
  auto bytes = from_hex(hex);
  return bytes ? crypto::Sha256::from(*bytes) : std::nullopt;
}

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// The entry says its own place, so that none can be moved.
bool says_place(const std::string& entry, std::uint64_t sequence) {
  return entry.starts_with("{\"sequence\":" + std::to_string(sequence) + ",");
}

}  // namespace

std::string to_text(const AuditHead& head) {
  return std::to_string(head.sequence) + ":" + head.link.hex();
}

std::optional<AuditHead> audit_head_from(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto sequence = number_from(text.substr(0, colon));
  auto link = sha256_from(text.substr(colon + 1));
  if (!sequence || !link) return std::nullopt;
  return AuditHead{*sequence, *link};
}

Answer<void> AuditChain::add(const json::value& item) {
  const std::uint64_t here = head_.sequence + 1;
  auto wrong = [&](const std::string& what) {
    return problem(
        ProblemKind::failed, "entry " + std::to_string(here) + " " + what,
        "The log was changed after it was written. Compare it with an export from before.");
  };
  if (number_from(text_at(item, "sequence")) != here)
    return wrong("is missing: '" + text_at(item, "sequence") + "' is in its place");
  auto entry_hash = sha256_from(text_at(item, "entry_sha256"));
  auto link = sha256_from(text_at(item, "link"));
  if (!entry_hash || !link) return wrong("has no hash");
  if (std::string entry = text_at(item, "entry"); !entry.empty()) {
    if (crypto::sha256(as_view(entry)) != *entry_hash || !says_place(entry, here))
      return wrong("does not have the text that was written");
  }
  if (crypto::chain_link(head_.link, *entry_hash) != *link)
    return wrong("does not follow from those before");
  if (known_ && known_->sequence == here && known_->link != *link)
    return wrong("is another one than was known");
  head_ = {here, *link};
  return {};
}

Answer<void> AuditChain::finish() const {
  if (!known_ || known_->sequence <= head_.sequence) return {};
  return problem(ProblemKind::failed,
                 "the log ends at entry " + std::to_string(head_.sequence) + ", and entry " +
                     std::to_string(known_->sequence) + " was known",
                 "Its end was cut off, or an older backup was restored.");
}

}  // namespace fairlead::client
