#include "apps/cli/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <vector>

#include "apps/cli/command.h"
#include "clearhead/base/close_names.h"

namespace clearhead {
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

}  // namespace

std::string unexpected_argument(const std::string& argument, const CLI::App& command) {
  if (argument.starts_with('-')) {
    const std::string name = argument.substr(0, argument.find('='));
    const std::vector<std::string> close = close_names(name, option_names(command), 1);
    return fmt::format("there is no option {}; did you mean {}?", name, fmt::join(close, ""));
  }
  if (command.get_parent() == nullptr) {
    return fmt::format("there is no command \"{}\"; there are {}", argument,
                       fmt::join(command_names(), ", "));
  }
  return fmt::format("\"{}\" stands alone; write the option before it that it belongs to",
                     argument);
}

}  // namespace clearhead
