// Reading and writing pages of lessons.
#include "lessons/page.h"

#include <fmt/format.h>

#include <cstddef>
#include <iomanip>
#include <sstream>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::lessons {
namespace {

constexpr std::string_view kMark = "<!-- step ";
constexpr std::string_view kMarkEnd = " -->";
constexpr std::string_view kFence = "```text";
constexpr std::string_view kFenceEnd = "```";

// The place that "<!-- step variance dim=64 -->" marks.
OutputPlace parse_mark(std::string_view line, std::size_t number) {
  if (!line.ends_with(kMarkEnd)) {
    throw Error(fmt::format("line {}: expected \"{}\" at the end", number, kMarkEnd));
  }
  line.remove_prefix(kMark.size());
  line.remove_suffix(kMarkEnd.size());
  std::istringstream words{std::string(line)};
  OutputPlace place;
  words >> place.step;
  for (std::string knob; std::getline(words >> std::ws, knob, '=');) {
    std::string value;
    if (words.eof() || !(words >> std::quoted(value))) {
      throw Error(fmt::format("line {}: expected KNOB=VALUE, got {}", number, knob));
    }
    place.settings[knob] = value;
  }
  return place;
}

std::string mark(const OutputPlace& place) {
  std::ostringstream text;
  text << kMark << place.step;
  for (const auto& [knob, value] : place.settings) {
    text << ' ' << knob << '=';
    value.find(' ') == std::string::npos ? text << value : text << std::quoted(value);
  }
  text << kMarkEnd;
  return text.str();
}

// The first paragraph of `prose` after its title, as one line.
std::string first_paragraph(const std::string& prose) {
  std::istringstream lines(prose);
  std::string paragraph;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#")) continue;
    if (line.empty() && !paragraph.empty()) break;
    if (!line.empty()) paragraph += (paragraph.empty() ? "" : " ") + line;
  }
  return paragraph;
}

}  // namespace

Page parse_page(std::string_view text) {
  std::istringstream lines{std::string(text)};
  Page page;
  PagePart part;
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (page.title.empty() && line.starts_with("# ")) page.title = line.substr(2);
    if (!line.starts_with(kMark)) {
      part.prose += line + "\n";
      continue;
    }
    part.output = parse_mark(line, number);
    if (!std::getline(lines, line) || line != kFence) {
      throw Error(fmt::format("line {}: expected {} below the comment", number + 1, kFence));
    }
    const std::size_t fence = ++number;
    for (; std::getline(lines, line) && line != kFenceEnd; ++number) {
      part.output->text += line + "\n";
    }
    if (!lines) throw Error(fmt::format("line {}: this {} is never closed", fence, kFence));
    ++number;
    page.parts.push_back(std::exchange(part, {}));
  }
  page.parts.push_back(std::move(part));
  if (page.title.empty()) throw Error("a page begins with its title, \"# 4. Why divide by √d\"");
  page.question = first_paragraph(page.parts.front().prose);
  return page;
}

std::string Page::text() const {
  std::string text;
  for (const PagePart& part : parts) {
    text += part.prose;
    if (!part.output) continue;
    text += fmt::format("{}\n{}\n{}{}\n", mark(*part.output), kFence, part.output->text, kFenceEnd);
  }
  return text;
}

}  // namespace clearhead::lessons
