// SPDX-License-Identifier: Apache-2.0
#include "client/operator/voucher_splitter.h"

#include "base/limits.h"
#include "codec/base64.h"
#include "codec/cbor/reader.h"
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

// FDO 1.1 §3.4: OwnershipVoucher = [version, header, hmac, chain, entries].
constexpr char array_of_five = '\x85';
}  // namespace

void VoucherSplitter::put(std::string_view bytes, std::vector<FoundVoucher>& out) {
  if (bytes.empty()) return;
  if (form_ == Form::unknown) form_ = bytes.front() == array_of_five ? Form::cbor : Form::pem;
  if (form_ == Form::pem) return put_lines(bytes, out);
  // Portion by portion, so that what is kept stays small whatever a caller gives at once.
  while (!bytes.empty() && !given_up_) {
    std::string_view portion = bytes.substr(0, limits::voucher_bytes_max);
    append(items_, as_view(portion));
    bytes.remove_prefix(portion.size());
    take_items(out);
  }
}

void VoucherSplitter::take_items(std::vector<FoundVoucher>& out) {
  View rest = items_;
  while (!rest.empty() && !given_up_) {
    cbor::Reader in(rest);
    View item = in.raw();
    const bool begins = static_cast<char>(rest[0]) == array_of_five;
    if (begins && in.failed() && rest.size() <= limits::voucher_bytes_max)
      break;  // more of it may come
    if (!begins || in.failed()) {
      given_up_ = true;
      refuse("this is no voucher, and what follows it can't be told apart", out);
    } else {
      found(name_ + ": voucher " + std::to_string(count_ + 1), item, out);
      rest = rest.subspan(item.size());
    }
  }
  if (given_up_)
    items_.clear();
  else
    items_.erase(items_.begin(), items_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

void VoucherSplitter::put_lines(std::string_view bytes, std::vector<FoundVoucher>& out) {
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
  if (form_ == Form::cbor) {
    if (!items_.empty()) refuse("the file ends within this voucher", out);
    return;
  }
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
  at_ = At::outside;
  found(name_ + ":" + std::to_string(begin_line_), *content, out);
}

void VoucherSplitter::found(std::string where, View content, std::vector<FoundVoucher>& out) {
  found_any_ = true;
  if (content.size() > limits::voucher_bytes_max)
    return refuse("larger than a voucher may be (64 KiB)", out);
  out.push_back({std::move(where),
                 pem::encode(label, content),
                 crypto::sha256(content),
                 {},
                 name_,
                 ++count_});
}

void VoucherSplitter::refuse(std::string why, std::vector<FoundVoucher>& out) {
  at_ = At::outside;
  base64_.clear();
  ++count_;
  found_any_ = true;
  std::string where = form_ == Form::cbor ? name_ + ": voucher " + std::to_string(count_)
                                          : name_ + ":" + std::to_string(begin_line_);
  out.push_back({std::move(where), {}, {}, std::move(why), name_, count_});
}

}  // namespace fairlead::client
