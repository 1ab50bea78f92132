// GPT-2's pattern, run by PCRE2.
#include "clearhead/text/split.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <new>
#include <string>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

constexpr std::string_view kPattern =
    R"('(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// The compiled pattern, which threads share.
const pcre2_code* compiled_pattern() {
  static pcre2_code* const kCode = [] {
    int error = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern.data()), kPattern.size(),
                                     PCRE2_UTF | PCRE2_UCP, &error, &offset, nullptr);
    assert(code != nullptr);
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where it cannot, matching is only slower
    return code;
  }();
  return kCode;
}

// How many bytes at the beginning of `text` are no UTF-8.
std::size_t invalid_prefix(std::string_view text) {
  std::size_t count = 0;
  for (std::string_view rest = text; !rest.empty(); ++count) {
    if (take_code_point(rest) != kNoCodePoint) break;
  }
  return count;
}

// The words of `text`, which is valid UTF-8; the pattern matches everywhere.
void split_valid(std::string_view text, pcre2_match_data* match,
                 const std::function<void(std::string_view)>& word) {
  for (std::size_t begin = 0; begin < text.size();) {
    const int result = pcre2_match(compiled_pattern(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                   text.size(), begin, PCRE2_NO_UTF_CHECK, match, nullptr);
    if (result < 0) {
      throw Error("text: it cannot be cut into words (PCRE2 error " + std::to_string(result) + ")");
    }
    const std::size_t end = pcre2_get_ovector_pointer(match)[1];
    word(text.substr(begin, end - begin));
    begin = end;
  }
}

}  // namespace

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& word) {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create_from_pattern(compiled_pattern(), nullptr), pcre2_match_data_free);
  if (match == nullptr) throw std::bad_alloc();
  while (!text.empty()) {
    const std::size_t valid = std::min(find_invalid_utf8(text), text.size());
    split_valid(text.substr(0, valid), match.get(), word);
    text.remove_prefix(valid);
    const std::size_t invalid = invalid_prefix(text);
    if (invalid > 0) word(text.substr(0, invalid));
    text.remove_prefix(invalid);
  }
}

}  // namespace clearhead
