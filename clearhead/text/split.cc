// GPT-2's pattern.
#include "clearhead/text/split.h"

#include "clearhead/text/pattern_internal.h"

namespace clearhead {

const TextPattern& gpt2_pattern() {
  static const TextPattern kPattern = TextPattern::of_expression(kGpt2Pattern);
  return kPattern;
}

void for_each_word(std::string_view text, const std::function<void(std::string_view)>& word) {
  gpt2_pattern().visit(text, [&](std::size_t begin, std::size_t end, bool /*is_match*/) {
    word(text.substr(begin, end - begin));
  });
}

}  // namespace clearhead
