// How the models whose vocabulary is of GPT-2's kind cut a text into words.
#ifndef CLEARHEAD_TEXT_GGUF_PATTERNS_INTERNAL_H_
#define CLEARHEAD_TEXT_GGUF_PATTERNS_INTERNAL_H_

#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// What GGUF's `tokenizer.ggml.pre` stands for.
struct GgufPatterns {
  std::vector<std::string> names;     ///< for any of these
  std::vector<std::string> patterns;  ///< a text is cut at the matches of each, one after the other
  bool composes = false;              ///< text is put in the form NFC first
  bool ignore_merges = false;         ///< a word that is a token is that token
  bool begins = false;                ///< texts get a first token, unless the file says otherwise
};

/// All that are known.
const std::vector<GgufPatterns>& gguf_patterns();
/// The one for a name; null if it is not known.
const GgufPatterns* find_gguf_patterns(std::string_view name);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_GGUF_PATTERNS_INTERNAL_H_
