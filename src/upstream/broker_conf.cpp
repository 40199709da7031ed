// SPDX-License-Identifier: Apache-2.0
// The files a broker starts from.
#include <fcntl.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "upstream/broker.h"

namespace fairlead::upstream {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t certificates_per_name_max = 64;

std::string errno_words() { return std::generic_category().message(errno); }

// A value in mosquitto.conf ends with its line: a line break in it would begin another setting.
Result<void> check_value(std::string_view name, std::string_view value) {
  if (value.empty()) return fail(Errc::refused, "broker: " + std::string(name) + " is not set");
  for (char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return fail(Errc::refused, "broker: " + std::string(name) + " has a control character");
  return ok();
}

// nullopt: the files are the current user's own affair.
Result<std::optional<passwd>> broker_user(const BrokerOptions& options) {
  if (::geteuid() != 0 || options.user == "root" || options.user.empty())
    return std::optional<passwd>();
  errno = 0;
  const passwd* user = ::getpwnam(options.user.c_str());
  if (!user) return fail(Errc::not_found, "broker: there is no user '" + options.user + "'");
  return std::optional<passwd>(*user);
}

Result<void> make_folder(const std::string& path, uid_t owner, gid_t group, mode_t mode) {
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST)
    return fail(Errc::io, "broker: " + path + ": " + errno_words());
  if (::chown(path.c_str(), owner, group) != 0 || ::chmod(path.c_str(), mode) != 0)
    return fail(Errc::io, "broker: " + path + ": " + errno_words());
  return ok();
}

// Through a rename, so that the broker never reads half of it. Group as the folder's (set-gid).
Result<void> write_file(const std::string& path, std::string_view content) {
  auto draft = path + ".new";
  ::unlink(draft.c_str());
  int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) return fail(Errc::io, "broker: " + draft + ": " + errno_words());
  bool whole = ::fchmod(fd, 0640) == 0;
  while (whole && !content.empty()) {
    auto count = ::write(fd, content.data(), content.size());
    whole = count > 0;
    if (whole) content.remove_prefix(static_cast<std::size_t>(count));
  }
  whole = whole && ::fsync(fd) == 0;
  auto words = errno_words();
  ::close(fd);
  if (!whole || ::rename(draft.c_str(), path.c_str()) != 0)
    return fail(Errc::io, "broker: " + path + ": " + (whole ? errno_words() : words));
  return ok();
}

Result<void> prepare_folders(const BrokerOptions& options) {
  TRY_VOID(check_value("folder", options.folder));
  TRY(auto user, broker_user(options));
  auto us = ::geteuid();
  auto group = user ? user->pw_gid : ::getegid();
  // Set-gid: what is written later (the access table, when it grows) has the broker's group too.
  TRY_VOID(make_folder(options.folder, us, group, 02750));
  TRY_VOID(make_folder(options.folder + "/ca", us, group, 02750));
  return make_folder(options.folder + "/db", user ? user->pw_uid : us, group, 0700);
}

