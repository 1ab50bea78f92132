// Characters as tokens, and what all tokenizers share: special tokens, ids back to text.
#include "clearhead/text/characters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "clearhead/text/text_file.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::ElementsAre;

std::vector<std::string> tokens_of(const Tokenizer& tokenizer) {
  std::vector<std::string> tokens;
  for (std::int64_t id = 0; id < tokenizer.size(); ++id) tokens.push_back(tokenizer.token(id));
  return tokens;
}

TEST(Characters, AreTheSortedSetOfTheText) {
  const Tokenizer tokenizer = learn_characters("banané\n世b");
  EXPECT_THAT(tokens_of(tokenizer), ElementsAre("\n", "a", "b", "n", "é", "世"));
  EXPECT_THAT(tokenizer.encode("né世"), ElementsAre(3, 4, 5));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("banané")), "banané");
}

TEST(Characters, UnknownOnesAreNamedOrBecomeUnk) {
  const Tokenizer strict = learn_characters("ab");
  expect_error([&] { strict.encode("abc"); },
               "the character \"c\" (U+0063) is not in the vocabulary");
  expect_error([&] { strict.encode("a\xff"); },
               "byte 1 of the text: expected UTF-8, got the byte 0xFF");
  const Tokenizer lenient = learn_characters("ab", {"<unk>"});
  EXPECT_THAT(lenient.encode("acb世"), ElementsAre(1, 0, 2, 0));
  expect_error([&] { lenient.encode("a\xff"); }, "byte 1 of the text: expected UTF-8");
}

TEST(Characters, UnknownOnesAreFoundAndReplaced) {
  const Tokenizer strict = learn_characters("ab", {"<mask>"});
  EXPECT_THAT(strict.unknown_characters("aéb\xff<mask>c\né"), ElementsAre("é", "\xff", "c", "\n"));
  EXPECT_EQ(strict.replace_unknown("aéb\xff<mask>é", "ba"), "ababba<mask>ba");
  EXPECT_EQ(strict.replace_unknown("mask", ""), "a");
  const Tokenizer lower = learn_characters("ai", {}, true);
  EXPECT_THAT(lower.unknown_characters("AaBİ"), ElementsAre("B", "İ"));  // İ: i and a dot above
  const Tokenizer lenient = learn_characters("ab", {"<unk>"});
  EXPECT_THAT(lenient.unknown_characters("acb\xff"), ElementsAre("\xff"));
}

TEST(Characters, LearnFromTextOnly) {
  expect_error([] { learn_characters(""); }, "got an empty one");
  expect_error([] { learn_characters("ab\xff"); }, "byte 2 of the text is no UTF-8");
}

TEST(Characters, MayBeInLowerCase) {
  const Tokenizer tokenizer = learn_characters("Ab", {}, true);
  EXPECT_THAT(tokens_of(tokenizer), ElementsAre("a", "b"));
  EXPECT_THAT(tokenizer.encode("BA"), ElementsAre(1, 0));
}

TEST(Characters, SpecialTokensAreChecked) {
  expect_error([] { learn_characters("a", {"<s>", "<s>"}); }, "two special tokens are named <s>");
  expect_error([] { learn_characters("<", {"<"}); },
               "token 1 has the name of the special token 0, <");
  expect_error([] { learn_characters("a", {"\xff"}); }, "no name that is UTF-8");
  expect_error([] { learn_characters("a", {""}); }, "special token 0 has no name");
}

TEST(Tokenizer, SpecialTokensAreWrittenByName) {
  const Tokenizer tokenizer = learn_characters("ab<s>", {"<s>", "<s><s>", "</s>"});
  EXPECT_THAT(tokenizer.encode("<s>ab</s>"),
              ElementsAre(0, tokenizer.encode("a")[0], tokenizer.encode("b")[0], 2));
  EXPECT_THAT(tokenizer.encode("<s><s><s>"), ElementsAre(1, 0));  // the longest first
  EXPECT_EQ(tokenizer.encode("<s").size(), 2u);
  EXPECT_EQ(tokenizer.special("</s>"), 2);
  EXPECT_TRUE(tokenizer.is_special(1));
  EXPECT_FALSE(tokenizer.is_special(3));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("<s>ab</s>")), "ab");  // they stand for no text
  EXPECT_EQ(tokenizer.token(0), "<s>");
  expect_error([&] { tokenizer.special("<mask>"); },
               "expected a special token <mask>, it has </s>, <s>, <s><s>");
}

TEST(Tokenizer, IdsThatAreNoneAreErrors) {
  const Tokenizer tokenizer = learn_characters("abc");
  for (const std::int64_t id : {-1, 3}) {
    expect_error(
        [&] {
          tokenizer.decode(std::vector<std::int64_t>{0, id});
        },
        "expected ids 0 to 2");
    expect_error([&] { tokenizer.token(id); }, "expected ids 0 to 2");
  }
}

// nanoGPT's prepare.py prints 65 characters for this text.
TEST(Characters, OfShakespeareAreNanoGpts) {
  const auto path = shared_path("data/shakespeare/input.txt");
  if (!path) GTEST_SKIP() << "the shared data are not there";
  const std::string text = read_text(*path);
  const Tokenizer tokenizer = learn_characters(text);
  EXPECT_EQ(tokenizer.size(), 65);
  EXPECT_EQ(tokenizer.token(0), "\n");
  EXPECT_EQ(tokenizer.token(64), "z");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

}  // namespace
}  // namespace clearhead
