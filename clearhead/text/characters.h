// The simplest tokenizer: a token is a character, that is a Unicode code point.
#ifndef CLEARHEAD_TEXT_CHARACTERS_H_
#define CLEARHEAD_TEXT_CHARACTERS_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Tokens are characters.
class CharacterTokenizer : public Tokenizer {
 public:
  /// The special tokens, then the code points of `text` (in lower case if `lowercase`), each once,
  /// sorted. Without special tokens the ids are those of nanoGPT's shakespeare_char. Throws Error
  /// if `text` is not UTF-8 or has no character.
  static CharacterTokenizer learn(std::string_view text,
                                  const std::vector<std::string>& specials = {},
                                  bool lowercase = false);

  /// Throws Error unless each token that is not special is one code point, and none occurs twice.
  CharacterTokenizer(Vocabulary vocabulary, bool lowercase);

 private:
  /// A character that the vocabulary does not have becomes <unk>, if that is a special token; else
  /// Error names it.
  void append_ids(std::string_view text, std::vector<std::int64_t>& ids) const override;
  bool knows(char32_t code_point) const override;

  std::unordered_map<char32_t, std::int64_t> ids_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_CHARACTERS_H_
