// Files of X12 come padded, wrapped and cut. What is known for sure is the order of ISA: 16
// elements, the last of which is the separator of components, and then the terminator.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "clearhead/claims/x12.h"
#include "clearhead/claims/x12_segments_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::string_view kBlanks(" \t\r\n\0\x1a", 6);  // \x1a ends files of DOS
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kBeginning = 4096;  // bytes in which ISA, or a terminator, is looked for

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Whether `text` begins with this identifier, an element separator behind it.
bool begins_segment(std::string_view text, std::string_view id) {
  return text.size() > id.size() && text.starts_with(id) && !is_letter_or_digit(text[id.size()]);
}

// Elements of ISA have fixed widths, but not every writer keeps them: so they are counted. Blanks
// may stand before the terminator; a line end may be the terminator.
std::optional<X12Delimiters> delimiters_of_isa(std::string_view isa) {
  X12Delimiters found;
  found.element = isa[3];
  std::size_t at = 3;
  for (int element = 1; element < 16 && at != std::string_view::npos; ++element) {
    at = isa.find(found.element, at + 1);
  }
  if (at == std::string_view::npos || at + 2 >= isa.size()) return std::nullopt;
  found.component = isa[++at];
  ++at;
  while (at + 1 < isa.size() && isa[at] == ' ') ++at;
  found.terminator = isa[at];
  const bool plausible = !is_letter_or_digit(found.component) &&
                         !is_letter_or_digit(found.terminator) &&
                         found.component != found.element && found.terminator != found.element &&
                         found.component != found.terminator;
  return plausible ? std::optional(found) : std::nullopt;
}

// The usual ones; lines where there is no "~".
X12Delimiters guessed_delimiters(std::string_view beginning) {
  X12Delimiters guess;
  guess.element = beginning[beginning.starts_with("ISA") ? 3 : 2];
  if (beginning.find(guess.terminator) == std::string_view::npos ||
      guess.element == guess.terminator) {
    guess.terminator = '\n';
  }
  return guess;
}

}  // namespace

std::string_view X12Segment::operator[](std::size_t element) const {
  return element < elements_.size() ? without_blanks(elements_[element]) : std::string_view{};
}

std::string_view X12Segment::component(std::size_t element, std::size_t component) const {
  std::string_view rest = (*this)[element];
  for (std::size_t i = 1; i < component; ++i) {
    const std::size_t end = rest.find(delimiters.component);
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  return without_blanks(rest.substr(0, rest.find(delimiters.component)));
}

Place X12Segment::place(std::size_t element, std::size_t component) const {
  Place place{file, 0, byte, std::string(id())};
  if (element > 0) place.part += fmt::format("-{:02}", element);
  if (component > 0) place.part += fmt::format("-{}", component);
  return place;
}

X12Segments::X12Segments(ByteStream& stream) : stream_(stream) {
  if (stream_.peek(kByteOrderMark.size()).starts_with(kByteOrderMark)) {
    stream_.take(kByteOrderMark.size());
  }
  if (skip_between() && begins_as_x12(stream_.peek(8))) find_delimiters();
}

bool X12Segments::next(X12Segment& segment) {
  if (!skip_between()) return false;
  if (begins_segment(stream_.peek(4), "ISA")) find_delimiters();
  segment.file = stream_.name();
  segment.byte = stream_.position();
  segment.delimiters = delimiters_;
  take_text(segment);
  const std::string_view text = without_blanks(segment.text_);
  segment.elements_.clear();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(delimiters_.element, begin), text.size());
    segment.elements_.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return true;
}

// Blanks and line ends before a segment, and empty segments; false at the end of the file.
bool X12Segments::skip_between() {
  const auto stands_between = [this](char c) {
    return c == delimiters_.terminator || (is_blank(c) && c != delimiters_.element);
  };
  while (true) {
    const std::string_view bytes = stream_.peek();
    if (bytes.empty()) return false;
    const auto begin = std::find_if_not(bytes.begin(), bytes.end(), stands_between);
    stream_.take(static_cast<std::size_t>(begin - bytes.begin()));
    if (begin != bytes.end()) return true;
  }
}

void X12Segments::find_delimiters() {
  const std::string_view beginning = stream_.peek(kBeginning).substr(0, kBeginning);
  std::optional<X12Delimiters> found;
  if (beginning.starts_with("ISA")) found = delimiters_of_isa(beginning);
  delimiters_known_ = found.has_value();
  delimiters_ = found ? *found : guessed_delimiters(beginning);
}

void X12Segments::take_text(X12Segment& segment) {
  segment.text_.clear();
  segment.too_long = false;
  while (true) {
    const std::string_view bytes = stream_.peek();
    if (bytes.empty()) return;
    const std::size_t end = bytes.find(delimiters_.terminator);
    const std::string_view part = bytes.substr(0, end);
    const std::string_view kept = part.substr(0, kLongest - segment.text_.size());
    segment.text_ += kept;
    segment.too_long |= kept.size() < part.size();
    stream_.take(part.size());
    if (end != std::string_view::npos) {
      stream_.take(1);
      return;
    }
  }
}

bool begins_as_x12(std::string_view bytes) {
  struct Beginning {
    std::string_view id;
    std::size_t width;  // of its first element
  };
  for (const auto& [id, width] : {Beginning{"ISA", 2}, Beginning{"GS", 2}, Beginning{"ST", 3}}) {
    const std::size_t end = id.size() + 1 + width;
    if (!begins_segment(bytes, id) || bytes.size() <= end) continue;
    const char separator = bytes[id.size()];
    // No table, whose columns may have such names.
    if (bytes[end] == separator && std::string_view(",;\t").find(separator) == std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace clearhead::claims
