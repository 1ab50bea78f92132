// Byte pairs: learnt as worked out by hand, nothing lost, ties decided, encoding as by definition.
#include "clearhead/text/byte_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/text/split.h"
#include "clearhead/text/text_file.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;

Tokenizer learn(const std::string& text, const BytePairOptions& options) {
  const std::vector<std::string_view> texts{text};
  return learn_byte_pairs(texts, options);
}

std::string bytes_of(const Tokenizer& tokenizer, std::int64_t id) {
  return tokenizer.decode(std::span(&id, 1));
}

// The tokens that were learnt, beyond special ones and bytes.
std::vector<std::string> learnt(const Tokenizer& tokenizer) {
  std::vector<std::string> tokens;
  for (std::int64_t id = 256; id < tokenizer.size(); ++id)
    tokens.push_back(bytes_of(tokenizer, id));
  std::int64_t specials = 0;
  while (tokenizer.is_special(specials)) ++specials;
  tokens.erase(tokens.begin(), tokens.begin() + specials);
  return tokens;
}

std::vector<std::string> pieces(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> result;
  for (const std::int64_t id : tokenizer.encode(text)) result.push_back(tokenizer.token(id));
  return result;
}

// Words of the paper's figure 1 with their counts, a line each (a blank would belong to the word).
std::string example() {
  std::string text;
  const auto add = [&](const std::string& word, int count) {
    for (int i = 0; i < count; ++i) text += word + "\n";
  };
  add("low", 5);
  add("lower", 2);
  add("newest", 6);
  add("widest", 3);
  return text;
}

// e s and s t are there 9 times; the lower left byte is first: e. Then es t 9; then l o and o w 7
// (w e was 8, but the e of newest is merged): l is lower; then lo w 7; then e w, n e and w est, 6:
// e.
TEST(BytePairs, AreLearntAsByHand) {
  const Tokenizer tokenizer = learn(example(), {.size = 256 + 5});
  EXPECT_THAT(learnt(tokenizer), ElementsAre("es", "est", "lo", "low", "ew"));
  EXPECT_THAT(pieces(tokenizer, "lowest newer"),
              ElementsAre("low", "est", " ", "n", "ew", "e", "r"));
}

TEST(BytePairs, SpecialTokensComeFirst) {
  const Tokenizer tokenizer =
      learn(example(), {.size = 2 + 256 + 2, .specials = {"<pad>", "<mask>"}});
  EXPECT_EQ(tokenizer.size(), 260);
  EXPECT_EQ(tokenizer.special("<mask>"), 1);
  EXPECT_THAT(tokenizer.encode(std::string("a<mask>\0", 8)), ElementsAre(2 + 'a', 1, 2));
  EXPECT_THAT(learnt(tokenizer), ElementsAre("es", "est"));
}

// Only in lower case can text spell the name of one: before that it is cut out.
TEST(BytePairs, TextNeverBecomesASpecialToken) {
  const Tokenizer tokenizer =
      learn("ABC ABC ABC", {.size = 300, .specials = {"abc"}, .lowercase = true});
  EXPECT_THAT(pieces(tokenizer, "ABC"), ElementsAre("ab", "c"));
  EXPECT_THAT(tokenizer.encode("abc"), ElementsAre(0));
  expect_error([] { learn("a", {.size = 300, .specials = {"a"}}); }, "has the name of the special");
}

TEST(BytePairs, LearningEndsWhenNoPairIsThereTwice) {
  const Tokenizer tokenizer = learn("abab xy", {.size = 10'000});
  EXPECT_THAT(learnt(tokenizer), ElementsAre("ab"));  // "abab" is there once
  EXPECT_THAT(learnt(learn("", {.size = 300})), ElementsAre());
}

TEST(BytePairs, SizeHasRoomForTheBytes) {
  expect_error([] { learn("a", {.size = 256, .specials = {"<s>"}}); }, "257 (the special tokens");
  EXPECT_EQ(learn("a", {.size = 257, .specials = {"<s>"}}).size(), 257);
}

TEST(BytePairs, LowercaseBelongsToTheTokenizer) {
  const Tokenizer tokenizer = learn("THE the The", {.size = 300, .lowercase = true});
  EXPECT_THAT(pieces(tokenizer, "tHe"), ElementsAre("the"));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("É<S>")), "é<s>");
}

TEST(BytePairs, PartsOfCharactersAreShownAsBytes) {
  const Tokenizer tokenizer = learn("x", {.size = 256});
  const std::vector<std::int64_t> ids = tokenizer.encode("é");
  EXPECT_THAT(pieces(tokenizer, "é"), ElementsAre("<0xC3>", "<0xA9>"));
  EXPECT_EQ(tokenizer.decode(std::span(ids).first(1)), "\xc3");  // bytes are kept
  EXPECT_EQ(tokenizer.decode(ids), "é");
}

