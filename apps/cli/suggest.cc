// Suggestions by the distance of names, and by what may have been meant for a text.
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

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// Where a command takes the text that it is about: an argument, or --prompt; null if it has none.
const CLI::Option* place_of_text(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options({})) {
    const bool is_text = option->get_type_name().find("TEXT") != std::string::npos;
    if (option->get_positional() && is_text) return option;
  }
  return command.get_option_no_throw("--prompt");
}

// How `text` is given to a command that has such a place.
std::string as_text(const std::string& text, const CLI::App& command) {
  const bool is_argument = place_of_text(command)->get_positional();
  const char* before = !is_argument ? "--prompt " : text.starts_with('-') ? "-- " : "";
  return fmt::format("{} … {}\"{}\"", full_name(command), before, text);
}

std::string unknown_option(const std::string& argument, const CLI::App& command) {
  const CLI::Option* const place = place_of_text(command);
  std::string hint;
  if (place != nullptr) {
    hint =
        fmt::format("write {} before a text that begins with a dash: {}",
                    place->get_positional() ? "--" : place->get_name(), as_text(argument, command));
  }
  const bool is_text = argument.find(' ') != std::string::npos;
  if (is_text && !hint.empty()) return fmt::format("\"{}\" is no option; {}", argument, hint);
  const std::string name = argument.substr(0, argument.find('='));
  const bool misses_text = place != nullptr && place->count() == 0;
  return fmt::format("there is no option {}; did you mean {}?{}", name,
                     close_names(name, option_names(command), 1).front(),
                     misses_text ? " Or " + hint : "");
}

// What was meant if `words` are the rest of a text that has no quotes around it: a text of all of
// them. Empty if that cannot be.
std::string unquoted_text(const std::vector<std::string>& words, const CLI::App& command) {
  const CLI::Option* const place = place_of_text(command);
  if (place == nullptr) return "";
  std::vector<std::string> text = place->results();
  if (!text.empty() && text.back().find(' ') != std::string::npos) return "";  // it had quotes
  text.insert(text.end(), words.begin(), words.end());
  return as_text(fmt::format("{}", fmt::join(text, " ")), command);
}

// "fill takes one model and one text"; empty if it takes no arguments.
std::string what_it_takes(const CLI::App& command) {
  std::vector<std::string> arguments;
  for (const CLI::Option* option : command.get_options({})) {
    if (option->get_positional()) arguments.push_back("one " + option->get_single_name());
  }
  if (arguments.empty()) return "";
  return fmt::format("{} takes {}", command.get_name(), fmt::join(arguments, " and "));
}

}  // namespace

std::string unknown_command(const std::string& name, const CLI::App& app) {
  return fmt::format("there is no command \"{}\"; did you mean {}?", name,
                     close_names(name, command_names(app), 1).front());
}

std::string unexpected_arguments(const std::vector<std::string>& arguments,
                                 const CLI::App& command) {
  const std::string& first = arguments.front();
  if (first.starts_with('-')) return unknown_option(first, command);
  if (!command_names(command).empty()) return unknown_command(first, command);
  std::vector<std::string> reasons = {fmt::format("\"{}\" stands alone", first)};
  if (const std::string text = unquoted_text(arguments, command); !text.empty()) {
    reasons.push_back("a text is written in quotes: " + text);
    return fmt::format("{}", fmt::join(reasons, "; "));
  }
  if (const std::string takes = what_it_takes(command); !takes.empty()) reasons.push_back(takes);
  if (option_names(command).size() > 1) {  // others than --help
    reasons.emplace_back("write the option before it that it belongs to");
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

}  // namespace clearhead::cli
