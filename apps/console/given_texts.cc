// Where the texts of a command come from.
#include "apps/console/given_texts.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/text/text_file.h"

namespace clearhead::console {
namespace {

constexpr int kMostTexts = 1 << 20;  // far more than a command line holds

constexpr const char* kStandardInput = "standard input";

void remove_last_line_end(std::string& text) {
  if (!text.ends_with('\n')) return;
  text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

}  // namespace

void add_text(CLI::App& app, GivenText& given) {
  app.add_option("text", given.text, "The text")->type_name("\"TEXT\"");
}

void add_text_file(OptionGroup& group, GivenText& given, const std::string& option,
                   const std::string& help) {
  group.text(option, "FILE",
             help + ", plain or gzip; - is standard input. The file's last line end is left out",
             [&given](const std::string& x) { given.file = x; });
}

void check(const GivenText& given, const std::string& text_option, const std::string& file_option) {
  if (given.text.empty() || given.file.empty()) return;
  throw UsageError("give either " + text_option + " or " + file_option + ", not both");
}

Text read_text(const GivenText& given, const std::string& option) {
  if (given.file.empty()) return {given.text, option};
  const bool is_piped = given.file == kStandardInputFile;
  Text result{
      is_piped ? clearhead::read_text(std::cin, kStandardInput) : clearhead::read_text(given.file),
      is_piped ? kStandardInput : given.file};
  remove_last_line_end(result.text);
  if (result.text.empty()) throw Error(result.source + ": expected text, got an empty line");
  return result;
}

void add_texts(CLI::App& app, GivenTexts& given, const std::string& help) {
  // If any number were allowed, CLI11 would take "[a, b]" for a list of two.
  app.add_option("text", given.texts, help)
      ->type_name("TEXT")
      ->expected(kMostTexts)
      ->allow_extra_args(false)
      ->take_all();
}

void add_lines_file(OptionGroup& group, GivenTexts& given, const std::string& help) {
  group.text("--file", "FILE", help + "; - is standard input",
             [&given](const std::string& x) { given.file = x; });
}

void check(const GivenTexts& given) {
  if (!given.texts.empty() && !given.file.empty()) {
    throw UsageError("give either a TEXT or --file FILE, not both");
  }
}

Lines read_texts(const GivenTexts& given) {
  if (!given.texts.empty()) return {given.texts, "TEXT"};
  if (!given.are_piped()) return {read_lines(given.file), given.file};
  return {read_lines(std::cin, kStandardInput), kStandardInput};
}

}  // namespace clearhead::console
