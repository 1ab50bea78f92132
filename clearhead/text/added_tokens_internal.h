// Added tokens: names that are looked for in text before anything else.
#ifndef CLEARHEAD_TEXT_ADDED_TOKENS_INTERNAL_H_
#define CLEARHEAD_TEXT_ADDED_TOKENS_INTERNAL_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "clearhead/text/json_place_internal.h"
#include "clearhead/text/normalizer_internal.h"
#include "clearhead/text/token_model_internal.h"

namespace clearhead {

/// A token that is written by its name.
struct AddedToken {
  std::int64_t id = 0;
  std::string name = {};
  bool special = true;       ///< stands for no text
  bool single_word = false;  ///< only if no character of a word is beside it
  bool left_strip = false;   ///< white space before it belongs to it
  bool right_strip = false;  ///< white space behind it belongs to it
  bool normalized = false;   ///< looked for in normalised text, its name too
};

/// A part of a text: an added token, or what stands between them.
struct TextPart {
  TextRange range;
  std::int64_t added = -1;  ///< its id; −1: ordinary text
};

/// All added tokens.
class AddedTokens {
 public:
  AddedTokens() = default;
  /// Names that are normalised are, by `normalizer` if there is one.
  AddedTokens(std::vector<AddedToken> tokens, const Normalizer* normalizer);

  /// `text` cut at the names that are not normalised, or at those that are: at the name that begins
  /// first; of several, at the longest.
  std::vector<TextPart> split(std::string_view text, bool normalized) const;

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  /// One of them by its id, or none.
  const AddedToken* find(std::int64_t id) const;
  /// One of them by its name, or none.
  const AddedToken* find(std::string_view name) const;

 private:
  std::vector<AddedToken> tokens_;
  std::unordered_map<std::int64_t, std::size_t> by_id_;  // places in tokens_
  std::map<std::string, std::size_t, std::less<>> by_name_;
  TokenTrie names_[2];  // those normalised last
};

/// One of them, without its id; `special` is what it is if that is not said.
AddedToken read_added_token(const JsonPlace& place, bool special);

/// Those of tokenizer.json. Names that the model has keep their ids; others must have ids of their
/// own.
std::vector<AddedToken> read_added_tokens(const JsonPlace& place, const TokenModel& model);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_ADDED_TOKENS_INTERNAL_H_
