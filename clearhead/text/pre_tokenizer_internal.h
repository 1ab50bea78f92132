// Pre-tokenizers: where a text is cut before a model looks for tokens in the pieces.
#ifndef CLEARHEAD_TEXT_PRE_TOKENIZER_INTERNAL_H_
#define CLEARHEAD_TEXT_PRE_TOKENIZER_INTERNAL_H_

#include <functional>
#include <memory>
#include <string_view>

#include "clearhead/text/aligned_text_internal.h"
#include "clearhead/text/json_place_internal.h"

namespace clearhead {

/// Cuts pieces into smaller ones, and may change their text.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(Pieces& pieces) const = 0;
  /// Whether pieces are bytes in their spelling.
  virtual bool spells_bytes() const { return false; }
};

/// The pre-tokenizer that `place` describes; none if it is null.
std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonPlace& place);

/// What becomes of matches where pieces are cut at them.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };
/// The behaviour that is named at a place.
SplitBehavior split_behavior_at(const JsonPlace& place);

/// Visits the parts of a text: its begin, its end, and whether it is a match.
using PartVisitor = std::function<void(std::size_t begin, std::size_t end, bool is_match)>;
/// Finds the parts of a text.
using PartFinder = std::function<void(std::string_view text, const PartVisitor& visit)>;

/// Cuts each piece at the matches in it.
void split_pieces(Pieces& pieces, const PartFinder& find, SplitBehavior behavior);
/// The same, where each character of a kind is a match.
void split_pieces(Pieces& pieces, bool (*is_match)(char32_t), SplitBehavior behavior);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_PRE_TOKENIZER_INTERNAL_H_
