// SPDX-License-Identifier: Apache-2.0
// remembered = {"server", "ca", "token", "account", "site", "wifi_name", "wifi_password": text}
#include "app/phone/keeping.h"

#include <algorithm>
#include <boost/json.hpp>

#include "disk/folder.h"
#include "disk/whole_file.h"

namespace fairlead::app {

namespace json = boost::json;

namespace {

constexpr std::size_t remembered_bytes_max = 64 * 1024;
constexpr std::size_t history_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t history_lines_max = 1000;  // more than a person looks at; the oldest go
constexpr mode_t owner_only = 0600;

struct Member {
  std::string_view name;
  std::string Remembered::* member;
};
constexpr Member members[] = {
    {"server", &Remembered::server},
    {"ca", &Remembered::ca},
    {"token", &Remembered::token},
    {"account", &Remembered::account},
    {"site", &Remembered::site},
    {"wifi_name", &Remembered::wifi_name},
    {"wifi_password", &Remembered::wifi_password},
};

// "" if there is no such file.
Result<std::string> text_of(const std::filesystem::path& file, std::size_t bytes_max) {
  auto text = disk::read_file(file, bytes_max);
  if (!text && text.error().code == Errc::not_found) return std::string();
  return text;
}

}  // namespace

Keeping::Keeping(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (auto made = disk::make_folder(folder_, 0700); !made) problem_ = made.error().context;
  read_remembered();
  read_claims();
  read_history();
}

void Keeping::read_remembered() {
  auto text = text_of(folder_ / "phone.json", remembered_bytes_max);
  if (!text) problem_ = text.error().context;
  if (!text || text->empty()) return;
  boost::system::error_code error;
  const json::value value = json::parse(*text, error);
  if (error) problem_ = "phone.json can't be read";
  if (error) return;
  for (const auto& [name, member] : members) remembered_.*member = client::text_at(value, name);
}

Result<void> Keeping::remember(Remembered what) {
  remembered_ = std::move(what);
  json::object out;
  for (const auto& [name, member] : members) out[name] = remembered_.*member;
  return disk::replace_file(folder_ / "phone.json", json::serialize(out) + "\n", owner_only);
}

void Keeping::read_claims() {
  auto text = text_of(folder_ / "claims", local::bundle_bytes_max);
  if (!text) problem_ = text.error().context;
  if (!text || text->empty()) return;
  auto claims = local::decode_bundle(*text);
  if (claims)
    claims_ = std::move(*claims);
  else
    problem_ = claims.error().context;
}

Result<void> Keeping::save_claims() const {
  return disk::replace_file(folder_ / "claims", local::encode_bundle(claims_), owner_only);
}

const client::BundleEntry* Keeping::claim_of(const std::string& row) const {
  auto found = std::ranges::find(claims_, row, &client::BundleEntry::row);
  return found == claims_.end() ? nullptr : &*found;
}

Result<void> Keeping::keep(client::BundleEntry claim) {
  auto found = std::ranges::find(claims_, claim.row, &client::BundleEntry::row);
  if (found == claims_.end())
    claims_.push_back(std::move(claim));
  else if (*found != claim)
    *found = std::move(claim);
  else
    return ok();
  return save_claims();
}

Result<void> Keeping::drop(const std::string& row) {
  if (std::erase_if(claims_, [&](const auto& each) { return each.row == row; }) == 0) return ok();
  return save_claims();
}

void Keeping::read_history() {
  auto text = text_of(folder_ / "history", history_bytes_max);
  if (!text) problem_ = text.error().context;
  if (!text) return;
  std::string_view rest = *text;
  for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
    if (auto line = client::decode_journal_line(rest.substr(0, end)))
      history_.push_back(std::move(*line));
    rest.remove_prefix(end + 1);
  }
}

Result<void> Keeping::add(client::JournalLine line) {
  history_.push_back(std::move(line));
  if (history_.size() > history_lines_max) history_.erase(history_.begin());
  std::string text;
  for (const auto& each : history_) text += client::to_line(each) + "\n";
  return disk::replace_file(folder_ / "history", text, owner_only);
}

}  // namespace fairlead::app
