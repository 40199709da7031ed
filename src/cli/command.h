// SPDX-License-Identifier: Apache-2.0
// The table of commands: parsing, help and completion all read it, so that they can't disagree.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/operator/problem.h"

namespace fairlead::cli {

using client::Answer;
using client::Problem;
using client::problem;
using client::ProblemKind;

struct Context;
using Handler = Answer<void> (*)(Context&);

struct Option {
  std::string_view name;   // "account" for --account; empty: no option
  std::string_view value;  // "ACCOUNT"; empty: a flag
  std::string_view help;
  bool needed = false;
  std::string_view choices{};  // for completion: "made owned pending"
};

using Options = std::array<Option, 18>;

struct Argument {
  std::string_view name;  // "GUID"; empty: no argument
  bool needed = true;
  bool many = false;  // takes all that follow; the last one only
};

struct Command {
  std::string_view name;     // "voucher import"
  std::string_view summary;  // one line, no full stop
  std::array<Argument, 2> arguments{};
  Options options{};
  std::string_view more{};      // further paragraphs of its help
  std::string_view examples{};  // lines to copy
  Handler run = nullptr;
  bool needs_server = true;
};

std::span<const Command> commands();  // commands.cpp, with:
std::span<const Command> plant_commands();
std::span<const Option> global_options();

struct Invocation {
  const Command* command = nullptr;  // null: help for everything
  bool help = false;
  std::vector<std::string> arguments{};
  std::map<std::string, std::string, std::less<>> options{};  // flags have the value "1"
  std::string help_for{};                                     // a group: "voucher"

  bool has(std::string_view name) const { return options.contains(name); }
  std::string get(std::string_view name, std::string otherwise = {}) const {
    auto found = options.find(name);
    return found == options.end() ? std::move(otherwise) : found->second;
  }
  // usage unless it is a whole number from `min` to `max`.
  Answer<std::int64_t> number(std::string_view name, std::int64_t otherwise, std::int64_t min,
                              std::int64_t max) const;
};

// `words` without the program's name. Options may stand anywhere, as --name VALUE or --name=VALUE;
// "--" ends them. Problems are of kind usage and name the nearest known word.
Answer<Invocation> parse(std::span<const std::string> words);

std::string help_text(const Invocation& invocation);  // for all, a group or a command
std::string usage_line(const Command& command);
Answer<std::string> completion_script(std::string_view shell);  // "bash" or "zsh"

}  // namespace fairlead::cli
