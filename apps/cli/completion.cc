// Scripts for bash and zsh, made of the options as CLI11 has them.
#include "apps/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "apps/cli/command.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"

namespace clearhead::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& program) {
  return program.get_subcommands([](const CLI::App*) { return true; });
}

// The full names of a command's options, and what stands for their values in the help.
std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->nonpositional(); });
}

// The words of "a|b|c"; none if the value is anything.
std::vector<std::string> choices_of(const std::string& value) {
  const std::vector<std::string> words = CLI::detail::split(value, '|');
  return words.size() > 1 ? words : std::vector<std::string>();
}

std::string joined(const std::vector<std::string>& words) { return CLI::detail::join(words, " "); }

// A text within single quotes of a zsh argument specification.
std::string zsh_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      result += std::string("\\") + c;
    } else {
      result += c;
    }
  }
  return result;
}

// What may stand after an option, as zsh's _arguments wants it.
std::string zsh_value(const std::string& value) {
  if (value.empty()) return "";
  const std::vector<std::string> choices = choices_of(value);
  if (!choices.empty()) return fmt::format(":{}:({})", zsh_text(value), joined(choices));
  return ":" + zsh_text(value) + ":" + (value.starts_with("FILE") ? "_files" : "");
}

// "claims read", as the user writes it behind clearhead.
std::string path_of(const CLI::App& command) {
  const std::string name = full_name(command);
  return name.substr(name.find(' ') + 1);
}

// Calls `f` with each command, and with those that it is made of.
void each_command(const CLI::App& program, const std::function<void(const CLI::App&)>& f) {
  for (const CLI::App* command : commands_of(program)) {
    f(*command);
    each_command(*command, f);
  }
}

std::vector<std::string> names_of(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(program)) names.push_back(command->get_name());
  return names;
}

// The names of commands that are made of others, as a pattern of the shell.
std::string groups_of(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(program)) {
    if (!commands_of(*command).empty()) names.push_back(command->get_name());
  }
  return CLI::detail::join(names, "|");
}

// Lines of a zsh array: a command and what it does.
std::string zsh_commands(const CLI::App& program) {
  std::string lines;
  for (const CLI::App* command : commands_of(program)) {
    lines +=
        fmt::format("    '{}:{}'\n", command->get_name(), zsh_text(command->get_description()));
  }
  return lines;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  std::string options;
  std::string values;
  each_command(program, [&](const CLI::App& command) {
    std::vector<std::string> words = names_of(command);
    words.emplace_back("-h");
    for (const CLI::Option* option : options_of(command)) {
      words.push_back(option->get_name());
      const std::string value = option->get_type_name();
      if (value.empty()) continue;
      const std::vector<std::string> choices = choices_of(value);
      const std::string reply =
          !choices.empty()
              ? fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", joined(choices))
          : value.starts_with("FILE")
              ? "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))"
              : "COMPREPLY=()";
      values +=
          fmt::format("    '{} {}') {}; return ;;\n", path_of(command), option->get_name(), reply);
    }
    for (const CLI::Option* option : command.get_options({})) {
      if (option->get_positional()) {
        for (const std::string& word : choices_of(option->get_type_name())) words.push_back(word);
      }
    }
    options += fmt::format("    '{}') words='{}' ;;\n", path_of(command), joined(words));
  });
  return fmt::format(R"(# bash completion for clearhead; made by: clearhead completion bash
_clearhead() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
  local command=${{COMP_WORDS[1]}} words
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '{} -h --help --version' -- "$word"))
    return
  fi
  case "$command" in
    {}) ((COMP_CWORD == 2)) || command+=" ${{COMP_WORDS[2]}}" ;;
  esac
  case "$command $before" in
{}  esac
  case "$command" in
{}    *) return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _clearhead clearhead
)",
                     joined(names_of(program)), groups_of(program), values, options);
}

std::string zsh_completion(const CLI::App& program) {
  std::string groups;
  std::string cases;
  each_command(program, [&](const CLI::App& command) {
    if (!commands_of(command).empty()) {
      groups += fmt::format("    {})\n      commands=(\n{}  )\n      ;;\n", path_of(command),
                            zsh_commands(command));
      return;
    }
    cases += fmt::format("    '{}')\n      _arguments '-h[This text]'", path_of(command));
    for (const CLI::Option* option : command.get_options({})) {
      const std::string value = zsh_value(option->get_type_name());
      const bool repeats = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
      cases += option->get_positional()
                   ? fmt::format(" \\\n        '1{}'", value)
                   : fmt::format(" \\\n        '{}{}[{}]{}'", repeats ? "*" : "",
                                 option->get_name(), zsh_text(option->get_description()), value);
    }
    cases += "\n      ;;\n";
  });
  return fmt::format(R"(#compdef clearhead
# zsh completion for clearhead; made by: clearhead completion zsh
_clearhead() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    _arguments {{-h,--help}}'[what clearhead can do]' '--version[which version this is]'
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  commands=()
  case $command in
{}  esac
  if (($#commands)); then
    if ((CURRENT == 2)); then
      _describe command commands
      return
    fi
    command+=" $words[2]"
    shift words
    ((CURRENT--))
  fi
  case $command in
{}  esac
}}
_clearhead "$@"
)",
                     zsh_commands(program), groups, cases);
}

std::function<void()> set_up_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "The shell")->type_name("bash|zsh")->required();
  return [shell, &app] {
    if (*shell == "bash") {
      console::write_output(bash_completion(*app.get_parent()));
    } else if (*shell == "zsh") {
      console::write_output(zsh_completion(*app.get_parent()));
    } else {
      console::refuse_value("completion", "bash or zsh", *shell);
    }
  };
}

}  // namespace clearhead::cli
