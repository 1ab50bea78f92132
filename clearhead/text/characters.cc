// A tokenizer of byte pairs without pairs.
#include "clearhead/text/characters.h"

#include <fmt/format.h>

#include <set>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/learned_tokenizer_internal.h"
#include "clearhead/text/utf8.h"

namespace clearhead {

Tokenizer learn_characters(std::string_view text, const std::vector<std::string>& specials,
                           bool lowercase) {
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos) {
    throw Error(fmt::format("tokenizer: byte {} of the text is no UTF-8; convert the text", at));
  }
  const std::string lowered = lowercase ? clearhead::lowercase(text) : std::string();
  std::set<char32_t> characters;
  for (std::string_view rest = lowercase ? lowered : text; !rest.empty();) {
    characters.insert(take_code_point(rest));
  }
  if (characters.empty()) throw Error("tokenizer: expected a text to learn from, got an empty one");
  std::vector<std::string> tokens;
  for (const char32_t character : characters) append_code_point(tokens.emplace_back(), character);
  return learned_tokenizer(TokenUnit::characters, specials, tokens, {}, lowercase);
}

}  // namespace clearhead
