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

TpmMaker::TpmMaker() {
  const std::string folder = folder_.path().string();
  std::ofstream(folder + "/setup.conf") << "create_certs_tool = /usr/bin/swtpm_localca\n"
                                        << "create_certs_tool_config = " << folder << "/ca.conf\n"
                                        << "create_certs_tool_options = " << folder << "/options\n";
  std::ofstream(folder + "/ca.conf") << "statedir = " << folder << "\n"
                                     << "signingkey = " << folder << "/key.pem\n"
                                     << "issuercert = " << folder << "/issuer.pem\n"
                                     << "certserial = " << folder << "/serial\n";
  std::ofstream(folder + "/options") << "--platform-manufacturer Test\n--platform-version 1\n"
                                     << "--platform-model Test\n";
}

void TpmMaker::make(const std::filesystem::path& state) const {
  std::vector<std::string> arguments{"swtpm_setup",     "--tpm2",
                                     "--tpmstate",      state.string(),
                                     "--config",        (folder_.path() / "setup.conf").string(),
                                     "--create-ek-cert"};
  if (::geteuid() == 0) arguments.insert(arguments.end(), {"--runas", "root"});
  auto made = run_command(arguments, {});
  require(made.status == 0, "swtpm_setup: is swtpm-tools installed? " + made.text);
}

std::string TpmMaker::issuer_pem() const {
  std::ifstream file(folder_.path() / "issuer.pem");
  return {std::istreambuf_iterator<char>(file), {}};
}

SoftTpm::SoftTpm() {
  switch_on();
  require(tool({"tpm2_startup", "--clear"}).status == 0, "tpm2_startup: is tpm2-tools installed?");
}

SoftTpm::SoftTpm(const TpmMaker& maker) {
  maker.make(folder_.path());
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
