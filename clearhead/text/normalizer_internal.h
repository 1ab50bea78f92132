// Normalizers: how a text is changed before it is cut into tokens.
#ifndef CLEARHEAD_TEXT_NORMALIZER_INTERNAL_H_
#define CLEARHEAD_TEXT_NORMALIZER_INTERNAL_H_

#include <memory>
#include <string_view>

#include "clearhead/text/aligned_text_internal.h"
#include "clearhead/text/json_place_internal.h"

namespace clearhead {

/// Changes a text. Bytes that are no UTF-8 stay.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(AlignedText& text) const = 0;
};

/// The normalizer that `place` describes; none if it is null.
std::unique_ptr<const Normalizer> make_normalizer(const JsonPlace& place);
/// SentencePiece's Precompiled.
std::unique_ptr<const Normalizer> make_precompiled(const JsonPlace& place);

/// Each byte spelt as a visible character (byte_spelling.h); all of a character comes from all of
/// it.
void append_spelling(const AlignedText& text, TextRange part, AlignedTextBuilder& to);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_NORMALIZER_INTERNAL_H_
