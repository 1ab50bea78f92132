// Search for words, and ranks that are fused.
#include "clearhead/claims/bm25.h"

#include <cmath>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using testing::ElementsAre;

Clause clause(const std::string& text, std::vector<std::string> path = {}) {
  return {.id = text.substr(0, 5), .path = std::move(path), .text = text, .place = {}};
}

TEST(SearchWords, LoseTheirEndingsAndStopWordsGo) {
  EXPECT_THAT(search_words("Hearing AIDS, and the batteries of a glucose-monitor: buses, glasses!"),
              ElementsAre("hear", "aid", "battery", "glucos", "monitor", "bus", "glass"));
  EXPECT_THAT(search_words("payments paid for the treatment of illness"),
              ElementsAre("payment", "paid", "treat", "illness"));
  EXPECT_THAT(search_words("§ 4 “Käse” (ÉTÉ)"), ElementsAre("4", "käs", "été"));
  EXPECT_THAT(search_words("of the"), ElementsAre());
}

TEST(TextWords, KnowWhereTheyStand) {
  const std::string text = "The § 4 ÉTÉS of Oxygen-Tents";
  std::vector<std::string> words, written;
  for (const TextWord& word : text_words(text)) {
    words.push_back(word.word);
    written.push_back(text.substr(word.begin, word.size));
  }
  EXPECT_EQ(words, search_words(text));
  EXPECT_THAT(words, ElementsAre("4", "été", "oxygen", "tent"));
  EXPECT_THAT(written, ElementsAre("4", "ÉTÉS", "Oxygen", "Tents"));
}

// k₁ = 1.2; the text counts once and its opening twice, relative to the text's length.
TEST(Bm25, IsTheFormula) {
  const Bm25 index({clause("oxygen tent"), clause("oxygen bed bed chair")});
  const double idf_tent = std::log(1 + (2 - 1 + 0.5) / (1 + 0.5));
  const double tf = 1 / (1 - 0.75 + 0.75 * 2 / 3) + 2;
  const std::vector<double> scores = index.scores(query_words("tents"));
  EXPECT_NEAR(scores[0], idf_tent * tf * 2.2 / (tf + 1.2), 1e-6);
  EXPECT_EQ(scores[1], 0);
  EXPECT_NEAR(index.scores({{"tent", 3}})[0], 3 * scores[0], 1e-6);
}

TEST(Bm25, RareWordsCountMoreAndHeadingsCount) {
  const Bm25 index({clause("oxygen for members", {"Equipment"}), clause("beds for members"),
                    clause("chairs for members")});
  const std::vector<double> scores = index.scores(query_words("oxygen members"));
  EXPECT_GT(scores[0], scores[1]);
  EXPECT_GT(scores[1], 0);
  EXPECT_GT(index.scores(query_words("equipment"))[0], 0);
}

TEST(Bm25, SaysWhichWordsMakeTheScore) {
  const Bm25 index({clause("oxygen for members"), clause("beds for members")});
  const std::vector<WordShare> shares = index.shares(query_words("oxygen, members, wheel"), 0);
  ASSERT_EQ(shares.size(), 2u);
  EXPECT_EQ(shares[0].word, "oxygen");
  EXPECT_EQ(shares[1].word, "memb");
  EXPECT_NEAR(shares[0].share + shares[1].share, 1, 1e-9);
}

TEST(FusedByRank, AddsReciprocalRanks) {
  const std::vector<double> fused = fused_by_rank({{3, 1, 2}, {0, 5, 5}});
  EXPECT_NEAR(fused[0], 1.0 / 61, 1e-12);
  EXPECT_NEAR(fused[1], 1.0 / 63 + 1.0 / 61, 1e-12);
  EXPECT_NEAR(fused[2], 1.0 / 62 + 1.0 / 61, 1e-12);
  expect_error([] { fused_by_rank({{1}, {1, 2}}); }, "as many scores");
}

// A clause's text is found by its own heading, when no clause shows its headings.
TEST(Bm25, FindsTextsOfTheStatuteByTheirHeadings) {
  const auto path = shared_path("data/claims/policy/usc42-medicare.jsonl");
  if (!path) GTEST_SKIP();
  const std::vector<Clause> clauses = read_clauses(*path);
  std::vector<Clause> bodies = clauses;
  for (Clause& body : bodies) body.path.clear();
  const Bm25 index(bodies);
  std::map<std::string, std::size_t> first;  // the first clause of each heading
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    if (clauses[i].path.size() == 2) first.emplace(clauses[i].path.back(), i);
  }
  double sum = 0;
  for (const auto& [heading, i] : first) {
    const std::vector<double> scores = index.scores(query_words(heading));
    std::size_t rank = 1;
    for (const auto& [other, j] : first) rank += scores[j] > scores[i] ? 1 : 0;
    sum += 1 / static_cast<double>(rank);
  }
  EXPECT_GT(sum / static_cast<double>(first.size()), 0.66) << first.size();
}

}  // namespace
}  // namespace clearhead::claims
