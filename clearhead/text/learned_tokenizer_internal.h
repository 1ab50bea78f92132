// Tokenizers as they are learnt here.
#ifndef CLEARHEAD_TEXT_LEARNED_TOKENIZER_INTERNAL_H_
#define CLEARHEAD_TEXT_LEARNED_TOKENIZER_INTERNAL_H_

#include <string>
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// What tokens begin as.
enum class TokenUnit { characters, bytes };

/// A tokenizer whose ids are those of the special tokens, then of `tokens`, which are texts, or
/// bytes of any values; `merges` have ids of both. Throws Error if two are the same.
Tokenizer learned_tokenizer(TokenUnit unit, const std::vector<std::string>& specials,
                            const std::vector<std::string>& tokens, std::vector<Merge> merges,
                            bool lowercase);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_LEARNED_TOKENIZER_INTERNAL_H_