Result<std::string> configuration(const BrokerOptions& options) {
  std::string folder = fs::absolute(options.folder).string();
  for (auto [name, value] : std::initializer_list<std::pair<const char*, const std::string*>>{
           {"folder", &options.folder},
           {"address", &options.address},
           {"certificate file", &options.certificate_file},
           {"key file", &options.key_file},
           {"plugin file", &options.plugin_file},
           {"access table", &options.access_table}})
    TRY_VOID(check_value(name, *value));
  if (options.address.find(' ') != std::string::npos)
    return fail(Errc::refused, "broker: the address has a space");
  auto line = [](const char* key, const std::string& value) {
    return std::string(key) + " " + value + "\n";
  };
  auto file = [&](const char* key, const std::string& path) {
    return line(key, fs::absolute(path).string());
  };
  std::string out =
      "# Written by Fairlead at every start; changes are lost.\n"
      "# Not here on purpose: use_identity_as_username and use_subject_as_username (the plugin\n"
      "# would not be asked), per_listener_settings (it would have no clock), crlfile (an overdue\n"
      "# list refuses everyone; who is let in stands in the access table).\n";
  out += line("listener", std::to_string(options.port) + " " + options.address);
  out += line("capath", folder + "/ca");
  out += file("certfile", options.certificate_file);
  out += file("keyfile", options.key_file);
  out += line("require_certificate", "true");
  if (options.connections_max > 0)
    out += line("max_connections", std::to_string(options.connections_max));
  // As root on purpose: it would change to the user "mosquitto" by itself otherwise.
  if (options.user == "root") out += line("user", "root");
  out += line("allow_anonymous", "false");
  out += line("allow_zero_length_clientid", "false");
  out += file("plugin", options.plugin_file);
  out += file("plugin_opt_access_table", options.access_table);
  out += line("plugin_opt_table_age_max", std::to_string(options.table_age_max.count()));
  out += "# Sessions of devices that are away, and what waits for them.\n";
  out += line("persistence", "true");
  out += line("persistence_location", folder + "/db/");
  out += line("autosave_interval", "60");
  out += line("persistent_client_expiration", std::to_string(options.session_kept.count()) + "h");
  out += line("max_queued_messages", "1000");
  out += line("max_queued_bytes", "1048576");
  out += line("max_packet_size", "1048576");
  out += line("max_keepalive", "3600");
  out += line("set_tcp_nodelay", "true");
  out += "log_dest stderr\nlog_timestamp false\n";
  out += "log_type error\nlog_type warning\nlog_type notice\nlog_type information\n";
  return out;
}

// Name and place that OpenSSL looks for in a hashed directory: the subject's hash and a number.
Result<void> write_authority(const std::string& folder, const crypto::Certificate& authority) {
  const auto* der = authority.der().data();
  std::unique_ptr<X509, decltype(&X509_free)> x509(
      d2i_X509(nullptr, &der, static_cast<long>(authority.der().size())), &X509_free);
  if (!x509) return fail(Errc::malformed, "broker: authority " + authority.subject());
  char hash[17];
  std::snprintf(hash, sizeof hash, "%08lx", X509_subject_name_hash(x509.get()));
  auto pem = authority.pem();
  for (std::size_t n = 0; n < certificates_per_name_max; ++n) {
    auto path = folder + "/ca/" + hash + "." + std::to_string(n);
    std::ifstream existing(path);
    if (!existing) return write_file(path, pem);
    if (std::string(std::istreambuf_iterator<char>(existing), {}) == pem) return ok();
  }
  return fail(Errc::busy, "broker: too many authorities are called " + authority.subject());
}

}  // namespace

Result<std::string> write_broker_conf(const BrokerOptions& options) {
  TRY(auto text, configuration(options));
  if (options.client_authorities.empty())
    return fail(Errc::refused, "broker: no authority whose certificates it could accept");
  TRY_VOID(prepare_folders(options));
  for (const auto& entry : fs::directory_iterator(options.folder + "/ca")) {
    std::error_code ignored;  // an authority that is no longer trusted
    fs::remove(entry.path(), ignored);
  }
  for (const auto& authority : options.client_authorities)
    TRY_VOID(write_authority(options.folder, authority));
  auto path = options.folder + "/mosquitto.conf";
  TRY_VOID(write_file(path, text));
  return path;
}

Result<void> write_broker_identity(BrokerOptions& options,
                                   std::span<const crypto::Certificate> chain,
                                   std::string_view key_pem) {
  TRY_VOID(prepare_folders(options));
  std::string pem;
  for (const auto& certificate : chain) pem += certificate.pem();
  options.certificate_file = options.folder + "/broker-cert.pem";
  options.key_file = options.folder + "/broker-key.pem";
  TRY_VOID(write_file(options.certificate_file, pem));
  return write_file(options.key_file, key_pem);
}

Result<void> add_client_authority(const BrokerOptions& options,
                                  const crypto::Certificate& authority) {
  TRY_VOID(prepare_folders(options));
  return write_authority(options.folder, authority);
}

}  // namespace fairlead::upstream
