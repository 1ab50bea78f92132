// Origins byte by byte.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "clearhead/base/error.h"
#include "clearhead/text/aligned_text_internal.h"

namespace clearhead {
namespace {

// A character has at most 18 in a normal form, and a byte 2 in its spelling.
constexpr std::size_t kMostGrowth = 1000;

}  // namespace

AlignedText::AlignedText(std::string_view original, TextRange part, bool keep_origins)
    : text_(original.substr(part.begin, part.end - part.begin)),
      from_beginning_(part.begin == 0),
      most_(text_.size() * kMostGrowth + kMostGrowth) {
  if (!keep_origins) return;
  if (part.end > std::numeric_limits<std::uint32_t>::max()) {
    throw Error("tokenizer: offsets are for texts below 4 GiB; take its parts one by one");
  }
  origins_.reserve(text_.size());
  for (std::string_view rest = text_; !rest.empty();) {
    const std::size_t begin = part.end - rest.size();
    take_character(rest);
    const std::size_t end = part.end - rest.size();
    const Origin origin{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    origins_.insert(origins_.end(), end - begin, origin);
  }
}

bool AlignedText::begins_original(std::size_t at) const {
  return origins_.empty() ? from_beginning_ && at == 0 : origins_[at].begin == 0;
}

void AlignedText::check_growth(std::size_t size) const {
  if (size <= most_) return;
  throw Error(fmt::format("tokenizer: its normalizer makes the text more than {} times as long",
                          kMostGrowth));
}

AlignedText AlignedText::part(TextRange range) const {
  AlignedText part;
  part.text_ = text(range);
  if (!origins_.empty()) {
    const auto begin = origins_.begin();
    part.origins_.assign(begin + static_cast<std::ptrdiff_t>(range.begin),
                         begin + static_cast<std::ptrdiff_t>(range.end));
  }
  part.most_ = most_;
  part.from_beginning_ = from_beginning_ && range.begin == 0;
  return part;
}

void AlignedText::change(std::span<const CharacterChange> changes) {
  AlignedTextBuilder builder(*this);
  std::string_view rest = text_;  // of the characters that are to be replaced
  std::string bytes;
  for (const CharacterChange& one : changes) {
    const std::size_t at = text_.size() - rest.size();
    bytes.clear();
    append_character(bytes, one.character);
    if (one.change > 0) {
      builder.add(bytes, at == 0 ? 0 : at - 1);
      continue;
    }
    if (rest.empty()) continue;  // more came than there was
    builder.add(bytes, at);
    for (int taken = one.change; taken <= 0 && !rest.empty(); ++taken) take_character(rest);
  }
  *this = builder.finish();
}

AlignedTextBuilder::AlignedTextBuilder(const AlignedText& old) : old_(old) {
  made_.most_ = old.most_;
  made_.text_.reserve(old.text_.size());
  made_.origins_.reserve(old.origins_.size());
}

void AlignedTextBuilder::keep(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  if (made_.text_.empty()) made_.from_beginning_ = old_.from_beginning_ && begin == 0;
  made_.text_.append(old_.text_, begin, end - begin);
  if (old_.origins_.empty()) return;
  const auto first = old_.origins_.begin();
  made_.origins_.insert(made_.origins_.end(), first + static_cast<std::ptrdiff_t>(begin),
                        first + static_cast<std::ptrdiff_t>(end));
}

void AlignedTextBuilder::add(std::string_view text, std::size_t at) {
  if (text.empty()) return;
  if (made_.text_.empty()) made_.from_beginning_ = old_.from_beginning_ && at == 0;
  made_.text_ += text;
  made_.check_growth(made_.text_.size());
  if (old_.origins_.empty()) return;
  made_.origins_.insert(made_.origins_.end(), text.size(),
                        old_.origins_[std::min(at, old_.origins_.size() - 1)]);
}

}  // namespace clearhead
