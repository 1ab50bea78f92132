// The characters of a text that may have bytes which are no UTF-8, and what Unicode says of them.
#ifndef CLEARHEAD_TEXT_CHARACTERS_INTERNAL_H_
#define CLEARHEAD_TEXT_CHARACTERS_INTERNAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "clearhead/text/utf8.h"

namespace clearhead {

/// A byte b that is no UTF-8 is the character kLooseByte + b, which belongs to no class.
inline constexpr char32_t kLooseByte = 0x110000;

/// Takes the first character off `text`, which is not empty.
inline char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const char32_t code_point = take_code_point(text);
  return code_point == kNoCodePoint ? kLooseByte + first : code_point;
}

/// Appends one as it was taken.
inline void append_character(std::string& to, char32_t character) {
  if (character < 0x80) {
    to += static_cast<char>(character);
  } else if (character >= kLooseByte) {
    to += static_cast<char>(character - kLooseByte);
  } else {
    append_code_point(to, character);
  }
}

/// Unicode's property White_Space.
bool is_white_space(char32_t character);
/// The categories Nd, Nl and No.
bool is_numeric(char32_t character);
/// The categories P*, and the symbols of ASCII, such as $. This and the next three leave out what
/// Hugging Face's library does not know yet.
bool is_punctuation(char32_t character);
/// The category Mn.
bool is_nonspacing_mark(char32_t character);
/// The categories Mn, Mc and Me.
bool is_mark(char32_t character);
/// The categories Cc, Cf and Co.
bool is_control(char32_t character);
/// What \w is to regular expressions (UTS #18): letters, also those in circles and squares, marks,
/// decimal digits, connectors, and what joins them.
bool is_word_character(char32_t character);

/// A character of a text that was made of another, and how it came about: 0 replaces one character
/// of the other; n > 0 comes in addition to the one before; n < 0 replaces one and removes the −n
/// after it.
struct CharacterChange {
  char32_t character;
  int change;
};

/// The normal forms of Unicode (UAX #15).
enum class NormalForm { nfc, nfd, nfkc, nfkd };

/// A text in a normal form. Loose bytes stay.
std::vector<CharacterChange> normal_form(std::string_view text, NormalForm form);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_CHARACTERS_INTERNAL_H_
