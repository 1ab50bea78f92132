// How text is encoded: UTF-8, with or without a byte order mark before it. Every reader of text
// begins here.
#ifndef CLEARHEAD_BASE_ENCODING_H_
#define CLEARHEAD_BASE_ENCODING_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace clearhead {

/// The text in `bytes`, a whole file or the beginning of one, without the byte order mark (U+FEFF)
/// that some editors write before UTF-8. Throws Error, which begins with `where`, if the bytes are
/// UTF-16 or UTF-32 (their mark tells, or zeros between the first letters), or if they are not
/// UTF-8; then it names the line.
std::string_view utf8_text(std::string_view bytes, const std::string& where);

/// The place of the first byte that is not valid UTF-8 (RFC 3629); npos if there is none.
std::size_t find_invalid_utf8(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ENCODING_H_
