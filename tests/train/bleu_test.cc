// BLEU against values worked out by hand and those of sacrebleu 2.6.0 (`--lowercase`, signature
// nrefs:1|case:lc|eff:no|tok:13a|smooth:exp).
#include "clearhead/train/bleu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Lines = std::vector<std::string>;

// To the last digits but a few of f64.
void expect_bleu(const Lines& translations, const Lines& references, double score,
                 const std::array<double, 4>& precisions, double brevity_penalty) {
  const Bleu result = bleu(translations, references);
  EXPECT_NEAR(result.score, score, 1e-11) << translations[0];
  EXPECT_NEAR(result.brevity_penalty, brevity_penalty, 1e-14) << translations[0];
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_NEAR(result.precisions[n], precisions[n], 1e-11) << translations[0] << " " << n;
  }
}

TEST(Words13a, AreThoseOfSacrebleu) {
  EXPECT_THAT(words_13a("Hello, world!"), ElementsAre("Hello", ",", "world", "!"));
  EXPECT_THAT(words_13a("It's 3.5 or 1,000 - not .5, e.g. a-b 3-4."),
              ElementsAre("It's", "3.5", "or", "1,000", "-", "not", ".", "5", ",", "e", ".", "g",
                          ".", "a-b", "3", "-", "4", "."));
  EXPECT_THAT(words_13a("He said &quot;no&quot; &amp; left (early)."),
              ElementsAre("He", "said", "\"", "no", "\"", "&", "left", "(", "early", ")", "."));
  EXPECT_THAT(words_13a("a.,b ..."), ElementsAre("a", ".", ",", "b", ".", ".", "."));
  EXPECT_THAT(words_13a("x<skipped>y [z] {w} `v` ~"),
              ElementsAre("xy", "[", "z", "]", "{", "w", "}", "`", "v", "`", "~"));
  EXPECT_THAT(words_13a("1.2.3,4"), ElementsAre("1.2.3,4"));
  EXPECT_THAT(words_13a(""), IsEmpty());
}

TEST(Words13a, BeyondAscii) {
  EXPECT_THAT(words_13a("Ünïcode,ä.ö 5,ä ä,5"),
              ElementsAre("Ünïcode", ",", "ä", ".", "ö", "5", ",", "ä", "ä", ",", "5"));
  EXPECT_THAT(words_13a("«oui»…"), ElementsAre("«oui»…"));
  EXPECT_THAT(words_13a("l'été\u00a0: d’accord\u202f!\tbien"),  // blanks of other widths
              ElementsAre("l'été", ":", "d’accord", "!", "bien"));
}

TEST(BleuTest, ByHand) {
  expect_bleu({"The cat sat on the mat."}, {"the CAT sat on the mat ."}, 100, {100, 100, 100, 100},
              1);
  // "the" is there twice, so 2 of 7 count; of 6 pairs, 5 triples, 4 quadruples none: 1/2, 1/4, 1/8
  const double p[] = {200.0 / 7, 50.0 / 6, 25.0 / 5, 12.5 / 4};
  expect_bleu({"the the the the the the the"}, {"The cat is on the mat."},
              std::pow(p[0] * p[1] * p[2] * p[3], 0.25), {p[0], p[1], p[2], p[3]}, 1);
  // 6 words for 7: a man plays|is playing a guitar .
  const double short_by_one = std::exp(1 - 7.0 / 6);
  expect_bleu({"A man plays a guitar."}, {"A man is playing a guitar."},
              short_by_one * 100 * std::pow(5.0 / 6 * 3 / 5 * 1 / 4 * 0.5 / 3, 0.25),
              {500.0 / 6, 60, 25, 50.0 / 3}, short_by_one);
}

TEST(BleuTest, AsSacrebleu) {
  expect_bleu({"Un homme joue de la guitare.", "Deux chiens courent dans l'herbe !"},
              {"Un homme joue de la guitare dans la rue.", "Deux chiens courent dans l'herbe."},
              63.89722531941944,
              {92.3076923076923, 81.81818181818181, 77.77777777777777, 71.42857142857143},
              0.7939226578179512);
  expect_bleu({"a b c d e f", "x y"}, {"a b c x e f g h", "x z"}, 27.534765745159195,
              {75.0, 50.0, 25.0, 16.666666666666668}, 0.7788007830714049);
  expect_bleu({"nothing here"}, {"wholly different words"}, 0, {0, 0, 0, 0}, 0.6065306597126334);
  expect_bleu({"two words"}, {"two words"}, 0, {100, 100, 0, 0}, 1);  // no four in a row anywhere
  expect_bleu({""}, {"something"}, 0, {0, 0, 0, 0}, 0);
}

TEST(BleuTest, CountsWords) {
  const Bleu result = bleu(Lines{"a b, c", "d"}, Lines{"a", "b c d"});
  EXPECT_EQ(result.translations, 5);
  EXPECT_EQ(result.references, 4);
  EXPECT_THROW(bleu(Lines{"a"}, Lines{}), Error);
}

}  // namespace
}  // namespace clearhead
