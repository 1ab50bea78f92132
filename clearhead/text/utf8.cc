// UTF-8 by utf8proc.
#include "clearhead/text/utf8.h"

#include <utf8proc.h>

#include <algorithm>

namespace clearhead {

char32_t take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  constexpr std::size_t kLongest = 4;  // bytes of a code point
  utf8proc_int32_t code_point = -1;
  const utf8proc_ssize_t length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                       static_cast<utf8proc_ssize_t>(std::min(text.size(), kLongest)), &code_point);
  text.remove_prefix(length > 0 ? static_cast<std::size_t>(length) : 1);
  return length > 0 ? static_cast<char32_t>(code_point) : kNoCodePoint;
}

void append_code_point(std::string& to, char32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

std::int64_t count_code_points(std::string_view text) {
  return std::count_if(text.begin(), text.end(), begins_code_point);
}

std::size_t complete_utf8(std::string_view text) {
  constexpr std::size_t kLongest = 4;  // bytes of a code point
  for (std::size_t back = 1; back < kLongest && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xc0) == 0x80) continue;  // not its first byte
    const std::size_t length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : kLongest;
    return length > back ? text.size() - back : text.size();
  }
  return text.size();
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char32_t code_point = take_code_point(text);
    append_code_point(result, code_point == kNoCodePoint ? U'\uFFFD' : code_point);
  }
  return result;
}

std::string lowercase(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const char byte = text.front();
    const char32_t code_point = take_code_point(text);
    if (code_point < 0x80) {
      result +=
          code_point >= 'A' && code_point <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
    } else if (code_point == kNoCodePoint) {
      result += byte;
    } else if (code_point == U'\u0130') {
      result += "i\u0307";  // the one code point whose lower case is two
    } else {
      append_code_point(result, static_cast<char32_t>(
                                    utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point))));
    }
  }
  return result;
}

}  // namespace clearhead
