// SPDX-License-Identifier: Apache-2.0
#include "server/command_line.h"

#include <filesystem>

namespace fairlead::server {

const std::string_view usage =
    "fairlead-server [--config FILE] [--data DIR] [--version]\n"
    "\n"
    "Without a configuration: factory, rendezvous and owner in one process, broker included, data "
    "in /var/lib/fairlead,\n"
    "devices on ports 8040 (FDO), 8042 (EST) and 8883 (MQTT) of 127.0.0.1, REST API on 8041. "
    "docs/operations.md lists every setting.\n";

Arguments parse_arguments(int argc, char** argv) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument == "--config" && i + 1 < argc)
      out.config = argv[++i];
    else if (argument == "--data" && i + 1 < argc)
      out.data = argv[++i];
    else if (argument == "--allow-fault-injection")
      out.allow_fault_injection = true;
    else if (argument == "--help")
      out.help = true;
    else if (argument == "--version")
      out.show_version = true;
    else
      out.wrong = true;
  }
  return out;
}

Result<Config> configure(const Arguments& arguments) {
  Config config;
  if (!arguments.config.empty()) {
    TRY(config, load_config(arguments.config));
  }
  if (!arguments.data.empty()) config.data = arguments.data;
  if (config.broker_plugin.empty())
    config.broker_plugin =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "fairlead-mosquitto.so")
            .string();
  std::error_code error;
  std::filesystem::create_directories(config.data, error);
  if (error)
    return fail(Errc::io, "data folder '" + config.data.string() + "': " + error.message());
  return config;
}

}  // namespace fairlead::server
