// How text is encoded: UTF-8, with or without a byte order mark before it. Every reader of text
// begins here.
#ifndef CLEARHEAD_BASE_ENCODING_H_
#define CLEARHEAD_BASE_ENCODING_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace clearhead {

/// The text that `bytes`, which are a whole file or the beginning of one, hold: without the byte
/// order mark (U+FEFF) that some editors write before UTF-8. Throws Error, which begins with
/// `where`, if they are UTF-16 or UTF-32, by their mark or by the zeros between the first letters,
/// or no UTF-8 (naming the line).
std::string_view utf8_text(std::string_view bytes, const std::string& where);

/// Where the first byte that is no UTF-8 (RFC 3629) stands; npos if `text` is valid.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ENCODING_H_
