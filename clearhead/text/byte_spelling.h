// Bytes spelt as visible characters, as GPT-2 does: printable Latin-1 stands for itself, and each
// other byte is spelt as a character from U+0100 on, such as Ġ for a blank and Ċ for a newline.
#ifndef CLEARHEAD_TEXT_BYTE_SPELLING_H_
#define CLEARHEAD_TEXT_BYTE_SPELLING_H_

#include <optional>
#include <string>
#include <string_view>

namespace clearhead {

/// Source: bytes_to_unicode of GPT-2's encoder.py.
std::string spell_bytes(std::string_view bytes);
/// The character that one byte is spelt as.
std::string_view spelling_of_byte(unsigned char byte);

/// The bytes that `spelling` stands for; nullopt if one of its characters stands for no byte.
std::optional<std::string> unspell_bytes(std::string_view spelling);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_BYTE_SPELLING_H_
