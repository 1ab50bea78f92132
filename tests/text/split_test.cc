// Words by GPT-2's rule, which together are always the whole text.
#include "clearhead/text/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> result;
  for_each_word(text, [&](std::string_view word) { result.emplace_back(word); });
  return result;
}

TEST(Split, CutsAsGpt2) {
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words("Hello, world!"), ElementsAre("Hello", ",", " world", "!"));
  EXPECT_THAT(words("I'll don't 'S"), ElementsAre("I", "'ll", " don", "'t", " '", "S"));
  EXPECT_THAT(words("room 101b"), ElementsAre("room", " 101", "b"));
  EXPECT_THAT(words("a   b \n\n"), ElementsAre("a", "  ", " b", " \n\n"));
  EXPECT_THAT(words("a\n b"), ElementsAre("a", "\n", " b"));
  EXPECT_THAT(words("l'été à 3½ €"), ElementsAre("l", "'", "été", " à", " 3½", " €"));
  EXPECT_THAT(words("世界。한국어"), ElementsAre("世界", "。", "한국어"));
}

TEST(Split, BytesThatAreNoUtf8AreWordsOfTheirOwn) {
  EXPECT_THAT(words(bytes("ab\xff\xfe c")), ElementsAre("ab", "\xff\xfe", " c"));
  EXPECT_THAT(words(bytes("\xe2\x82")), ElementsAre("\xe2\x82"));
}

TEST(Split, WordsTogetherAreTheText) {
  Random random(1);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::int64_t i = random.below(40); i > 0; --i) {
      text += static_cast<char>(random.below(3) == 0 ? random.below(256)
                                                     : " '\nsaZ1."[random.below(8)]);
    }
    std::string together;
    for (const std::string& word : words(text)) {
      EXPECT_FALSE(word.empty());
      together += word;
    }
    EXPECT_EQ(together, text);
  }
}

// A pattern that is tried again from each place would take hours.
TEST(Split, LongWordsTakeNoLonger) {
  for (const char c : {'a', ' ', '1', '.', '\'', '\xff'}) {
    const std::string text(2'000'000, c);
    EXPECT_LE(words(text).size(), 1u) << c;
  }
  EXPECT_EQ(words(std::string(1'000'000, ' ') + "a").size(), 2u);
}

}  // namespace
}  // namespace clearhead
