// The simplest tokenizer: a token is a character, that is a Unicode code point.
#ifndef CLEARHEAD_TEXT_CHARACTERS_H_
#define CLEARHEAD_TEXT_CHARACTERS_H_

#include <string>
#include <string_view>
#include <vector>

#include "clearhead/text/tokenizer.h"

namespace clearhead {

/// Tokens are the special ones, then the code points of `text` (in lower case if `lowercase`), each
/// once, sorted. Without special tokens the ids are those of nanoGPT's shakespeare_char. Other
/// characters become <unk>, if that is a special token. Throws Error if `text` is not UTF-8 or has
/// no character, if a special token is named twice, or if its name is that of a character.
Tokenizer learn_characters(std::string_view text, const std::vector<std::string>& specials = {},
                           bool lowercase = false);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_CHARACTERS_H_
