// A lesson as it is read in the terminal.
#include "apps/cli/learn/reader.h"

#include <fmt/format.h>

#include <iostream>
#include <variant>

#include "apps/console/output.h"
#include "apps/console/table.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/plot/label.h"

namespace clearhead::cli {

LessonReader::LessonReader(const lessons::LessonEntry& lesson, const ReadingOptions& options)
    : page_(lessons::parse_page(lesson.page)),
      options_(options),
      printer_(options.terminal, options.with_answers) {}

void LessonReader::begin(const std::vector<lessons::Knob>& knobs) {
  knobs_ = knobs;
  if (options_.turned.empty()) return;
  const std::string note =
      fmt::format("(With {}: the program's output follows, the text speaks of what is usual.)",
                  options_.turned);
  console::write_output(console::wrapped(note, options_.terminal.columns, 0) + "\n\n");
}

void LessonReader::step(std::string_view name, lessons::Numbers) {
  if (next_part_ > 0) wait();
  std::size_t part = next_part_;
  while (part + 1 < page_.parts.size()) {
    const auto& output = page_.parts[part].output;
    if (output && output->step == name && output->settings.empty()) break;
    ++part;
  }
  print_parts(part + 1);
}

void LessonReader::text(std::string_view lines) {
  console::write_output(printer_.print_output(lines));
}

void LessonReader::figure(std::string_view name, const lessons::Figure& figure) {
  std::string text;
  std::visit(
      [&](const auto& drawn) {
        text += plot::render_terminal(drawn, options_.terminal);
        if (options_.figures.empty()) return;
        const std::filesystem::path file = options_.figures / (std::string(name) + ".svg");
        plot::write_figure(drawn, file);
        text += console::wrote(file.string());
      },
      figure);
  printer_.set_figure(std::string(name), std::move(text));
}

void LessonReader::claim(std::string_view sentence, bool holds) {
  claims_[std::string(sentence)] = holds;
}

void LessonReader::end() {
  wait();
  printer_.set_claims(claims_);
  print_parts(page_.parts.size());
  console::write_output(knobs_text());
}

// The prose of parts up to `end`, and the output of those that the running lesson will not print:
// that of turned knobs, as in answers.
void LessonReader::print_parts(std::size_t end) {
  std::string text;
  for (; next_part_ < end; ++next_part_) {
    const lessons::PagePart& part = page_.parts[next_part_];
    text += printer_.print(part.prose);
    if (part.output && !part.output->settings.empty() && !printer_.is_folded()) {
      text += printer_.print_output(part.output->text);
    }
  }
  console::write_output(text);
}

void LessonReader::wait() {
  if (!options_.waits) return;
  console::write_output("\n[Enter: go on; q: leave] ");
  std::string answer;
  if (!std::getline(std::cin, answer) || answer == "q") throw ReaderLeft();
}

std::string LessonReader::knobs_text() const {
  if (knobs_.empty()) return "";
  std::string text = "\nKnobs to turn:\n";
  for (const lessons::Knob& knob : knobs_) {
    const bool is_text = knob.value.find_first_of(" \n") != std::string::npos;
    const char* const quote = is_text ? "\"" : "";
    std::string use =
        fmt::format("  --set {1}{0}={2}{1}  ", knob.name, quote, plot::visible_text(knob.value));
    int indent = plot::display_width(use);
    if (is_text) {  // too long for something beside it
      use.resize(use.size() - 2);
      use += "\n      ";
      indent = 6;
    }
    text += use + console::wrapped(knob.meaning, options_.terminal.columns - indent, indent) + "\n";
  }
  return text;
}

}  // namespace clearhead::cli