// Text in which pairs overlap and come back.
std::string random_text(Random& random, std::int64_t length) {
  std::string text;
  while (length-- > 0) {
    text +=
        random.below(12) == 0 ? static_cast<char>(random.below(256)) : "aaab  "[random.below(6)];
  }
  return text;
}

TEST(BytePairs, NothingIsLost) {
  Random random(1);
  const Tokenizer tokenizer = learn(random_text(random, 5000), {.size = 400});
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, random.below(60));
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
  }
}

// Encoding by its definition: of all pairs of a word merge the one with the lowest rank, the
// leftmost if it is there twice, until none has a rule.
std::vector<std::int64_t> encode_by_definition(const Tokenizer& tokenizer,
                                               const std::string& text) {
  std::vector<std::string> tokens;
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) tokens.push_back(bytes_of(tokenizer, id));
  const std::vector<Merge> merges = tokenizer.merges();
  std::vector<std::int64_t> ids;
  for_each_word(text, [&](std::string_view word) {
    std::vector<std::string> parts;
    for (const char c : word) parts.emplace_back(1, c);
    for (bool merged = true; merged;) {
      merged = false;
      for (const Merge& merge : merges) {
        for (std::size_t i = 0; i + 1 < parts.size() && !merged; ++i) {
          if (parts[i] != tokens[merge.left] || parts[i + 1] != tokens[merge.right]) continue;
          parts[i] += parts[i + 1];
          parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
          merged = true;
        }
        if (merged) break;
      }
    }
    for (const std::string& part : parts) {
      ids.push_back(std::find(tokens.begin(), tokens.end(), part) - tokens.begin());
    }
  });
  return ids;
}

TEST(BytePairs, EncodesAsDefined) {
  Random random(2);
  const Tokenizer tokenizer = learn(random_text(random, 3000), {.size = 350});
  for (int round = 0; round < 100; ++round) {
    const std::string text = random_text(random, random.below(80));
    EXPECT_EQ(tokenizer.encode(text), encode_by_definition(tokenizer, text)) << text;
  }
}

// Learning by its definition: count all pairs anew after each merge.
std::vector<std::string> learn_by_definition(const std::string& text, std::size_t count) {
  std::vector<std::vector<std::string>> words;
  for_each_word(text, [&](std::string_view word) {
    for (words.emplace_back(); !word.empty(); word.remove_prefix(1)) {
      words.back().emplace_back(word.substr(0, 1));
    }
  });
  std::vector<std::string> tokens;  // bytes, then those learnt: the order of ids
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  const auto id = [&](const std::string& token) {
    return std::find(tokens.begin(), tokens.end(), token) - tokens.begin();
  };
  while (tokens.size() < 256 + count) {
    std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, int> counts;
    for (const auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) ++counts[{id(word[i]), id(word[i + 1])}];
    }
    const auto best = std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) {
      return a.second < b.second;  // the first of the greatest: the lowest ids
    });
    if (best == counts.end() || best->second < 2) break;
    const std::string left = tokens[best->first.first], right = tokens[best->first.second];
    if (id(left + right) == static_cast<std::ptrdiff_t>(tokens.size())) {
      tokens.push_back(left + right);
    }
    for (auto& word : words) {
      for (std::size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != left || word[i + 1] != right) continue;
        word[i] += right;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return {tokens.begin() + 256, tokens.end()};
}

TEST(BytePairs, AreLearntAsDefined) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Random random(seed);
    // Bytes of few values, so that the counts of pairs are often equal.
    std::string text;
    for (int i = 0; i < 600; ++i) text += "aabbc \n1"[random.below(8)];
    EXPECT_EQ(learnt(learn(text, {.size = 256 + 40})), learn_by_definition(text, 40)) << seed;
  }
}

TEST(BytePairs, LongWordsTakeNoLonger) {
  const std::string text(300'000, 'a');
  const Tokenizer tokenizer = learn(text, {.size = 256 + 10});
  // Merges double: 300,000 = 292 · 1024 + 512 + 256 + 128 + 64 + 32.
  EXPECT_EQ(tokenizer.encode(text).size(), 292u + 5u);
}

TEST(BytePairs, OfManyTranslationsLoseNothing) {
  const auto english = shared_path("data/multi30k/val.en.gz");
  const auto french = shared_path("data/multi30k/val.fr.gz");
  if (!english || !french) GTEST_SKIP() << "the shared data are not there";
  const std::string texts[] = {read_text(*english), read_text(*french)};
  const std::vector<std::string_view> views{texts[0], texts[1]};
  const Tokenizer tokenizer = learn_byte_pairs(views, {.size = 2000});
  EXPECT_EQ(tokenizer.size(), 2000);
  for (const std::string& text : texts) EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

}  // namespace
}  // namespace clearhead
