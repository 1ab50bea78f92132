// Encodings are told apart by their byte order marks (Unicode 15, section 23.8), those without mark
// by the zeros in their first letters (RFC 4627, section 3).
#include "clearhead/base/encoding.h"

#include <algorithm>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMark = "\xef\xbb\xbf";

// Where the zeros lie in two letters of ASCII, or in one.
constexpr std::pair<std::string_view, const char*> kUnmarked[] = {
    {"x0x0", "UTF-16LE"}, {"0x0x", "UTF-16BE"}, {"x000", "UTF-32LE"}, {"000x", "UTF-32BE"}};

// What the first bytes say, in iconv's words (with a mark it finds the order itself); empty if they
// do not speak against UTF-8. The mark of UTF-32LE begins with that of UTF-16LE.
struct Encoding {
  std::string name, for_iconv;
};
Encoding other_encoding(std::string_view bytes) {
  if (bytes.starts_with("\xff\xfe\0\0"sv)) return {"UTF-32LE", "UTF-32"};
  if (bytes.starts_with("\0\0\xfe\xff"sv)) return {"UTF-32BE", "UTF-32"};
  if (bytes.starts_with("\xff\xfe"sv)) return {"UTF-16LE", "UTF-16"};
  if (bytes.starts_with("\xfe\xff"sv)) return {"UTF-16BE", "UTF-16"};
  if (bytes.size() < 4) return {};
  std::string zeros;
  for (const char c : bytes.substr(0, 4)) zeros += c == '\0' ? '0' : 'x';
  for (const auto& [pattern, name] : kUnmarked) {
    if (zeros == pattern) return {name, name};
  }
  return {};
}

}  // namespace

std::string_view utf8_text(std::string_view bytes, const std::string& where) {
  if (const Encoding other = other_encoding(bytes); !other.name.empty()) {
    throw Error(where + ": expected UTF-8, got " + other.name + "; convert it: iconv -f " +
                other.for_iconv + " -t UTF-8");
  }
  if (bytes.starts_with(kMark)) bytes.remove_prefix(kMark.size());
  if (const std::size_t at = find_invalid_utf8(bytes); at != bytes.npos) {
    const auto line =
        1 + std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    throw Error(where + ": line " + std::to_string(line) +
                ": expected UTF-8; convert it, with iconv for example");
  }
  return bytes;
}

std::size_t find_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto byte = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
    };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if (byte(k) < 0x80 || byte(k) > 0xbf) return i;
    }
    // Longer than need be, halves of UTF-16 pairs, beyond U+10FFFF.
    if (first == 0xe0 && byte(1) < 0xa0) return i;
    if (first == 0xed && byte(1) > 0x9f) return i;
    if (first == 0xf0 && byte(1) < 0x90) return i;
    if (first == 0xf4 && byte(1) > 0x8f) return i;
    i += length;
  }
  return text.npos;
}

}  // namespace clearhead
