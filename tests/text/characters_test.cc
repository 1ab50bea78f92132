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

TEST(Characters, AreTheSortedSetOfTheText) {
  const CharacterTokenizer tokenizer = CharacterTokenizer::learn("banané\n世b");
  EXPECT_THAT(tokenizer.vocabulary().tokens, ElementsAre("\n", "a", "b", "n", "é", "世"));
  EXPECT_THAT(tokenizer.encode("né世"), ElementsAre(3, 4, 5));
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("banané")), "banané");
}

TEST(Characters, UnknownOnesAreNamedOrBecomeUnk) {
  const CharacterTokenizer strict = CharacterTokenizer::learn("ab");
  expect_error([&] { strict.encode("abc"); }, "the character \"c\" (U+0063) is not among the 2");
  expect_error([&] { strict.encode("a\xff"); }, "expected UTF-8, got the byte 0xFF");
  const CharacterTokenizer lenient = CharacterTokenizer::learn("ab", {"<unk>"});
  EXPECT_THAT(lenient.encode("acb\xff"), ElementsAre(1, 0, 2, 0));
}

TEST(Characters, UnknownOnesAreFoundAndReplaced) {
  const CharacterTokenizer strict = CharacterTokenizer::learn("ab", {"<mask>"});
  EXPECT_THAT(strict.unknown_characters("aéb\xff<mask>c\né"), ElementsAre("é", "\xff", "c", "\n"));
  EXPECT_EQ(strict.replace_unknown("aéb\xff<mask>é", "ba"), "ababba<mask>ba");
  EXPECT_EQ(strict.replace_unknown("mask", ""), "a");
  const CharacterTokenizer lower = CharacterTokenizer::learn("ai", {}, true);
  EXPECT_THAT(lower.unknown_characters("AaBİ"), ElementsAre("B", "İ"));  // İ: i and a dot above
  const CharacterTokenizer lenient = CharacterTokenizer::learn("ab", {"<unk>"});
  EXPECT_THAT(lenient.unknown_characters("acb\xff"), ElementsAre());
}

TEST(Characters, LearnFromTextOnly) {
  expect_error([] { CharacterTokenizer::learn(""); }, "got an empty one");
  expect_error([] { CharacterTokenizer::learn("ab\xff"); }, "byte 2 of the text is no UTF-8");
}

TEST(Characters, MayBeInLowerCase) {
  const CharacterTokenizer tokenizer = CharacterTokenizer::learn("Ab", {}, true);
  EXPECT_THAT(tokenizer.vocabulary().tokens, ElementsAre("a", "b"));
  EXPECT_THAT(tokenizer.encode("BA"), ElementsAre(1, 0));
}

TEST(Characters, VocabularyIsChecked) {
  const auto make = [](std::vector<std::string> tokens, std::vector<std::int64_t> specials) {
    return CharacterTokenizer({std::move(tokens), std::move(specials)}, false);
  };
  expect_error([&] { make({"a", "bc"}, {}); }, "expected token 1 to be one character, got \"bc\"");
  expect_error([&] { make({"a", "a"}, {}); }, "tokens 0 and 1 are both \"a\"");
  expect_error([&] { make({"a", ""}, {}); }, "token 1 is empty");
  expect_error([&] { make({"a"}, {1}); }, "expected ids 0 to 0, got 1");
  expect_error([&] { make({"a", "<s>"}, {1, 1}); }, "two special tokens are named <s>");
  expect_error([&] { make({"<", "<"}, {0}); }, "token 1 has the name of the special token 0, <");
  expect_error([&] { make({"\xff"}, {0}); }, "no name that is UTF-8");
}

TEST(Tokenizer, SpecialTokensAreWrittenByName) {
  const CharacterTokenizer tokenizer =
      CharacterTokenizer::learn("ab<s>", {"<s>", "<s><s>", "</s>"});
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
  const CharacterTokenizer tokenizer = CharacterTokenizer::learn("abc");
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
  const CharacterTokenizer tokenizer = CharacterTokenizer::learn(text);
  EXPECT_EQ(tokenizer.size(), 65);
  EXPECT_EQ(tokenizer.vocabulary().tokens[0], "\n");
  EXPECT_EQ(tokenizer.vocabulary().tokens[64], "z");
  EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
}

}  // namespace
}  // namespace clearhead
