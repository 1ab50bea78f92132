// clearhead: attention you can see through, on the command line.
//
// Ends with status 0, 1 (something failed: a file, shapes that do not fit) or 2 (wrong use, which
// includes an option that asks for what the input does not have).

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <vector>

#include "apps/cli/command.h"
#include "apps/cli/help.h"
#include "apps/cli/suggest.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"

namespace clearhead::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

int complain(const std::string& message, int status) {
  console::write_message("clearhead: " + message);
  return status;
}

// The arguments that CLI11 could not place.
std::vector<std::string> unplaced(const CLI::App& command) {
  std::vector<std::string> arguments = command.remaining(/*recurse=*/true);
  std::erase(arguments, "--");  // among them where a text was missing
  return arguments;
}

// What CLI11 has to say about a command line, with what was probably meant.
std::string describe(const CLI::ParseError& error, const CLI::App& command) {
  // First, since it may be the text that CLI11 misses.
  const std::vector<std::string> extra = unplaced(command);
  if (!extra.empty()) return unexpected_arguments(extra, command);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    // "--tokens: 1 required N missing"
    const std::string text = error.what();
    const std::size_t colon = text.find(':');
    const CLI::Option* option = command.get_option_no_throw(text.substr(0, colon));
    if (option != nullptr && option->count() > 1 && option->get_items_expected_max() == 1) {
      return fmt::format("{} is given {} times; it takes one value", option->get_name(),
                         option->count());
    }
    if (option != nullptr && colon != std::string::npos) {
      return fmt::format("{} needs a value ({})", option->get_name(), option->get_type_name());
    }
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    for (const CLI::Option* option : command.get_options({})) {
      if (option->get_required() && option->count() == 0) {
        return fmt::format("{} needs a {}: {}", command.get_name(), option->get_single_name(),
                           option->get_type_name());
      }
    }
  }
  return error.what();
}

// -h is no option to CLI11, which would see it in "-hello" too.
bool asks_for_help(const CLI::App& command) {
  const std::vector<std::string> extra = unplaced(command);
  return std::find(extra.begin(), extra.end(), "-h") != extra.end();
}

// Adds `all` to `app`, with what they are made of, and notes what the chosen one does.
void add_commands(CLI::App& app, const std::vector<Command>& all, const Command* chosen,
                  CLI::App*& chosen_app, std::function<void()>& action) {
  for (const Command& command : all) {  // all of them: completion looks at each
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    sub->set_help_flag("--help", "This text, as -h");
    std::function<void()> run = [&command, sub] {
      console::write_output(command_help(command, *sub));
    };
    if (command.set_up != nullptr) run = command.set_up(*sub);
    if (&command == chosen) {
      chosen_app = sub;
      action = run;
    }
    add_commands(*sub, command.commands, chosen, chosen_app, action);
  }
}

// Parses the command line and does what it says. Throws UsageError if that cannot be told.
void dispatch(const Command* chosen, int argc, char** argv) {
  CLI::App app("attention you can see through", "clearhead");
  app.set_version_flag("--version", "clearhead " CLEARHEAD_VERSION);
  app.set_help_flag("--help", "what clearhead can do, as -h");
  app.require_subcommand(0, 1);
  CLI::App* chosen_app = &app;
  std::function<void()> action = [] { console::write_output(overview()); };
  add_commands(app, commands(), chosen, chosen_app, action);
  const auto help = [&] {
    console::write_output(chosen == nullptr ? overview() : command_help(*chosen, *chosen_app));
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    action = help;
  } catch (const CLI::CallForVersion& version) {
    action = [text = std::string(version.what())] { console::write_output(text + "\n"); };
  } catch (const CLI::ParseError& error) {
    if (!asks_for_help(*chosen_app)) throw console::UsageError(describe(error, *chosen_app));
    action = help;
  }
  action();
}

int run(int argc, char** argv) {
  const Command* chosen = nullptr;
  std::string name = "clearhead";
  for (int i = 1; i < argc; ++i) {
    const Command* next = find_command(chosen == nullptr ? commands() : chosen->commands, argv[i]);
    if (next == nullptr) break;
    chosen = next;
    name += " " + next->name;
  }
  try {
    dispatch(chosen, argc, argv);
    return 0;
  } catch (const console::UsageError& error) {
    return complain(fmt::format("{}\n{} --help shows what there is", error.what(), name),
                    kWrongUse);
  } catch (const std::bad_alloc&) {
    return complain("there is not enough memory for this", kFailed);
  } catch (const std::exception& error) {
    return complain(error.what(), kFailed);
  }
}

}  // namespace
}  // namespace clearhead::cli

int main(int argc, char** argv) { return clearhead::cli::run(argc, argv); }
