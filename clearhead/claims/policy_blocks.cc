// Plain text and Markdown, line by line, and the numbers of paragraphs. HTML is in policy_html.cc.
#include "clearhead/claims/policy_blocks.h"

#include <algorithm>
#include <array>
#include <optional>

namespace clearhead::claims {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

struct Line {
  std::string_view text;  // without blanks at its ends
  std::uint64_t number, byte;
};

template <typename F>
void for_each_line(std::string_view text, const F& f) {
  std::uint64_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view whole = text.substr(begin, end - begin);
    const std::size_t indent = whole.find_first_not_of(kBlanks);
    f(Line{trimmed(whole), ++number, begin + (indent == whole.npos ? 0 : indent)});
    begin = end + 1;
  }
}

// Lines that become paragraphs.
class Paragraphs {
 public:
  void add(const Line& line, std::string_view text) {
    if (open_.text.empty()) {
      open_ = {.text = {}, .level = 0, .line = line.number, .byte = line.byte};
    } else {
      open_.text += ' ';
    }
    open_.text += text;
  }
  void end() {
    if (!open_.text.empty()) blocks_.push_back(std::move(open_));
    open_ = {};
  }
  void heading(const Line& line, std::string_view text, int level) {
    end();
    if (text.empty()) return;
    blocks_.push_back(
        {.text = std::string(text), .level = level, .line = line.number, .byte = line.byte});
  }
  // The open paragraph was a heading, as the line below it shows. False if there is none.
  bool make_heading(int level) {
    if (open_.text.empty()) return false;
    open_.level = level;
    end();
    return true;
  }
  std::vector<PolicyBlock> take() {
    end();
    return std::move(blocks_);
  }

 private:
  PolicyBlock open_;
  std::vector<PolicyBlock> blocks_;
};

// "(iv)" at the beginning; its length, 0 if there is none.
std::size_t bracketed(std::string_view text) {
  const std::size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == text.npos || end < 2 || end > 6) return 0;
  const std::string_view inside = text.substr(1, end - 1);
  const bool digits = std::all_of(inside.begin(), inside.end(), is_digit);
  const bool letters = std::all_of(inside.begin(), inside.end(), is_letter);
  // "(and)" is a word: letters are one, the same repeated, or a Roman number.
  const bool counted = inside.size() == 1 || inside.find_first_not_of(inside[0]) == inside.npos ||
                       inside.find_first_not_of("ivxlIVXL") == inside.npos;
  return digits || (letters && counted) ? end + 1 : 0;
}

// "1.2.3" or "1." at the beginning, followed by a blank; its length without the last dot.
std::size_t decimal(std::string_view text) {
  std::size_t at = 0, end = 0, parts = 0;
  while (at < text.size() && is_digit(text[at])) {
    while (at < text.size() && is_digit(text[at])) ++at;
    end = at;
    ++parts;
    if (at < text.size() && text[at] == '.') ++at;
  }
  const bool dotted = at > end || parts > 1;  // "2024 was a year" has no number
  return dotted && end < 24 && at < text.size() && kBlanks.find(text[at]) != kBlanks.npos ? end : 0;
}

// "§ 4", "§§ 12a", "Section 1395x", "Sec. 5", "Article 2"; its length.
std::size_t section(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords = {"§§",      "§",    "Section",
                                                      "SECTION", "Sec.", "Article"};
  for (const std::string_view word : kWords) {
    if (!text.starts_with(word)) continue;
    std::size_t at = word.size();
    while (at < text.size() && text[at] == ' ') ++at;
    const std::size_t begin = at;
    while (at < text.size() &&
           (is_digit(text[at]) || is_letter(text[at]) || text[at] == '-' ||
            (text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1]))))
      ++at;
    return at > begin && is_digit(text[begin]) ? at : 0;
  }
  return 0;
}

}  // namespace

// Lines of a paragraph may begin with "3.5 percent", "Section 4 of this title" or "(2) of".
ParagraphLabel paragraph_label(std::string_view paragraph) {
  ParagraphLabel label;
  const auto take = [&](std::size_t length) {
    label.parts.emplace_back(paragraph.substr(label.end, length));
    label.end += length;
  };
  if (const std::size_t length = section(paragraph)) {
    take(length);
  } else if (const std::size_t digits = decimal(paragraph)) {
    take(digits);
  }
  if (!label.parts.empty() && label.end < paragraph.size() && paragraph[label.end] == '.') {
    ++label.end;
  }
  while (const std::size_t length = bracketed(paragraph.substr(label.end))) take(length);
  if (!label.parts.empty()) {
    label.end = std::min(paragraph.find_first_not_of(kBlanks, label.end), paragraph.size());
    const std::string_view words = paragraph.substr(label.end);
    const bool goes_on = words.starts_with("of ") || words.starts_with("or ") ||
                         (label.parts.front()[0] != '(' && !words.empty() && is_small(words[0]));
    if (goes_on) return {};
  }
  return label;
}

std::vector<PolicyBlock> text_blocks(std::string_view text) {
  Paragraphs paragraphs;
  for_each_line(text, [&](const Line& line) {
    if (line.text.empty() || !paragraph_label(line.text).parts.empty()) paragraphs.end();
    if (!line.text.empty()) paragraphs.add(line, line.text);
  });
  return paragraphs.take();
}

std::vector<PolicyBlock> markdown_blocks(std::string_view text) {
  Paragraphs paragraphs;
  for_each_line(text, [&](const Line& line) {
    std::string_view words = line.text;
    if (words.empty()) return paragraphs.end();
    const std::size_t marks = std::min(words.find_first_not_of('#'), words.size());
    if (marks >= 1 && marks <= 6 && (marks == words.size() || words[marks] == ' ')) {
      std::string_view title = trimmed(words.substr(marks));
      title = trimmed(title.substr(0, title.find_last_not_of('#') + 1));
      return paragraphs.heading(line, title, static_cast<int>(marks));
    }
    for (const char underline : {'=', '-'}) {
      if (words.find_first_not_of(underline) != words.npos) continue;
      if (paragraphs.make_heading(underline == '=' ? 1 : 2) || words.size() >= 3) return;
    }
    bool item = false;
    for (const std::string_view mark : {"> ", "- ", "* ", "+ "}) {
      if (!words.starts_with(mark)) continue;
      words = trimmed(words.substr(mark.size()));
      item = true;
    }
    if (item || !paragraph_label(words).parts.empty()) paragraphs.end();
    if (!words.empty()) paragraphs.add(line, words);
  });
  return paragraphs.take();
}

}  // namespace clearhead::claims
