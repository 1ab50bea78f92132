// The command `clearhead translate`.
#include "apps/cli/translate/translate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "apps/console/given_texts.h"
#include "apps/console/model_options.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/translated_lines.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ModelOptions model;
  console::GivenTexts given;
  std::string out;
  BeamSearchOptions search;
};

// A translation a line; with several for each, their scores before them and a blank line after each
// text.
std::string text_of(const std::vector<std::vector<console::TranslatedLine>>& translated,
                    const Options& o) {
  std::string text;
  for (const std::vector<console::TranslatedLine>& best : translated) {
    for (const console::TranslatedLine& line : best) {
      text += o.search.n_best == 1 ? line.text + "\n"
                                   : fmt::format("{:.4f}\t{}\n", line.score, line.text);
    }
    if (o.search.n_best > 1) text += "\n";
  }
  return text;
}

// Whether these are the words of one text that has no quotes around it, as far as can be told.
bool seem_unquoted(const std::vector<std::string>& texts) {
  return texts.size() > 1 && std::all_of(texts.begin(), texts.end(), [](const std::string& text) {
           return text.find(' ') == std::string::npos;
         });
}

// What somebody types, each line as soon as it is there.
void translate_typed(const SavedModel& saved, const Options& o) {
  for (std::string line; std::getline(std::cin, line);) {
    console::write_text(text_of(
        console::translate_lines(saved, {line}, o.model, o.search, "standard input", false), o));
  }
}

void translate(const Options& o) {
  if (o.search.n_best > o.search.beam) {
    throw console::UsageError(
        fmt::format("--n-best: expected at most as many as --beam, {}, got {}", o.search.beam,
                    o.search.n_best));
  }
  check(o.given);
  if (!o.out.empty()) check_writable(o.out);
  const SavedModel saved = console::open_model(o.model);
  as<TranslationModel>(saved);  // says so before anything is read
  if (o.given.are_piped() && o.out.empty() && isatty(STDIN_FILENO) != 0) {
    return translate_typed(saved, o);
  }
  const console::Lines given = read_texts(o.given);
  if (seem_unquoted(o.given.texts)) {
    console::write_message(
        "note: each word is translated by itself; a text is written in quotes: " +
        fmt::format("clearhead translate … \"{}\"", fmt::join(o.given.texts, " ")));
  }
  const std::string text = text_of(console::translate_lines(saved, given.lines, o.model, o.search,
                                                            given.source, !o.given.file.empty()),
                                   o);
  if (o.out.empty()) return console::write_text(text);
  write_file(o.out, [&](std::ostream& out) { out << text; });
  console::write_output(console::wrote(o.out));
}

}  // namespace

std::function<void()> set_up_translate(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_model(app, o->model);
  console::add_texts(app, o->given, "What is translated");
  console::OptionGroup text(app, "The text: arguments, or lines of standard input, or of a file");
  console::add_lines_file(text, o->given, "Lines to be translated, plain or gzip");
  text.text("--out", "FILE",
            "Where the translations go, line by line (standard output if not given)",
            [o](const std::string& x) { o->out = x; });
  console::add_replace(text, o->model);
  console::OptionGroup search(app, "How a translation is found");
  console::add_search_options(search, o->search);
  search.integer("--n-best",
                 "The N best translations of each, at most as many as --beam, with their scores (1 "
                 "if not given)",
                 1, [o](std::int64_t n) { o->search.n_best = n; });
  console::add_calculation(app, o->model);
  return [o] {
    o->search.precision = o->model.precision;
    translate(*o);
  };
}

}  // namespace clearhead::cli
