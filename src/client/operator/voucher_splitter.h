// SPDX-License-Identifier: Apache-2.0
// Ownership Vouchers out of a stream of any length, one at a time: PEM blocks, or one CBOR item
// after the other (RFC 8742).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/hash.h"

namespace fairlead::client {

struct FoundVoucher {
  std::string where;        // "vouchers.pem:120", the line of its BEGIN; "vouchers.cbor: voucher 3"
  std::string pem{};        // complete, written anew
  crypto::Sha256 digest{};  // of what the PEM holds: the same voucher in another file is the same
  std::string refusal{};    // why it is none; then pem and digest are empty
  std::string file{};
  std::size_t number = 0;  // in its file, from 1
};

// Which of the two it is, the first byte says: a voucher's array of five, or text. Where something
// else stands between CBOR items nobody knows where the next one begins: what follows is refused as
// one.
//
// RFC 7468's lax form: text around blocks and blocks with other labels (a conformance tool appends
// the owner's private key) are passed over, and never kept.
class VoucherSplitter {
 public:
  explicit VoucherSplitter(std::string name) : name_(std::move(name)) {}

  // Takes bytes in portions of any size; appends what is complete.
  void put(std::string_view bytes, std::vector<FoundVoucher>& out);
  void finish(std::vector<FoundVoucher>& out);  // at the end of the input
  bool found_any() const { return found_any_; }

 private:
  enum class At { outside, inside, skipping };  // skipping: too long, until its END
  void line(std::string_view text, std::vector<FoundVoucher>& out);
  void begin();
  void end(std::vector<FoundVoucher>& out);
  void refuse(std::string why, std::vector<FoundVoucher>& out);
  void put_lines(std::string_view bytes, std::vector<FoundVoucher>& out);
  void take_items(std::vector<FoundVoucher>& out);
  void found(std::string where, View content, std::vector<FoundVoucher>& out);

  enum class Form { unknown, pem, cbor };
  Form form_ = Form::unknown;
  std::size_t count_ = 0;  // of vouchers, refused ones among them
  Bytes items_;            // CBOR: what was not taken yet; bounded
  bool given_up_ = false;  // CBOR: what follows can't be told apart
  std::string name_;
  std::string partial_;  // of a line, bounded
  bool line_too_long_ = false;
  std::size_t line_number_ = 1, begin_line_ = 0;
  At at_ = At::outside;
  std::string base64_;  // bounded
  bool found_any_ = false;
};

}  // namespace fairlead::client
