// SPDX-License-Identifier: Apache-2.0
#include "cli/credentials.h"

#include <sys/stat.h>

#include <system_error>

#include "cli/context.h"

namespace fairlead::cli {

namespace {
constexpr std::size_t credentials_bytes_max = 256 * 1024;
}

Answer<Credentials> load_credentials(const std::filesystem::path& file) {
  struct stat about{};
  if (file.empty() || ::stat(file.c_str(), &about) != 0) return Credentials{};
  if ((about.st_mode & 077) != 0)
    return problem(ProblemKind::failed, file.string() + " may be read by others",
                   "It holds tokens: `chmod 600 " + file.string() + "`.");
  TRY(auto text, read_text_file(file.string(), credentials_bytes_max));
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  const json::object* object = !error ? value.if_object() : nullptr;
  const json::value* servers = object ? object->if_contains("servers") : nullptr;
  if (!servers || !servers->is_object())
    return problem(ProblemKind::failed, file.string() + " is not what login wrote",
                   "Remove it and sign in again.");
  Credentials out{client::text_at(value, "last"), {}};
  for (const auto& each : servers->get_object())
    out.servers[std::string(each.key())] = {
        client::text_at(each.value(), "token"), client::text_at(each.value(), "user"),
        client::text_at(each.value(), "expires"), client::text_at(each.value(), "ca")};
  return out;
}

Answer<void> save_credentials(const std::filesystem::path& file, const Credentials& credentials) {
  if (file.empty())
    return problem(ProblemKind::failed, "there is no home directory to keep the token in",
                   "Set HOME, or use --token-file.");
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (error)
    return problem(ProblemKind::failed, file.parent_path().string() + ": " + error.message());
  json::object servers;
  for (const auto& [url, login] : credentials.servers)
    servers[url] = json::object{
        {"token", login.token}, {"user", login.user}, {"expires", login.expires}, {"ca", login.ca}};
  json::object all{{"last", credentials.last}, {"servers", std::move(servers)}};
  return write_file(file, json::serialize(all) + "\n", 0600);
}

std::filesystem::path credentials_path(const char* xdg_config_home, const char* home) {
  if (xdg_config_home && *xdg_config_home)
    return std::filesystem::path(xdg_config_home) / "fairlead" / "credentials";
  if (home && *home) return std::filesystem::path(home) / ".config" / "fairlead" / "credentials";
  return {};
}

}  // namespace fairlead::cli
