// Queries of codes and claims, and how clauses are found.
#include "clearhead/claims/clause_search.h"

#include <algorithm>
#include <numeric>

#include "clearhead/text/byte_pairs.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

std::vector<Clause> policy() {
  return parse_clauses(
      "# Exclusions\n\n(a) hearing aids or examinations therefor\n\n(b) orthopedic shoes\n\n"
      "# Hearings\n\n(a) The hearing is held by a judge.\n\n(b) hearings of appeals\n",
      PolicyFormat::markdown, "policy.md");
}

// An encoder that has learnt nothing, so that equal tokens are nearest.
ClauseModel new_model() {
  const std::vector<std::string_view> texts = {"hearing aids shoes judge appeals examinations"};
  const auto tokenizer = std::make_shared<Tokenizer>(
      learn_byte_pairs(texts, {.size = 300, .specials = {}, .lowercase = true}));
  TransformerConfig config;
  config.vocabulary = tokenizer->size();
  config.layers = 1;
  config.heads = 2;
  config.channels = 16;
  config.positions = TransformerPositions::rotary;
  config.scale_embedding = true;
  return {tokenizer, std::make_shared<ClauseEncoder>(config, 7)};
}

TEST(ClauseQuery, ACodeHasTheWordsOfItsNeighbours) {
  const TemporaryFolder folder;
  CodeTables tables;
  tables.add(folder.write("codes.csv",
                          "code,description\nV5120,Binaural\nV5130,Hearing aid\nV5131,Hearing aid\n"
                          "V5230,Glasses\nE0601,Airway device\n"));
  const std::optional<ClauseQuery> query = query_of_code({"HCPCS", "V5120"}, tables);
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->text, "Binaural");
  // Of the first three characters two of two, of the first two two of three.
  EXPECT_NEAR(query->words.at("hear"), 1 + 2.0 / 3, 1e-12);
  EXPECT_NEAR(query->words.at("glass"), 1.0 / 3, 1e-12);
  EXPECT_EQ(query->words.at("binaur"), 1);
  EXPECT_EQ(query->words.count("airway"), 0u);
  EXPECT_FALSE(query_of_code({"HCPCS", "A0001"}, tables).has_value());
  const WordSource& own = query->sources.at("binaur");
  EXPECT_EQ(own.written, "Binaural");
  EXPECT_EQ(own.code, (Code{"HCPCS", "V5120"}));
  EXPECT_FALSE(own.is_of_neighbour);
  EXPECT_EQ(query->sources.at("hear").written, "Hearing");
  EXPECT_TRUE(query->sources.at("hear").is_of_neighbour);
}

TEST(ClauseQuery, TheTagOfSnomedIsNoWord) {
  const TemporaryFolder folder;
  CodeTables tables;
  tables.add(folder.write("codes.csv",
                          "system,code,description\nSNOMED,1,Asthma (disorder)\n"
                          "SNOMED,2,Influenza (H1N1)\nHCPCS,E0001,Bed (rental)\n"));
  EXPECT_EQ(query_of_code({"SNOMED", "1"}, tables)->text, "Asthma");
  EXPECT_EQ(query_of_code({"SNOMED", "2"}, tables)->text, "Influenza (H1N1)");
  EXPECT_EQ(query_of_code({"HCPCS", "E0001"}, tables)->text, "Bed (rental)");
}

TEST(ClauseQuery, NumbersWithoutBlocksHaveNoNeighbours) {
  const TemporaryFolder folder;
  CodeTables tables;
  tables.add(folder.write("codes.csv",
                          "system,code,description\nSNOMED,410620009,Well child visit\n"
                          "SNOMED,410620010,Fracture\n"));
  EXPECT_EQ(query_of_code({"SNOMED", "410620009"}, tables)->words.size(), 3u);
}

