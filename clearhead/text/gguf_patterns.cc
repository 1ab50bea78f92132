// Patterns of the tokenizer.json of those models; names as llama.cpp writes them.
#include <fmt/format.h>

#include <algorithm>

#include "clearhead/text/gguf_patterns_internal.h"
#include "clearhead/text/pattern_internal.h"

namespace clearhead {
namespace {

constexpr const char* kEndings = R"((?i:'s|'t|'re|'ve|'m|'ll|'d))";  // of English words
constexpr const char* kDigit = R"(\p{N})";
constexpr const char* kUpToThreeDigits = R"(\p{N}{1,3})";
constexpr const char* kBlanks = R"(|\s*[\r\n]+|\s+(?!\S)|\s+)";

// GPT-4's: a word takes the character before it, and a number has so many digits.
std::string gpt4(const char* number) {
  return fmt::format(R"({}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*{})",
                     kEndings, number, kBlanks);
}

// GPT-4o's: a capital within a word begins another. The endings belong to the word.
std::string gpt4o(const std::string& endings, const char* number) {
  const char* capital = R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])";
  const char* small = R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])";
  const char* before = R"([^\r\n\p{L}\p{N}]?)";
  return fmt::format(R"({0}{1}*{2}+{3}|{0}{1}+{2}*{3}|{4}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*{5})",
                     before, capital, small, endings, number, kBlanks);
}

// Of Qwen 3.5: marks belong to their letter.
std::string gpt4_with_marks() {
  return fmt::format(R"({}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|{}|)"
                     R"( ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*{})",
                     kEndings, kDigit, kBlanks);
}

// Of DeepSeek V3, behind the numbers and the words of Chinese and Japanese.
std::string deepseek_words() {
  return std::string(R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+)"
                     R"(|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*)") +
         kBlanks;
}

}  // namespace

const std::vector<GgufPatterns>& gguf_patterns() {
  static const std::vector<GgufPatterns> kPatterns = {
      {.names = {"gpt-2", "phi-2", "mpt", "olmo", "jais", "roberta-bpe", "modern-bert",
                 "jina-v1-en", "jina-v2-code", "jina-v2-de", "jina-v2-es", "exaone4", "trillion"},
       .patterns = {kGpt2Pattern}},
      {.names = {"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b"},
       .patterns = {kDigit, kGpt2Pattern}},
      {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2"},
       .patterns = {gpt4(kUpToThreeDigits)},
       .ignore_merges = true,
       .begins = true},
      {.names = {"dbrx", "smaug-bpe", "chatglm-bpe"}, .patterns = {gpt4(kUpToThreeDigits)}},
      {.names = {"glm4"}, .patterns = {gpt4(kUpToThreeDigits)}, .ignore_merges = true},
      {.names = {"qwen2"}, .patterns = {gpt4(kDigit)}, .composes = true},
      {.names = {"deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "grok-2"},
       .patterns = {gpt4(kDigit)}},
      {.names = {"qwen35"}, .patterns = {gpt4_with_marks()}},
      {.names = {"falcon"},
       .patterns = {R"([\p{P}\$\+<=>\^~\|`]+)", kGpt2Pattern, "[0-9][0-9][0-9]"}},
      {.names = {"deepseek-coder"},
       .patterns = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", "[一-龥ࠀ-一가-퟿]+",
                    kDigit}},
      {.names = {"deepseek-v3"},
       .patterns = {kUpToThreeDigits, "[一-龥぀-ゟ゠-ヿ]+", deepseek_words()}},
      {.names = {"gpt-4o", "llama4", "kanana2"},
       .patterns = {gpt4o(std::string(kEndings) + "?", kUpToThreeDigits)}},
      {.names = {"tekken"}, .patterns = {gpt4o("", kDigit)}, .ignore_merges = true, .begins = true},
  };
  return kPatterns;
}

const GgufPatterns* find_gguf_patterns(std::string_view name) {
  for (const GgufPatterns& row : gguf_patterns()) {
    if (std::find(row.names.begin(), row.names.end(), name) != row.names.end()) return &row;
  }
  return nullptr;
}

}  // namespace clearhead
