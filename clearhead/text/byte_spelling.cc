// The table of the 256 characters and its inverse.
#include "clearhead/text/byte_spelling.h"

#include <array>
#include <map>

#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

const std::array<char32_t, 256>& characters() {
  static const std::array<char32_t, 256> kCharacters = [] {
    std::array<char32_t, 256> table{};
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool visible = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      table[byte] = visible ? byte : next++;
    }
    return table;
  }();
  return kCharacters;
}

const std::map<char32_t, char>& bytes_of_characters() {
  static const std::map<char32_t, char> kBytes = [] {
    std::map<char32_t, char> map;
    for (int byte = 0; byte < 256; ++byte) map[characters()[byte]] = static_cast<char>(byte);
    return map;
  }();
  return kBytes;
}

}  // namespace

std::string_view spelling_of_byte(unsigned char byte) {
  static const std::array<std::string, 256> kSpellings = [] {
    std::array<std::string, 256> spellings;
    for (std::size_t i = 0; i < 256; ++i) append_code_point(spellings[i], characters()[i]);
    return spellings;
  }();
  return kSpellings[byte];
}

std::string spell_bytes(std::string_view bytes) {
  std::string spelling;
  for (const char byte : bytes) spelling += spelling_of_byte(static_cast<unsigned char>(byte));
  return spelling;
}

std::optional<std::string> unspell_bytes(std::string_view spelling) {
  std::string bytes;
  while (!spelling.empty()) {
    const auto found = bytes_of_characters().find(take_code_point(spelling));
    if (found == bytes_of_characters().end()) return std::nullopt;
    bytes += found->second;
  }
  return bytes;
}

}  // namespace clearhead
