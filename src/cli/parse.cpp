// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "cli/command.h"

namespace fairlead::cli {

namespace {

// Levenshtein's distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 2, 1) + 1;
  for (auto each : known)
    if (auto d = distance(word, each); d < best_distance) best = each, best_distance = d;
  return best.empty() ? std::string() : "Did you mean '" + std::string(best) + "'?";
}

bool is_group(std::string_view word) {
  return std::ranges::any_of(commands(), [&](const Command& each) {
    return each.name.size() > word.size() && each.name.starts_with(word) &&
           each.name[word.size()] == ' ';
  });
}

const Command* find_command(std::string_view name) {
  auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

const Option* find_option(const Command* command, std::string_view name) {
  for (const auto& each : global_options())
    if (each.name == name) return &each;
  if (command)
    for (const auto& each : command->options)
      if (!each.name.empty() && each.name == name) return &each;
  return nullptr;
}

std::unexpected<Problem> unknown_option(const Command* command, std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& each : global_options()) known.push_back(each.name);
  if (command)
    for (const auto& each : command->options)
      if (!each.name.empty()) known.push_back(each.name);
  return problem(ProblemKind::usage,
                 "there is no option --" + std::string(name) +
                     (command ? " for " + std::string(command->name) : ""),
                 nearest(name, known));
}

// The words that name the command; what is left are arguments.
Answer<std::size_t> name_command(const std::vector<std::string>& plain, Invocation& out) {
  std::string name, deepest_group;
  for (std::size_t used = 0; used < plain.size();) {
    name += (used ? " " : "") + plain[used];
    ++used;
    out.command = find_command(name);
    // "label read" is a command of its own, and so is "label" before anything else.
    const bool more = used < plain.size() && find_command(name + " " + plain[used]);
    if (out.command && !more) return used;
    if (!is_group(name)) break;
    deepest_group = name;
  }
  if (name.empty() || name == deepest_group) {
    out.help_for = name;
    return plain.size();
  }
  std::vector<std::string_view> known;
  for (const auto& each : commands())
    if (each.name.starts_with(deepest_group)) known.push_back(each.name);
  for (const auto& each : commands())
    if (deepest_group.empty()) known.push_back(each.name.substr(0, each.name.find(' ')));
  std::string advice = nearest(name, known);
  return problem(ProblemKind::usage, "there is no command '" + name + "'",
                 advice.empty() ? "`fairlead help` lists the commands." : advice);
}

Answer<void> check_arguments(const Invocation& in) {
  std::size_t least = 0, most = 0;
  for (const auto& each : in.command->arguments) {
    if (each.name.empty()) continue;
    ++most;
    if (each.needed) ++least;
    if (each.many) most = SIZE_MAX - 1;
  }
  std::string usage = "Usage: " + usage_line(*in.command);
  if (in.arguments.size() < least) {
    auto missing = std::string(in.command->arguments.at(in.arguments.size()).name);
    return problem(ProblemKind::usage, missing + " is missing", usage);
  }
  if (in.arguments.size() > most)
    return problem(ProblemKind::usage, "'" + in.arguments[most] + "' is one word too many", usage);
  for (const auto& each : in.command->options)
    if (each.needed && !in.has(each.name))
      return problem(ProblemKind::usage, "--" + std::string(each.name) + " is missing", usage);
  return {};
}

struct Words {
  std::vector<std::string> plain;
  std::vector<std::pair<std::string, std::optional<std::string>>> options;  // in order
};

// Whether an option takes a value is known only with the command; so options are looked up in all.
bool takes_value(std::string_view name) {
  for (const auto& each : global_options())
    if (each.name == name) return !each.value.empty();
  for (const auto& command : commands())
    for (const auto& each : command.options)
      if (each.name == name && !each.name.empty()) return !each.value.empty();
  return false;
}

Answer<Words> split(std::span<const std::string> words) {
  Words out;
  bool options_end = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (options_end || !word.starts_with('-') || word == "-") {
      out.plain.emplace_back(word);
    } else if (word == "--") {
      options_end = true;
    } else if (word == "-h") {
      out.options.emplace_back("help", std::nullopt);
    } else if (!word.starts_with("--")) {
      return problem(ProblemKind::usage, "there is no option " + std::string(word),
                     "Options are written in full, as --json.");
    } else if (auto equals = word.find('='); equals != word.npos) {
      out.options.emplace_back(word.substr(2, equals - 2), std::string(word.substr(equals + 1)));
    } else if (auto name = std::string(word.substr(2)); !takes_value(name)) {
      out.options.emplace_back(name, std::nullopt);
    } else if (i + 1 < words.size()) {
      out.options.emplace_back(name, words[++i]);
    } else {
      return problem(ProblemKind::usage, "--" + name + " wants a value");
    }
  }
  return out;
}

}  // namespace

Answer<Invocation> parse(std::span<const std::string> words) {
  TRY(auto split_words, split(words));
  Invocation out;
  auto& plain = split_words.plain;
  if (!plain.empty() && plain.front() == "help") {
    out.help = true;
    plain.erase(plain.begin());
  }
  TRY(auto used, name_command(plain, out));
  out.arguments.assign(plain.begin() + static_cast<std::ptrdiff_t>(used), plain.end());
  for (auto& [name, value] : split_words.options) {
    if (name == "version") {
      out.command = find_command("version");
      continue;
    }
    const Option* option = find_option(out.command, name);
    if (!option) return unknown_option(out.command, name);
    if (option->value.empty() && value)
      return problem(ProblemKind::usage, "--" + name + " takes no value");
    if (!option->value.empty() && value->empty())
      return problem(ProblemKind::usage, "--" + name + " has an empty value");
    if (!out.options.emplace(name, value.value_or("1")).second)
      return problem(ProblemKind::usage, "--" + name + " stands twice");
  }
  if (out.has("help")) out.help = true;
  if (!out.command || out.help) return out;
  TRY_VOID(check_arguments(out));
  return out;
}

Answer<std::int64_t> Invocation::number(std::string_view name, std::int64_t otherwise,
                                        std::int64_t min, std::int64_t max) const {
  auto found = options.find(name);
  if (found == options.end()) return otherwise;
  const std::string& text = found->second;
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
    return problem(ProblemKind::usage, "--" + std::string(name) + " is not a whole number from " +
                                           std::to_string(min) + " to " + std::to_string(max));
  return value;
}

}  // namespace fairlead::cli
