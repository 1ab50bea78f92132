// Tables of how well scorers find altered claims, on claims made by hand, and the files they need.
#include "clearhead/claims/evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/baselines.h"
#include "clearhead/claims/evaluation_files.h"
#include "clearhead/claims/procedure_guesses.h"
#include "tests/claims/billed_claim.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

Claim claim_of(const std::string& id, const std::string& member, const std::string& diagnosis,
               const std::vector<std::string>& codes) {
  Claim claim = billed_claim(id, member);
  claim.diagnoses.push_back({field(Code{"ICD-10-CM", diagnosis}), DiagnosisRole::other, {}});
  std::int64_t number = 0;
  for (const std::string& code : codes) add_line(claim, billed_line(++number, code, 10000));
  return claim;
}

TEST(CodeSets, DoNotDependOnOrderOrNumber) {
  CodeSets sets;
  sets.add(claim_of("C1", "M1", "d", {"A", "B"}));
  EXPECT_TRUE(sets.has(claim_of("C2", "M2", "d", {"B", "A", "A"})));
  EXPECT_FALSE(sets.has(claim_of("C3", "M1", "d", {"A"})));
  EXPECT_FALSE(sets.has(claim_of("C3", "M1", "e", {"A", "B"})));
}

TEST(Evaluation, EachKindIsComparedWithWhatWasNotAltered) {
  Evaluation evaluation({"good", "bad"});
  const auto add = [&](std::optional<Alteration> alteration, bool is_novel, double score) {
    evaluation.add("M" + std::to_string(static_cast<int>(score)), alteration, is_novel,
                   std::vector<double>{score, -score});
  };
  add(std::nullopt, false, 1);
  add(std::nullopt, true, 2);
  add(std::nullopt, false, 5);
  add(Alteration::phantom_line, true, 6);
  add(Alteration::wrong_sex, false, 3);
  const EvaluationTable all = evaluation.table(false, 20, 1);
  EXPECT_EQ(all.claims, 5);
  EXPECT_EQ(all.altered, 2);
  ASSERT_EQ(all.rows.size(), 2u);
  const auto of = [](const EvaluationRow& row, Alteration alteration) {
    return row.auroc[static_cast<std::size_t>(alteration)].value;
  };
  EXPECT_EQ(all.rows[0].scorer, "good");
  EXPECT_DOUBLE_EQ(of(all.rows[0], Alteration::phantom_line), 1);
  EXPECT_DOUBLE_EQ(of(all.rows[0], Alteration::wrong_sex), 2.0 / 3);  // 3 is above 1 and 2
  EXPECT_TRUE(std::isnan(of(all.rows[0], Alteration::duplicate_line)));
  EXPECT_DOUBLE_EQ(all.rows[0].average_precision.value, (1.0 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(of(all.rows[1], Alteration::wrong_sex), 1.0 / 3);
  const EvaluationTable novel = evaluation.table(true, 20, 1);
  EXPECT_EQ(novel.claims, 2);
  EXPECT_EQ(novel.altered, 1);
}

TEST(ProcedureGuesses, RankByHistoryAndDiagnoses) {
  ProcedureGuesses guesses;
  for (int i = 0; i < 9; ++i) guesses.learn(claim_of("C", "M", "common", {"A"}));
  guesses.learn(claim_of("C", "M", "rare", {"B"}));
  const Claim now = claim_of("N", "M9", "rare", {"B", "C"});
  // Without history and diagnosis, A is 9 of 10.
  EXPECT_EQ(guesses.rank(now, now.lines[0], GuessBy::history), 2);
  EXPECT_EQ(guesses.rank(now, now.lines[0], GuessBy::diagnoses), 1);  // 1/6 + 0.1/10 > 0.9/10
  EXPECT_EQ(guesses.rank(now, now.lines[1], GuessBy::both), 0);       // C was never seen
  guesses.remember(claim_of("E", "M9", "common", {"C", "C", "B"}));
  EXPECT_EQ(guesses.rank(now, now.lines[1], GuessBy::history), 1);
  EXPECT_EQ(guesses.history(now, {"HCPCS", "C"}), (std::pair<std::int64_t, std::int64_t>{2, 3}));
  const Claim other = claim_of("O", "M8", "rare", {"C"});
  EXPECT_EQ(guesses.rank(other, other.lines[0], GuessBy::history), 0);
}

TEST(Baselines, EachSeesWhatItIsFor) {
  // Fifty members with four claims each, in one of two worlds; half of them are for calibration.
  Baselines baselines;
  int next = 0;
  const auto claim = [&](const std::string& member, const std::string& diagnosis,
                         const std::vector<std::string>& codes) {
    Claim made = claim_of("C" + std::to_string(next), member, diagnosis, codes);
    made.from.value = day(2024, 1, 1) + std::chrono::days(next++);
    return made;
  };
  for (int k = 0; k < 200; ++k) {
    const int member = k / 4;
    const std::string world = member % 2 == 0 ? "1" : "2";
    const Claim made = claim("M" + std::to_string(member), "d" + world, {"p" + world});
    if (k < 100) baselines.learn(made);
    if (k >= 100) baselines.calibrate(made);
  }
  const auto names = Baselines::names();
  const auto by = [&](const std::string& name, const Claim& scored) {
    const std::vector<double> scores = baselines.score(scored);
    return scores[static_cast<std::size_t>(std::find(names.begin(), names.end(), name) -
                                           names.begin())];
  };
  const auto normal = [&] { return claim("normal", "d1", {"p1"}); };
  const auto swapped = [&] { return claim("swapped", "d1", {"p2"}); };
  Claim dear = normal();
  dear.lines[0].charge.value = Money{30000};
  EXPECT_GT(by("pairs", swapped()), by("pairs", normal()) + 3);
  EXPECT_GT(by("all combined", swapped()), by("all combined", normal()) + 3);
  EXPECT_GT(by("rules and amounts", claim("twice", "d1", {"p1", "p1"})),
            by("rules and amounts", normal()) + 3);
  EXPECT_GT(by("rules and amounts", dear), by("rules and amounts", normal()) + 3);
  // A member's first claim is a surprise; the fourth of the kind is none.
  const double first = by("history", claim("new", "d1", {"p1"}));
  for (int i = 0; i < 2; ++i) baselines.score(claim("new", "d1", {"p1"}));
  EXPECT_LT(by("history", claim("new", "d1", {"p1"})), first);
}

TEST(EvaluationFiles, LabelsAreReadAsTheyAreWritten) {
  const TemporaryFolder folder;
  write_labels(folder / "labels.csv",
               {{"C1", Alteration::wrong_age, 3}, {"C,\"2", Alteration::swapped_diagnosis, 0}});
  EXPECT_EQ(folder.read("labels.csv"),
            "claim,kind,line\nC1,wrong_age,3\n\"C,\"\"2\",swapped_diagnosis,\n");
  const auto labels = read_labels(folder / "labels.csv");
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels.at("C1").line, 3);
  EXPECT_EQ(labels.at("C,\"2").alteration, Alteration::swapped_diagnosis);
  EXPECT_EQ(labels.at("C,\"2").line, 0);
  folder.write("wrong.csv", "claim,kind,line\nC1,odd,3\n");
  expect_error([&] { read_labels(folder / "wrong.csv"); },
               "line 2: there is no alteration \"odd\"");
}

TEST(EvaluationFiles, ScoresHaveTheirColumns) {
  const TemporaryFolder folder;
  folder.write("scores.csv", "claim,code,score,evidence_line\nC1,0.25,1.5,2\nC2,0,1e-3,\n");
  const ScoreFile file = read_score_file(folder / "scores.csv");
  EXPECT_EQ(file.columns, (std::vector<std::string>{"score", "code"}));
  EXPECT_EQ(file.rows.at("C1").scores, (std::vector<double>{1.5, 0.25}));
  EXPECT_EQ(file.rows.at("C1").evidence_line, 2);
  EXPECT_EQ(file.rows.at("C2").scores[0], 1e-3);
  EXPECT_EQ(file.rows.at("C2").evidence_line, 0);
  folder.write("wrong.csv", "claim,score\nC1,high\n");
  expect_error([&] { read_score_file(folder / "wrong.csv"); },
               "line 2: column score: expected a number, not \"high\"");
  folder.write("none.csv", "claim,value\nC1,2\n");
  expect_error([&] { read_score_file(folder / "none.csv"); }, "expected a column score");
}

}  // namespace
}  // namespace clearhead::claims
