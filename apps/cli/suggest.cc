// Suggestions by the distance of names.
#include "apps/cli/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "apps/cli/command.h"
#include "clearhead/base/close_names.h"

namespace clearhead::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options({})) {
    if (option->nonpositional()) names.push_back(option->get_name());
  }
  return names;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.push_back(command.name);
  return names;
}

// Whether the command still waits for a text.
bool misses_text(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options({})) {
    const bool is_text = option->get_type_name().find("TEXT") != std::string::npos;
    if (option->get_positional() && is_text && option->count() == 0) return true;
  }
  return false;
}

std::string unknown_option(const std::string& argument, const CLI::App& command) {
  const std::string as_text = fmt::format(
      "write -- before a text that begins with a dash: "
      "clearhead {} … -- \"{}\"",
      command.get_name(), argument);
  const bool is_text = argument.find(' ') != std::string::npos;
  const bool may_be_text = command.get_parent() != nullptr && (is_text || misses_text(command));
  if (is_text && may_be_text) return fmt::format("\"{}\" is no option; {}", argument, as_text);
  const std::string name = argument.substr(0, argument.find('='));
  const std::vector<std::string> close = close_names(name, option_names(command), 1);
  return fmt::format("there is no option {}; did you mean {}?{}", name, fmt::join(close, ""),
                     may_be_text ? " Or " + as_text : "");
}

}  // namespace

std::string unknown_command(const std::string& name) {
  return fmt::format("there is no command \"{}\"; there are {}", name,
                     fmt::join(command_names(), ", "));
}

std::string unexpected_argument(const std::string& argument, const CLI::App& command) {
  if (argument.starts_with('-')) return unknown_option(argument, command);
  if (command.get_parent() == nullptr) return unknown_command(argument);
  return fmt::format("\"{}\" stands alone; write the option before it that it belongs to",
                     argument);
}

}  // namespace clearhead::cli
