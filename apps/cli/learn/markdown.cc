// The Markdown of pages as text for a terminal: as much of it as pages use.
#include "apps/cli/learn/markdown.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <vector>

#include "apps/cli/learn/formula.h"
#include "apps/console/table.h"
#include "clearhead/plot/label.h"
#include "clearhead/plot/terminal_line.h"

namespace clearhead::cli {
namespace {

using plot::TerminalStyle;

const TerminalStyle kBold{.bold = true};
const TerminalStyle kFaint{.faint = true};
const TerminalStyle kCode{.foreground = plot::Rgb{86, 180, 233}};

// A run of text that looks alike.
struct Span {
  std::string text;
  TerminalStyle style;
};

// The place of the mark that closes what `mark` has opened at `begin`; npos if none does.
std::size_t closing(std::string_view text, std::string_view mark, std::size_t begin) {
  return text.find(mark, begin + mark.size());
}

// Bold, code, formulas and links of a paragraph.
std::vector<Span> spans_of(std::string_view text, bool colors) {
  std::vector<Span> spans = {{}};
  const auto add = [&spans](std::string inner, const TerminalStyle& style) {
    spans.push_back({std::move(inner), style});
    spans.push_back({});
  };
  for (std::size_t i = 0; i < text.size();) {
    std::string_view mark = text.substr(i, text.substr(i).starts_with("**") ? 2 : 1);
    const bool is_mark = mark == "**" || mark == "*" || mark == "`" || mark == "$";
    const std::size_t end = is_mark ? closing(text, mark, i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      const std::string inner(text.substr(i + mark.size(), end - i - mark.size()));
      if (mark == "`") {
        add(colors ? inner : "`" + inner + "`", kCode);
      } else if (mark == "$") {
        add(plain_formula(inner), {});
      } else {
        add(inner, mark == "**" ? kBold : TerminalStyle());
      }
      i = end + mark.size();
    } else if (const std::size_t middle = text.find("](", i);
               text[i] == '[' && middle != std::string_view::npos) {
      const std::size_t last = text.find(')', middle);
      const std::string_view target = text.substr(middle + 2, last - middle - 2);
      spans.back().text += text.substr(i + 1, middle - i - 1);
      if (target.starts_with("http")) spans.back().text += " (" + std::string(target) + ")";
      i = last == std::string_view::npos ? text.size() : last + 1;
    } else {
      spans.back().text += text[i++];
    }
  }
  return spans;
}

// The spans in lines of at most the terminal's width, each behind `indent` columns.
std::string laid_out(const std::vector<Span>& spans, const std::string& begin,
                     const plot::TerminalOptions& terminal) {
  const int indent = plot::display_width(begin);
  std::string text;
  plot::TerminalLine line(terminal.colors);
  line.add(begin);
  bool is_empty = true;
  std::vector<Span> word;  // a word may be of several spans: "**bold**,"
  const auto put = [&] {
    int width = 0;
    for (const Span& part : word) width += plot::display_width(part.text);
    if (width == 0) return;
    if (!is_empty && line.width() + 1 + width > terminal.columns) {
      text += line.text() + "\n";
      line = plot::TerminalLine(terminal.colors);
      line.pad_to(indent);
      is_empty = true;
    }
    if (!is_empty) line.add(" ");
    for (const Span& part : word) line.add(part.text, part.style);
    is_empty = false;
    word.clear();
  };
  for (const Span& span : spans) {
    std::istringstream words(span.text);
    if (!span.text.empty() && span.text.front() == ' ') put();
    bool is_first = true;
    for (std::string next; words >> next; is_first = false) {
      if (!is_first) put();
      word.push_back({next, span.style});
    }
    if (!span.text.empty() && span.text.back() == ' ') put();
  }
  put();
  return text + line.text() + "\n";
}

// Whether the last of some whole lines is blank.
bool is_blank_at_end(std::string_view lines) { return lines == "\n" || lines.ends_with("\n\n"); }

// The length of the mark of a point, "- " or "12. ".
std::size_t length_of_mark(std::string_view line) {
  if (line.starts_with("- ") || line.starts_with("* ")) return 2;
  const std::size_t digits = std::min(line.find_first_not_of("0123456789"), line.size());
  return digits > 0 && line.substr(digits).starts_with(". ") ? digits + 2 : 0;
}

}  // namespace

std::string MarkdownPrinter::print(std::string_view markdown) {
  std::istringstream lines{std::string(markdown)};
  for (std::string next; std::getline(lines, next);) line(next);
  finish_paragraph();
  return take();
}

std::string MarkdownPrinter::print_output(std::string_view lines) {
  std::istringstream all{std::string(lines)};
  for (std::string next; std::getline(all, next);) {
    if (plot::display_width(next) + 2 > terminal_.columns) {  // what a model wrote
      next = console::wrapped(next, terminal_.columns - 2, 2);
    }
    text_ += next.empty() ? "\n" : "  " + next + "\n";
  }
  return take();
}

void MarkdownPrinter::line(std::string_view line) {
  if (line == "</details>") {
    finish_paragraph();
    is_answer_ = false;
  } else if (line.starts_with("<details>")) {
    finish_paragraph();
    is_answer_ = true;
    paragraph_ = with_answers_ ? "**Answer**" : "";
    finish_paragraph();
  } else if (is_folded()) {
    return;
  } else if (is_fenced_ || line.starts_with("```")) {
    fenced_line(line);
  } else if (line.empty()) {
    finish_paragraph();
    blank();
  } else if (line.starts_with("#")) {
    finish_paragraph();
    paragraph_ = "**" + std::string(line.substr(line.find_first_not_of("# "))) + "**";
    finish_paragraph();
  } else if (line.starts_with("![")) {
    finish_paragraph();
    const std::size_t middle = line.rfind("](");
    const std::string file(line.substr(middle + 2, line.rfind(')') - middle - 2));
    const auto figure = figures_.find(std::filesystem::path(file).stem());
    if (figure != figures_.end()) text_ += figure->second + "\n";
    const std::string description(line.substr(2, middle - 2));
    text_ += laid_out({{description, kFaint}}, "  ", terminal_);
  } else if (line.starts_with("|")) {
    finish_paragraph();
    paragraph_ = line;
    finish_paragraph();
  } else {
    if (length_of_mark(line) > 0) finish_paragraph();
    if (!paragraph_.empty()) paragraph_ += ' ';
    paragraph_ += line.substr(std::min(line.find_first_not_of(' '), line.size()));
  }
}

void MarkdownPrinter::fenced_line(std::string_view line) {
  finish_paragraph();
  if (line.starts_with("```")) {
    is_fenced_ = !is_fenced_;
    is_formula_ = is_fenced_ && line == "```math";
  } else {
    text_ += "    " + (is_formula_ ? plain_formula(line) : std::string(line)) + "\n";
  }
}

void MarkdownPrinter::finish_paragraph() {
  if (paragraph_.empty()) return;
  const std::size_t mark = length_of_mark(paragraph_);
  std::string begin = paragraph_.substr(0, mark);
  const std::string rest = paragraph_.substr(mark);
  if (rest.starts_with("**")) {
    const auto claim = claims_.find(rest.substr(2, closing(rest, "**", 0) - 2));
    if (claim != claims_.end()) begin = claim->second ? "✓ " : "✗ ";
  }
  text_ += laid_out(spans_of(rest, terminal_.colors != plot::ColorDepth::none), begin, terminal_);
  paragraph_.clear();
}

// One blank line at most, also where a part ends with one and the next begins with one.
void MarkdownPrinter::blank() {
  if (!(text_.empty() ? ends_blank_ : is_blank_at_end(text_))) text_ += "\n";
}

std::string MarkdownPrinter::take() {
  if (!text_.empty()) ends_blank_ = is_blank_at_end(text_);
  return std::exchange(text_, {});
}

}  // namespace clearhead::cli
