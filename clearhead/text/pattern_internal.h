// Patterns as tokenizer.json has them: a string, or a regular expression in the syntax of
// Oniguruma, which PCRE2 runs.
#ifndef CLEARHEAD_TEXT_PATTERN_INTERNAL_H_
#define CLEARHEAD_TEXT_PATTERN_INTERNAL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace clearhead {

struct CompiledPattern;
class JsonPlace;

/// What text is searched for. Threads may share one.
class TextPattern {
 public:
  /// Finds `text` itself.
  static TextPattern of_string(std::string text);
  /// Compiles a regular expression. These mean the same to Oniguruma and PCRE2, or are translated:
  /// \p{…}, \s, \d, \w and \h, their opposites \W and \H outside sets, \u0041, groups, lookaround,
  /// (?i:…), greedy, lazy and possessive repetition; ^ and $ match at every line. Throws Error for
  /// sets within sets, and where PCRE2 sees a fault.
  static TextPattern of_expression(std::string_view expression);

  /// Calls `visit` for all parts of `text`, in order: begin, end, and whether the part is a match
  /// or what stands between. A match may be empty. A byte that is no UTF-8 is in no match. Throws
  /// Error if PCRE2 gives up.
  using Visitor = std::function<void(std::size_t begin, std::size_t end, bool is_match)>;
  void visit(std::string_view text, const Visitor& visit) const;

 private:
  TextPattern() = default;

  std::string string_;
  std::shared_ptr<const CompiledPattern> compiled_;  // none: the string
};

/// GPT-2's, by which `for_each_word` cuts (split.h).
inline constexpr const char* kGpt2Pattern =
    R"('(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
const TextPattern& gpt2_pattern();

/// The pattern at a place, {"String": …} or {"Regex": …}.
TextPattern pattern_at(const JsonPlace& place);

}  // namespace clearhead

#endif  // CLEARHEAD_TEXT_PATTERN_INTERNAL_H_
