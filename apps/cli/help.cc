// Help texts, made of the table of commands and the options of each.
#include "apps/cli/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "apps/cli/suggest.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/plot/label.h"

namespace clearhead::cli {
namespace {

constexpr int kWidth = 80;
constexpr int kHelpColumn = 30;  // where the explanations of options begin

// "--tokens N" and what it does beside it.
std::string option_lines(const CLI::Option& option) {
  const std::string value = option.get_type_name();
  std::string left = "  " + option.get_name() + (value.empty() ? "" : " " + value);
  if (plot::display_width(left) > kHelpColumn - 2) {
    left += "\n" + std::string(kHelpColumn, ' ');
  } else {
    left = plot::pad_right(left, kHelpColumn);
  }
  return left + console::wrapped(option.get_description(), kWidth - kHelpColumn, kHelpColumn) +
         "\n";
}

// A line each.
std::string list_of(const std::vector<Command>& commands) {
  std::string text;
  for (const Command& command : commands) {
    text += "  " + plot::pad_right(command.name, 14) + command.summary + "\n";
  }
  return text;
}

}  // namespace

std::string overview() {
  std::string text =
      "clearhead " CLEARHEAD_VERSION
      ": attention you can see through\n\n"
      "It trains transformers and shows what they do with a text: each head of their\n"
      "attention, what they predict, and any single number with what it was made of.\n\n"
      "Try this first:\n\n"
      "  clearhead see \"To be, or not to be\"\n\n"
      "Commands:\n\n";
  return text + list_of(commands()) +
         "\nclearhead help COMMAND says more about each, with examples.\n";
}

std::string command_help(const Command& command, const CLI::App& app) {
  const std::string name = full_name(app);
  const std::string use = fmt::format("Use: {} {}", name, command.usage);
  std::string text =
      fmt::format("{}: {}\n\n{}\n", name, command.summary, console::wrapped(use, kWidth, 5));
  if (!command.commands.empty()) {
    return text + "\nCommands:\n\n" + list_of(command.commands) +
           fmt::format("\n{} COMMAND --help says more about each, with examples.\n", name);
  }
  for (const std::string& group : app.get_groups()) {
    std::string lines;
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_group() == group && option->nonpositional()) lines += option_lines(*option);
    }
    if (!lines.empty()) text += fmt::format("\n{}:\n{}", group, lines);
  }
  return text + "\nExamples:\n" + command.examples;
}

std::function<void()> set_up_help(CLI::App& app) {
  auto name = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const Command& command : commands()) names.push_back(command.name);
  app.add_option("command", *name, "The command")
      ->type_name(fmt::format("{}", fmt::join(names, "|")));
  return [name, &app] {
    if (name->empty()) return console::write_output(overview());
    const Command* command = find_command(commands(), *name);
    if (command == nullptr) {
      throw console::UsageError(unknown_command(*name, *app.get_parent()));
    }
    console::write_output(command_help(*command, *app.get_parent()->get_subcommand(*name)));
  };
}

}  // namespace clearhead::cli
