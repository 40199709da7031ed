// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cli/command.h"

namespace fairlead::cli {

namespace {

std::string row(std::string left, std::string_view right, std::size_t width) {
  left.resize(std::max(left.size() + 2, width), ' ');
  return "  " + left + std::string(right) + "\n";
}

std::string option_text(const Option& option) {
  std::string out = "--" + std::string(option.name);
  if (!option.value.empty()) out += " " + std::string(option.value);
  return out;
}

std::string options_help(std::span<const Option> options) {
  std::string out;
  for (const auto& each : options)
    if (!each.name.empty()) out += row(option_text(each), each.help, 26);
  return out;
}

std::string command_help(const Command& command) {
  std::string out = std::string(command.summary) + ".\n\nUsage: " + usage_line(command) + "\n";
  if (!command.more.empty()) out += "\n" + std::string(command.more) + "\n";
  if (auto own = options_help(command.options); !own.empty()) out += "\nOptions:\n" + own;
  out += "\nEverywhere:\n" + options_help(global_options());
  if (!command.examples.empty()) out += "\nExamples:\n" + std::string(command.examples) + "\n";
  return out;
}

constexpr std::string_view exit_codes =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not signed in or not allowed, 4 not found,\n"
    "5 conflict, 6 server unreachable or not trusted, 7 partly refused.\n";

}  // namespace

std::string usage_line(const Command& command) {
  std::string out = "fairlead " + std::string(command.name);
  for (const auto& each : command.arguments) {
    if (each.name.empty()) continue;
    std::string name = std::string(each.name) + (each.many ? "..." : "");
    out += each.needed ? " " + name : " [" + name + "]";
  }
  for (const auto& each : command.options) {
    if (each.name.empty()) continue;
    out += each.needed ? " " + option_text(each) : " [" + option_text(each) + "]";
  }
  return out;
}

std::string help_text(const Invocation& in) {
  if (in.command) return command_help(*in.command);
  std::string out;
  if (in.help_for.empty())
    out =
        "fairlead: bring devices from the factory to their upstream, and keep them there.\n\n"
        "Usage: fairlead [--server URL] [--token-file FILE] [--json] COMMAND\n";
  out += "\nCommands:\n";
  for (const auto& each : commands())
    if (in.help_for.empty() || each.name.starts_with(in.help_for + " "))
      out += row(std::string(each.name), each.summary, 26);
  out += "\nEverywhere:\n" + options_help(global_options());
  out += "\n`fairlead help COMMAND` shows options and examples.\n" + std::string(exit_codes);
  return out;
}

namespace {

// What may follow `path` ("", "voucher"): the next words of the commands below it.
std::vector<std::string> next_words(std::string_view path) {
  std::vector<std::string> out;
  for (const auto& each : commands()) {
    std::string_view name = each.name;
    if (!path.empty()) {
      if (!name.starts_with(path) || name.size() <= path.size() || name[path.size()] != ' ')
        continue;
      name.remove_prefix(path.size() + 1);
    }
    std::string word(name.substr(0, name.find(' ')));
    if (std::ranges::find(out, word) == out.end()) out.push_back(std::move(word));
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& each : words) out += (out.empty() ? "" : " ") + each;
  return out;
}

std::string bash_completion() {
  std::string with_value, cases, values;
  auto note_value = [&](const Option& option, std::string_view pattern) {
    if (option.value.empty()) return;
    std::string word = "--" + std::string(option.name);
    if (("|" + with_value + "|").find("|" + word + "|") == std::string::npos)
      with_value += (with_value.empty() ? "" : "|") + word;
    if (!option.choices.empty())
      values += "    " + std::string(pattern) + word + ") words=\"" + std::string(option.choices) +
                "\"; files=;;\n";
  };
  std::string everywhere;
  for (const auto& each : global_options()) {
    everywhere += " --" + std::string(each.name);
    note_value(each, "*:");
  }
  std::vector<std::string> groups{""};
  for (const auto& each : commands())
    for (auto at = each.name.find(' '); at != each.name.npos; at = each.name.find(' ', at + 1))
      if (std::string group(each.name.substr(0, at));
          std::ranges::find(groups, group) == groups.end())
        groups.push_back(group);
  for (const auto& group : groups)
    cases += "    \"" + group + "\") words=\"" + joined(next_words(group)) + "\";;\n";
  for (const auto& each : commands()) {
    std::string options;
    for (const auto& option : each.options) {
      if (option.name.empty()) continue;
      options += " --" + std::string(option.name);
      note_value(option, "\"" + std::string(each.name) + "\"*:");
    }
    std::string name(each.name);
    std::string choices = name == "completion" ? "bash zsh" : "";
    cases += "    \"" + name + "\"|\"" + name + " \"*) words=\"" + choices + options +
             "\"; files=yes;;\n";
  }
  return "# Completion for fairlead. bash: source <(fairlead completion bash)\n"
         "_fairlead() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local path=\"\" words=\"\" files=\"\" i word\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=\"${COMP_WORDS[i]}\"\n"
         "    case \"$word\" in\n"
         "    " +
         with_value +
         ") ((i++));;\n"
         "    -*|help) ;;\n"
         "    *) path=\"${path:+$path }$word\";;\n"
         "    esac\n"
         "  done\n"
         "  case \"$path\" in\n" +
         cases +
         "  esac\n"
         "  words=\"$words" +
         everywhere +
         "\"\n"
         "  case \"$before\" in\n"
         "  " +
         with_value +
         ")\n"
         "    words=\"\"; files=yes\n"
         "    case \"$path:$before\" in\n" +
         values +
         "    esac;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  if [ -n \"$files\" ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
         "    COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _fairlead fairlead\n";
}

}  // namespace

Answer<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return bash_completion();
  if (shell == "zsh")
    return "# zsh: source <(fairlead completion zsh)\n"
           "autoload -U +X compinit && compinit\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_completion();
  return problem(ProblemKind::usage, "there is no completion for '" + std::string(shell) + "'",
                 "Known are bash and zsh.");
}

}  // namespace fairlead::cli