TEST(ClauseQuery, AClaimHasEachOfItsCodesOnce) {
  const TemporaryFolder folder;
  CodeTables tables;
  tables.add(folder.write("codes.csv",
                          "system,code,description\nHCPCS,V5120,Binaural\nHCPCS,V5230,Loss\n"
                          "HCPCS,V5231,Binaural\nICD-10-CM,H903,Loss\n"));
  Claim claim;
  claim.lines.resize(2);
  for (Line& line : claim.lines) line.code.value = Code{"HCPCS", "V5120"};
  claim.diagnoses.resize(1);
  claim.diagnoses[0].code.value = Code{"ICD-10-CM", "H903"};
  const ClauseQuery query = query_of_claim(claim, tables);
  EXPECT_EQ(query.text, "Binaural; Loss");
  EXPECT_EQ(query.words.size(), 2u);
  // The diagnosis has the word itself; it counts more than in codes like the line's.
  EXPECT_EQ(query.words.at("loss"), 1);
  EXPECT_EQ(query.sources.at("loss").code.value, "H903");
  EXPECT_EQ(query_of_claim(Claim(), tables).text, "");
}

TEST(Passages, AreCutBetweenLinesAndLongLinesBetweenWords) {
  std::string text = "short line\n";
  for (int i = 0; i < 200; ++i) text += "word ";
  const std::vector<Passage> passages =
      cut_into_passages({{.id = "a", .path = {}, .text = text + "\nend", .place = {}}}, nullptr);
  ASSERT_GE(passages.size(), 3u);
  std::string joined;
  for (const Passage& passage : passages) joined += passage.text + " ";
  EXPECT_EQ(std::count(joined.begin(), joined.end(), 'w'), 200);
  EXPECT_THAT(joined, testing::StartsWith("short line"));
  EXPECT_THAT(joined, testing::EndsWith("end "));
}

TEST(Passages, AreTheExactWordsOfTheText) {
  std::string text = "\n\n";
  for (int i = 0; i < 60; ++i) text += "two  blanks\n\nand a line of ";
  for (int i = 0; i < 130; ++i) text += "words ";
  const std::vector<Passage> passages =
      cut_into_passages({{.id = "a", .path = {}, .text = text, .place = {}}}, nullptr);
  ASSERT_GE(passages.size(), 3u);
  for (const Passage& passage : passages) {
    EXPECT_EQ(text.substr(passage.begin, passage.text.size()), passage.text);
  }
}

TEST(ClauseSearch, FindsByWordsWithoutAModel) {
  const ClauseSearch search(policy(), std::nullopt);
  const std::vector<FoundClause> found = search.find(query_of_text("Hearing aid, digital"), 5);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(search.clauses()[found[0].clause].place.line, 3u);
  EXPECT_EQ(found[0].quote, "hearing aids or examinations therefor");
  EXPECT_EQ(found[0].begin, 0u);
  EXPECT_EQ(found[0].words[0].word, "aid");
  const std::vector<MetWord> met = met_words(found[0]);
  ASSERT_EQ(met.size(), 2u);
  EXPECT_EQ(found[0].quote.substr(met[0].begin, met[0].size), "hearing");
  EXPECT_EQ(found[0].quote.substr(met[1].begin, met[1].size), "aids");
  EXPECT_EQ(met[1].word.word, "aid");
  EXPECT_EQ(met[1].word.share, found[0].words[0].share);
  EXPECT_GT(found[0].score, found[1].score);
  EXPECT_TRUE(search.find(query_of_text("wheelchair"), 5).empty());
  expect_error([&] { search.match(query_of_text("aid"), found[0]); }, "needs a model");
  expect_error([&] { search.find(query_of_text("aid"), 5, ClauseRanking::fused); }, "need a model");
}

TEST(ClauseSearch, FusesTheRanksOfBothSearches) {
  const ClauseSearch search(policy(), new_model());
  const ClauseQuery query = query_of_text("orthopedic shoes");
  const std::vector<FoundClause> found = search.find(query, 5, ClauseRanking::fused);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 2.0 / 61, 1e-12);
  const TokenMatch match = search.match(query, found[0]);
  EXPECT_EQ(match.cosines.shape(), (Shape{std::ssize(match.query), std::ssize(match.passage)}));
  EXPECT_EQ(match.query, match.passage);  // of the same words
  EXPECT_NEAR(std::accumulate(match.weights.begin(), match.weights.end(), 0.0), 1, 1e-12);
  for (std::int64_t t = 0; t < match.cosines.size(0); ++t) {
    EXPECT_NEAR(match.cosines.at({t, t}), 1, 1e-5);
  }
}

}  // namespace
}  // namespace clearhead::claims
