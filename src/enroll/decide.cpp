// SPDX-License-Identifier: Apache-2.0
#include "enroll/decide.h"

#include <algorithm>

namespace fairlead::enroll {

// Linear in text and pattern but for one backtrack point: a hostile pattern costs at most their
// product.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {
bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() ||
         std::ranges::any_of(patterns, [&](const auto& p) { return glob_matches(p, text); });
}
}  // namespace

bool matches(const Match& match, const Subject& subject) {
  bool group = match.groups.empty() || std::ranges::any_of(subject.groups, [&](const auto& g) {
                 return any_matches(match.groups, g);
               });
  bool account = match.accounts.empty() ||
                 std::ranges::find(match.accounts, subject.account) != match.accounts.end();
  return any_matches(match.devices, subject.device.str()) &&
         any_matches(match.serials, subject.serial) && any_matches(match.models, subject.model) &&
         any_matches(match.device_infos, subject.device_info) && group && account;
}

std::string in_words(const Match& match) {
  std::string out;
  auto say = [&](std::string_view what, const auto& list) {
    if (list.empty()) return;
    out += (out.empty() ? "" : "; ") + std::string(what);
    std::string_view between = " ";
    for (const auto& each : list) {
      out += between;
      out += std::string_view(each);
      between = ", ";
    }
  };
  say("devices", match.devices);
  say("serials", match.serials);
  say("models", match.models);
  say("device infos", match.device_infos);
  say("groups", match.groups);
  std::vector<std::string> accounts;
  for (const AccountId& each : match.accounts) accounts.push_back(each.str());
  say("accounts", accounts);
  return out.empty() ? "every device" : out;
}

std::string_view to_string(Right right) {
  switch (right) {
    case Right::voucher:
      return "fdo-voucher";
    case Right::user:
      return "user";
    case Right::plan_row:
      return "plan-row";
    case Right::approval:
      return "approval";
    case Right::one_time_password:
      return "one-time-password";
    case Right::idevid:
      return "idevid";
    case Right::asked:
      return "asked";
    case Right::renewal:
      return "renewal";
  }
  return "?";
}

namespace {
const char* what_gives_proof(Right right) {
  switch (right) {
    case Right::renewal:
      return ": a renewal proves nothing of a new key; renew with the same one, or onboard again";
    case Right::one_time_password:
    case Right::idevid:
      return ": a bare request proves nothing; onboard by FDO or from beside the device";
    default:
      return ": the device needs keystore tpm2, and a TPM with an endorsement certificate";
  }
}
}  // namespace

Decision decide(const crypto::PublicKey& key, const Claim& claim, const Profile& profile,
                const Known& known) {
  if (known.revoked) return Refused{"the device is revoked; an operator can re-admit it"};
  if (known.decommissioned)
    return Refused{"the device was taken out of use; an operator can re-admit it"};
  if (known.this_key_rejected) return Refused{"an operator rejected this key"};
  if (!profile.account.empty() && !claim.account.empty() && profile.account != claim.account)
    return Refused{"profile '" + profile.id.str() + "' is for account '" + profile.account.str() +
                   "', the device is claimed for '" + claim.account.str() + "'"};
  // No person's word makes up for this proof: it is about what nobody can see.
  const bool renewal = claim.right == Right::renewal;
  if (known.this_key_in_tpm && !claim.key_in_tpm && !renewal)
    return Refused{
        "this key is on record as one that lives in a TPM, and this request proves nothing "
        "of it: the device has to come with an Offer that does"};
  const bool proven_in_tpm = claim.key_in_tpm || (renewal && known.this_key_in_tpm);
  if (profile.key_in_tpm && !proven_in_tpm)
    return Refused{"profile '" + profile.id.str() +
                   "' demands proof by a TPM that the key lives in it, and there is none" +
                   what_gives_proof(claim.right)};
  const AccountId& account = profile.account.empty() ? claim.account : profile.account;
  if (account.empty()) return Pending{"nobody has said which account it belongs to", "an operator"};
  // Whoever copied a device may have copied all that proves it: no key is good by itself.
  if (known.quarantined && !known.this_key_approved)
    return Pending{"two devices are alive under this identity",
                   "an operator of account '" + account.str() + "' who has found the copy"};
  bool same_key = known.accepted_key == key.fingerprint();
  // Who holds the accepted key may name its successor: approval is asked for once, not at every
  // renewal.
  if (same_key || renewal) return Granted{account, profile.certificate_lifetime, false};
  if (claim.right == Right::asked && !known.this_key_approved)
    return Pending{"the device asked by itself, and nobody has vouched for it",
                   "an operator of account '" + account.str() + "'"};
  if (profile.approval && !known.this_key_approved)
    return Pending{"profile '" + profile.id.str() + "' asks for a person's approval",
                   "an operator of account '" + account.str() + "'"};
  // A new key never displaces the accepted one by itself: only where policy says so, and ownership
  // is proven.
  bool strong = claim.right == Right::voucher || claim.right == Right::idevid ||
                claim.right == Right::one_time_password;
  bool proven = strong && profile.new_key == NewKey::replace;
  if (known.accepted_key && !proven && !known.this_key_approved)
    return Pending{"another key is accepted for this device",
                   "an operator of account '" + account.str() + "'"};
  return Granted{account, profile.certificate_lifetime, known.accepted_key.has_value()};
}

}  // namespace fairlead::enroll
