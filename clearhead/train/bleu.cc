// Splits lines into words as mteval-v13a does, and counts the word sequences that two lines share.
#include "clearhead/train/bleu.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <map>

#include "clearhead/base/error.h"
#include "clearhead/text/utf8.h"

namespace clearhead {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kLongest = 4;  // words in a row

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// What each match of a pattern, which is over bytes, becomes. The pattern is compiled once.
struct Rule {
  Rule(std::string_view pattern, std::string_view replacement) : replacement(replacement) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0, &error,
                         &offset, nullptr);
    assert(code != nullptr);
  }

  void apply(std::string& text) const {
    // Each byte is at most one match's, which adds three blanks.
    std::string changed(4 * text.size() + 1, '\0');
    PCRE2_SIZE size = changed.size();
    const int matches = pcre2_substitute(
        code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, PCRE2_SUBSTITUTE_GLOBAL,
        nullptr, nullptr, reinterpret_cast<PCRE2_SPTR>(replacement.data()), replacement.size(),
        reinterpret_cast<PCRE2_UCHAR*>(changed.data()), &size);
    if (matches < 0) {
      throw Error("BLEU: a line cannot be cut into words (PCRE2 error " + std::to_string(matches) +
                  ")");
    }
    changed.resize(size);
    text = std::move(changed);
  }

  pcre2_code* code;
  std::string_view replacement;
};

// What Python's str.split takes for white space.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

Words split_at_spaces(std::string_view text) {
  Words words(1);
  while (!text.empty()) {
    const std::string_view before = text;
    if (is_space(take_code_point(text))) {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += before.substr(0, before.size() - text.size());
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// How often each sequence of n words occurs, words with blanks between them.
std::map<std::string, std::int64_t> sequences(const Words& words, std::size_t n) {
  std::map<std::string, std::int64_t> counts;
  for (std::size_t begin = 0; begin + n <= words.size(); ++begin) {
    std::string sequence;
    for (std::size_t i = begin; i < begin + n; ++i) sequence += words[i] + " ";
    ++counts[sequence];
  }
  return counts;
}

struct Counts {
  std::array<std::int64_t, kLongest> right =
      {};  // sequences of n + 1 words that the reference has too
  std::array<std::int64_t, kLongest> all = {};
};

void count(const Words& translation, const Words& reference, Counts& counts) {
  for (std::size_t n = 0; n < kLongest; ++n) {
    const auto expected = sequences(reference, n + 1);
    for (const auto& [sequence, times] : sequences(translation, n + 1)) {
      const auto known = expected.find(sequence);
      counts.all[n] += times;
      if (known != expected.end()) counts.right[n] += std::min(times, known->second);
    }
  }
}

}  // namespace

Bleu bleu(std::span<const std::string> translations, std::span<const std::string> references) {
  if (translations.size() != references.size()) {
    throw Error("BLEU: expected as many translations as references, got " +
                std::to_string(translations.size()) + " and " + std::to_string(references.size()));
  }
  Bleu result;
  Counts counts;
  for (std::size_t i = 0; i < translations.size(); ++i) {
    const Words translation = words_13a(lowercase(translations[i]));
    const Words reference = words_13a(lowercase(references[i]));
    count(translation, reference, counts);
    result.translations += std::ssize(translation);
    result.references += std::ssize(reference);
  }
  const auto T = static_cast<double>(result.translations);
  const auto R = static_cast<double>(result.references);
  result.brevity_penalty = T >= R ? 1 : T == 0 ? 0 : std::exp(1 - R / T);
  if (counts.right[0] == 0) return result;

  double log_sum = 0;
  double missing = 1;
  for (std::size_t n = 0; n < kLongest; ++n) {
    const auto all = static_cast<double>(counts.all[n]);
    if (all == 0) return result;  // every translation is shorter than this
    if (counts.right[n] == 0) missing *= 2;
    const double right = counts.right[n] == 0 ? 1 / missing : static_cast<double>(counts.right[n]);
    result.precisions[n] = 100 * right / all;
    log_sum += std::log(result.precisions[n]);
  }
  result.score = result.brevity_penalty * std::exp(log_sum / kLongest);
  return result;
}

std::vector<std::string> words_13a(std::string_view text) {
  static const std::array<Rule, 4> kRules = {{
      {R"(([{-~[-` -&(-+:-@/]))", " $1 "},  // marks stand alone
      {"([^0-9])([.,])", "$1 $2 "},         // so do . and , unless digits are before
      {"([.,])([^0-9])", " $1 $2"},         // and after them
      {"([0-9])(-)", "$1 $2 "},             // and a dash after a digit
  }};
  std::string line(text);
  replace_all(line, "<skipped>", "");
  replace_all(line, "&quot;", "\"");
  replace_all(line, "&amp;", "&");
  replace_all(line, "&lt;", "<");
  replace_all(line, "&gt;", ">");
  line = " " + line + " ";
  for (const Rule& rule : kRules) rule.apply(line);
  return split_at_spaces(line);
}

}  // namespace clearhead
