// Control characters are C0 (below a blank), DEL and C1 (U+0080 to U+009F: two bytes of UTF-8).
#include "clearhead/base/error.h"

namespace clearhead {

Error::Error(std::string_view message) : std::runtime_error(without_controls(message)) {}

std::string without_controls(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : '\0';
    const bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (!is_c1 && (byte == '\n' || (byte >= ' ' && byte != 0x7f))) {
      result += text[i];
    } else if (byte == '\r' || byte == '\t') {
      result += byte == '\r' ? "\\r" : "\\t";
    } else {
      if (is_c1) byte = static_cast<unsigned char>(text[++i]);
      result += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
  }
  return result;
}

}  // namespace clearhead
