// Where the texts of a command come from.
#include "apps/console/given_texts.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/text/text_file.h"

namespace clearhead::console {
namespace {

constexpr int kMostTexts = 1 << 20;  // far more than a command line holds

}  // namespace

void add_texts(CLI::App& app, GivenTexts& given, const std::string& help) {
  // If any number were allowed, CLI11 would take "[a, b]" for a list of two.
  app.add_option("text", given.texts, help)
      ->type_name("TEXT")
      ->expected(kMostTexts)
      ->allow_extra_args(false)
      ->take_all();
}

void add_text_file(OptionGroup& group, GivenTexts& given, const std::string& help) {
  group.text("--file", "FILE", help, [&given](const std::string& x) { given.file = x; });
}

void check(const GivenTexts& given) {
  if (!given.texts.empty() && !given.file.empty()) {
    throw UsageError("give either a TEXT or --file FILE, not both");
  }
}

Lines read_texts(const GivenTexts& given) {
  if (!given.texts.empty()) return {given.texts, "TEXT"};
  if (!given.file.empty()) return {read_lines(given.file), given.file};
  const std::string name = "standard input";
  return {read_lines(std::cin, name), name};
}

}  // namespace clearhead::console
