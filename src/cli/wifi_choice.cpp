// SPDX-License-Identifier: Apache-2.0
#include "cli/wifi_choice.h"

#include <algorithm>

#include "client/provision/wifi_words.h"

namespace fairlead::cli {

namespace {

constexpr std::size_t passphrase_file_bytes_max = 256;

Answer<SecretBytes> passphrase_from(Context& context) {
  const std::string file = context.in.get("wifi-passphrase-file");
  std::string text;
  if (file.empty()) {
    TRY(text, context.console.ask_secret("Passphrase of " + context.in.get("wifi") + ": "));
  } else {
    TRY(text, read_text_file(file, passphrase_file_bytes_max));
    text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  }
  auto out = SecretBytes::copy_of(as_view(text));
  explicit_bzero(text.data(), text.size());
  if (out.size() < 8 || out.size() > 63)
    return problem(ProblemKind::usage, "a Wi-Fi passphrase has 8 to 63 characters");
  return out;
}

Answer<local::WifiCredentials> choose(Context& context,
                                      const std::vector<local::NearbyNetwork>& heard) {
  const std::string wanted = context.in.get("wifi");
  local::WifiCredentials out{ssid_of(wanted), {}};
  if (out.ssid.size() > 32)
    return problem(ProblemKind::usage, "the name of a Wi-Fi network has at most 32 bytes");
  auto found = std::ranges::find(heard, out.ssid, &local::NearbyNetwork::ssid);
  if (found == heard.end()) {
    context.console.note(wanted +
                         " is not in the device's list of networks; it will look for it "
                         "all the same.");
  } else if (!found->why_not.empty()) {
    return problem(ProblemKind::conflict,
                   "the device can't join " + wanted + ": " + client::plain_text(found->why_not));
  } else {
    context.console.note("The device hears " + wanted + " at " + std::to_string(found->signal_dbm) +
                         " dBm, " + std::string(client::to_string(found->auth)) + ".");
  }
  if (found != heard.end() && found->auth == local::WifiAuth::open) {
    context.console.note(wanted + " is open: who is near can read whatever isn't encrypted.");
    return out;
  }
  TRY(out.passphrase, passphrase_from(context));
  return out;
}

}  // namespace

std::optional<client::WifiWish> wifi_wish(Context& context) {
  if (!context.in.has("wifi")) return std::nullopt;
  client::WifiWish out;
  out.label = context.in.get("easy-connect");
  out.choose = [&context](const std::vector<local::NearbyNetwork>& heard) {
    return choose(context, heard);
  };
  // A file would say the same again.
  out.choose_passphrase = [&context]() -> Answer<SecretBytes> {
    if (context.in.has("wifi-passphrase-file"))
      return problem(ProblemKind::forbidden, "the Wi-Fi passphrase is wrong",
                     "Correct the file, and provision again.");
    return passphrase_from(context);
  };
  return out;
}

Bytes ssid_of(const std::string& shown) {
  if (shown.starts_with("0x"))
    if (auto bytes = from_hex(std::string_view(shown).substr(2))) return std::move(*bytes);
  return to_bytes(shown);
}

}  // namespace fairlead::cli
