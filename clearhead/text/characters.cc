// A map from code points to ids.
#include "clearhead/text/characters.h"

#include <fmt/format.h>

#include <numeric>
#include <set>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead {

CharacterTokenizer CharacterTokenizer::learn(std::string_view text,
                                             const std::vector<std::string>& specials,
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
  Vocabulary vocabulary{specials, std::vector<std::int64_t>(specials.size())};
  std::iota(vocabulary.specials.begin(), vocabulary.specials.end(), 0);
  for (const char32_t character : characters) {
    append_code_point(vocabulary.tokens.emplace_back(), character);
  }
  return {std::move(vocabulary), lowercase};
}

CharacterTokenizer::CharacterTokenizer(Vocabulary vocabulary, bool lowercase)
    : Tokenizer(std::move(vocabulary), lowercase) {
  for (std::int64_t id = 0; id < size(); ++id) {
    if (is_special(id)) continue;
    std::string_view rest = this->vocabulary().tokens[static_cast<std::size_t>(id)];
    const char32_t character = take_code_point(rest);
    if (character == kNoCodePoint || !rest.empty()) {
      throw Error(fmt::format("tokenizer: expected token {} to be one character, got \"{}\"", id,
                              token(id)));
    }
    if (!ids_.emplace(character, id).second) {
      throw Error(fmt::format("tokenizer: tokens {} and {} are both \"{}\"", ids_[character], id,
                              token(id)));
    }
  }
}

bool CharacterTokenizer::knows(char32_t code_point) const {
  return ids_.contains(code_point) || find_special(kUnknownToken).has_value();
}

void CharacterTokenizer::append_ids(std::string_view text, std::vector<std::int64_t>& ids) const {
  const std::optional<std::int64_t> unknown = find_special(kUnknownToken);
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const char32_t character = take_code_point(text);
    const auto found = ids_.find(character);
    if (found != ids_.end()) {
      ids.push_back(found->second);
    } else if (unknown) {
      ids.push_back(*unknown);
    } else if (character == kNoCodePoint) {
      throw Error(fmt::format("tokenizer: expected UTF-8, got the byte 0x{:02X}", byte));
    } else {
      std::string shown;
      append_code_point(shown, character);
      throw Error(fmt::format(
          "tokenizer: the character \"{}\" (U+{:04X}) is not among the {} that it has learnt",
          shown, static_cast<std::uint32_t>(character), ids_.size()));
    }
  }
}

}  // namespace clearhead
