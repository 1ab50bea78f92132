// A text that was changed, each byte of which knows what it came from.
#ifndef CLEARHEAD_TEXT_ALIGNED_TEXT_INTERNAL_H_
#define CLEARHEAD_TEXT_ALIGNED_TEXT_INTERNAL_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/text/characters_internal.h"
#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// A part of an original text, and what became of it. To know the origins costs 8 bytes for each
/// byte of text; where nobody asks for them they are not kept.
class AlignedText {
 public:
  /// The part of `original`, unchanged.
  AlignedText(std::string_view original, TextRange part, bool keep_origins);

  /// As it is now.
  const std::string& text() const { return text_; }
  std::string_view text(TextRange range) const {
    return std::string_view(text_).substr(range.begin, range.end - range.begin);
  }
  /// Where a range that is not empty came from, in bytes of the original: whole characters, since
  /// each byte of one came from all of it. Only if origins are kept.
  TextRange origin(TextRange range) const {
    return {origins_[range.begin].begin, origins_[range.end - 1].end};
  }
  /// Whether the byte `at` came from the very beginning of the original.
  bool begins_original(std::size_t at) const;

  /// Throws Error if `size` bytes are more than may become of it: rules that double a text again
  /// and again would take any memory.
  void check_growth(std::size_t size) const;
  /// A part of it as a text by itself.
  AlignedText part(TextRange range) const;
  /// Makes of its characters, one after the other, those of `changes`.
  void change(std::span<const CharacterChange> changes);

 private:
  friend class AlignedTextBuilder;
  struct Origin {
    std::uint32_t begin, end;
  };

  AlignedText() = default;

  std::string text_;
  std::vector<Origin> origins_;  // of each byte; empty: not kept
  bool from_beginning_ = false;  // whether the first byte came from that of the original
  std::size_t most_ = 0;         // how long it may become
};

/// Makes a text out of another.
class AlignedTextBuilder {
 public:
  explicit AlignedTextBuilder(const AlignedText& old);

  /// Appends a part of the old text.
  void keep(std::size_t begin, std::size_t end);
  /// Appends `text` in place of, or beside, the byte `at` of the old text. Throws Error as
  /// `check_growth` does.
  void add(std::string_view text, std::size_t at);
  /// How long the new text is so far.
  std::size_t size() const { return made_.text_.size(); }
  /// The new text.
  AlignedText finish() { return std::move(made_); }

 private:
  const AlignedText& old_;
  AlignedText made_;
};

/// A text cut into pieces, which come in its order; what stands between them is left out.
struct Pieces {
  AlignedText text;
  std::vector<TextRange> ranges;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_ALIGNED_TEXT_INTERNAL_H_
