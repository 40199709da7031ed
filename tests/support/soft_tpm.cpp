// SPDX-License-Identifier: Apache-2.0
#include "support/soft_tpm.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace fairlead::test {

namespace {

constexpr char bus_name[] = "org.fairlead.Test";

CommandOutput run_tool(const std::vector<std::string>& arguments, const std::string& tcti,
                       Environment environment) {
  environment.emplace_back("TPM2TOOLS_TCTI", tcti);
  environment.emplace_back("TSS2_LOG", "all+none");
  return run_command(arguments, environment);
}

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

// Asked of the kernel: to connect would be to take the one connection that swtpm serves at a time.
bool listens(const std::string& path) {
  constexpr std::string_view accepts_connections = " 00010000 ";
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);)
    if (line.ends_with(" " + path) && line.find(accepts_connections) != std::string::npos)
      return true;
  return false;
}

}  // namespace

SoftTpm::SoftTpm() {
  switch_on();
  require(tool({"tpm2_startup", "--clear"}).status == 0, "tpm2_startup: is tpm2-tools installed?");
}

void SoftTpm::switch_on() {
  const std::string folder = folder_.path().string(), socket = folder + "/tpm";
  for (const std::string& left : {socket, socket + ".ctrl"}) std::filesystem::remove(left);
  process_.emplace(
      std::vector<std::string>{"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + folder,
                               "--server", "type=unixio,path=" + socket, "--ctrl",
                               "type=unixio,path=" + socket + ".ctrl", "--flags", "not-need-init"},
      folder_.path() / "log");
  require(wait_until([&] {
            return !process_->running() || (listens(socket) && listens(socket + ".ctrl"));
          }) &&
              process_->running(),
          "swtpm does not start; is the package swtpm installed?");
}

std::string SoftTpm::tcti() const { return "swtpm:path=" + (folder_.path() / "tpm").string(); }

CommandOutput SoftTpm::tool(const std::vector<std::string>& arguments) const {
  return run_tool(arguments, tcti(), {});
}

SharedTpm::SharedTpm() {
  const std::string socket = (folder_.path() / "bus").string();
  bus_.emplace(std::vector<std::string>{"dbus-daemon", "--session", "--nofork",
                                        "--address=unix:path=" + socket},
               folder_.path() / "bus-log");
  require(wait_until([&] { return !bus_->running() || std::filesystem::exists(socket); }) &&
              bus_->running(),
          "dbus-daemon does not start; is the package dbus-daemon installed?");
  start_manager();
}

void SharedTpm::start_manager() {
  std::vector<std::string> arguments{
      "tpm2-abrmd", "--session", std::string("--dbus-name=") + bus_name, "--tcti=" + tpm_.tcti()};
  if (::geteuid() == 0) arguments.push_back("--allow-root");
  manager_.emplace(arguments, folder_.path() / "manager-log", bus());
  require(wait_until([&] {
            return !manager_->running() || tool({"tpm2_getrandom", "1", "--hex"}).status == 0;
          }) &&
              manager_->running(),
          "tpm2-abrmd does not start; is the package tpm2-abrmd installed?");
}

Environment SharedTpm::bus() const {
  return {{"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + (folder_.path() / "bus").string()}};
}

void SharedTpm::use_bus() const {
  for (const auto& [name, value] : bus()) ::setenv(name.c_str(), value.c_str(), 1);
}

std::string SharedTpm::tcti() const {
  return std::string("tabrmd:bus_type=session,bus_name=") + bus_name;
}

CommandOutput SharedTpm::tool(const std::vector<std::string>& arguments) const {
  return run_tool(arguments, tcti(), bus());
}

}  // namespace fairlead::test
