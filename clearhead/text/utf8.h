// UTF-8, read code point by code point; bytes that are not valid UTF-8 are read too.
#ifndef CLEARHEAD_TEXT_UTF8_H_
#define CLEARHEAD_TEXT_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace clearhead {

/// What `take_code_point` gives for a byte that is not valid UTF-8.
inline constexpr char32_t kNoCodePoint = 0xffffffff;

/// Takes the first code point off `text`, which is not empty. Where no valid UTF-8 begins it takes
/// one byte and gives `kNoCodePoint`.
char32_t take_code_point(std::string_view& text);

/// Appends a code point (not a surrogate, at most U+10FFFF) as UTF-8.
void append_code_point(std::string& to, char32_t code_point);

/// Whether a byte of valid UTF-8 is the first of its code point.
inline bool begins_code_point(char byte) { return (byte & 0xC0) != 0x80; }

/// How many code points valid UTF-8 has.
std::int64_t count_code_points(std::string_view text);

/// The length of `text` without an unfinished code point at its end, for a text that goes on. That
/// leaves out at most three bytes.
std::size_t complete_utf8(std::string_view text);

/// `text` with each byte that is no UTF-8 replaced by U+FFFD, for display.
std::string replace_invalid_utf8(std::string_view text);

/// Each code point in lower case, without regard to its neighbours: İ becomes i and a dot above,
/// and Σ at the end of a word becomes σ. Bytes that are not UTF-8 stay.
std::string lowercase(std::string_view text);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_UTF8_H_
