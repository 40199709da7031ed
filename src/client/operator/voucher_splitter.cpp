// SPDX-License-Identifier: Apache-2.0
#include "client/operator/voucher_splitter.h"

#include "base/limits.h"
#include "codec/base64.h"
#include "codec/pem.h"

namespace fairlead::client {

namespace {
constexpr std::string_view label = "OWNERSHIP VOUCHER";
constexpr std::string_view begin_line_text = "-----BEGIN OWNERSHIP VOUCHER-----";
constexpr std::string_view end_line_text = "-----END OWNERSHIP VOUCHER-----";
// Base64 of the largest voucher, and a third more for line ends and blanks.
constexpr std::size_t base64_bytes_max = limits::voucher_bytes_max * 2;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  auto from = text.find_first_not_of(blank);
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(blank) - from + 1);
}
}  // namespace

void VoucherSplitter::put(std::string_view bytes, std::vector<FoundVoucher>& out) {
  while (!bytes.empty()) {
    auto end = bytes.find('\n');
    std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > base64_bytes_max) {
      line_too_long_ = true;
      partial_.clear();
    }
    if (!line_too_long_) partial_ += piece;
    if (end == bytes.npos) return;
    line(trimmed(partial_), out);
    partial_.clear();
    line_too_long_ = false;
    ++line_number_;
    bytes.remove_prefix(end + 1);
  }
}

void VoucherSplitter::finish(std::vector<FoundVoucher>& out) {
  line(trimmed(partial_), out);
  partial_.clear();
  if (at_ != At::outside) refuse("the file ends within this voucher", out);
}

void VoucherSplitter::begin() {
  at_ = At::inside;
  begin_line_ = line_number_;
  base64_.clear();
  found_any_ = true;
}

void VoucherSplitter::line(std::string_view text, std::vector<FoundVoucher>& out) {
  if (text == begin_line_text) {
    if (at_ != At::outside) refuse("another voucher begins within this one", out);
    return begin();
  }
  if (at_ == At::outside) return;
  if (text == end_line_text) return end(out);
  if (text.starts_with("-----")) return refuse("a line of another PEM block stands within it", out);
  if (line_too_long_ || base64_.size() + text.size() > base64_bytes_max) at_ = At::skipping;
  if (at_ == At::inside) base64_ += text;
}

void VoucherSplitter::end(std::vector<FoundVoucher>& out) {
  if (at_ == At::skipping) return refuse("larger than a voucher may be (64 KiB)", out);
  auto content = from_base64_lenient(base64_);
  if (!content) return refuse("what stands between BEGIN and END is not base64", out);
  if (content->empty()) return refuse("nothing stands between BEGIN and END", out);
  if (content->size() > limits::voucher_bytes_max)
    return refuse("larger than a voucher may be (64 KiB)", out);
  at_ = At::outside;
  out.push_back({name_ + ":" + std::to_string(begin_line_),
                 pem::encode(label, *content),
                 crypto::sha256(*content),
                 {}});
}

void VoucherSplitter::refuse(std::string why, std::vector<FoundVoucher>& out) {
  at_ = At::outside;
  base64_.clear();
  out.push_back({name_ + ":" + std::to_string(begin_line_), {}, {}, std::move(why)});
}

}  // namespace fairlead::client
