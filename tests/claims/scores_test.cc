// Scores: what is unusual scores higher, lines are evidence, and rows survive a stop.
#include "clearhead/claims/scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/claims/reader.h"
#include "clearhead/claims/score_table.h"
#include "clearhead/claims/training.h"
#include "tests/claims/made_claims.h"
#include "tests/claims/small_model.h"
#include "tests/claims/small_world.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead::claims {
namespace {

using ::testing::HasSubstr;

ClaimsRecipe small_recipe(std::int64_t steps) {
  ClaimsRecipe recipe;
  recipe.network = {
      .channels = 16, .heads = 2, .hidden = 24, .layers = 2, .history_layers = 1, .history = 16};
  recipe.training.steps = steps;
  recipe.training.batch = 16;
  recipe.training.schedule.learning_rate = 1e-2;
  recipe.training.evaluate_every = 20;
  return recipe;
}

void train(const ClaimsRecipe& recipe, const std::string& data,
           const std::filesystem::path& folder) {
  ClaimsTrainer trainer(recipe, data, {}, folder);
  trainer.training().run([](const StepReport&) {}, [](const Evaluation&) {});
  trainer.calibrate();
}

TEST(ClaimsTrainer, ARunThatWasStoppedEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  const std::string data = write_small_world(folder);
  const ClaimsRecipe recipe = small_recipe(40);
  train(recipe, data, folder / "whole");
  {
    ClaimsTrainer trainer(recipe, data, {}, folder / "parts");
    EXPECT_THROW(trainer.training().run(
                     [](const StepReport& report) {
                       if (report.step == 30) throw Error("killed");
                     },
                     [](const Evaluation&) {}),
                 Error);
  }
  train(recipe, data, folder / "parts");
  for (const char* file :
       {"checkpoint.safetensors", "model/model.safetensors", "model/vocabulary.json",
        "model/sexes.json", "model/calibration.json", "model/people.json", "curves.csv"}) {
    EXPECT_EQ(content(folder / "whole" / file), content(folder / "parts" / file)) << file;
  }
  const ClaimsModel model = open_claims_model(folder / "parts" / "model");
  ASSERT_NE(model.people, nullptr);
  EXPECT_EQ(model.people->seen().members, 120);  // four of five are learnt from
  const Item heart{ItemRole::procedure, {"HCPCS", "93000"}}, woman{ItemRole::sex, {"", "F"}};
  EXPECT_EQ(model.people->seen(heart, woman).members, 60);
}

TEST(ClaimsTrainer, RefusesToGoOnWithOtherClaims) {
  const TemporaryFolder folder;
  const std::string data = write_small_world(folder);
  train(small_recipe(20), data, folder / "run");
  std::string lines = content(folder / "lines.csv");
  lines.replace(lines.find("99213"), 5, "93000");
  folder.write("lines.csv", lines);
  EXPECT_THAT(error_of([&] { train(small_recipe(20), data, folder / "run"); }),
              HasSubstr("other data"));
  EXPECT_THAT(error_of([&] { train(small_recipe(30), data, folder / "run"); }),
              HasSubstr("training.steps"));
}

class Scores : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    train(small_recipe(200), write_small_world(*folder_), *folder_ / "run");
    model_ = new ClaimsModel(open_claims_model(*folder_ / "run" / "model"));
  }
  static void TearDownTestSuite() {
    delete model_;
    delete folder_;
  }

  // Of a member who had hearts treated before.
  static ClaimScore score_of(std::vector<Line> lines, const char* sex = "F") {
    ClaimEncoder encoder(*model_->vocabulary);
    for (int i = 0; i < 4; ++i) {
      Claim claim =
          made_claim("X", 30 * i, {"I10"}, {made_line("99213", 10000), made_line("93000", 5000)});
      if (i == 3) claim.lines = lines;
      claim.specialty.value = "CARDIOLOGY";
      claim.member.sex.value = sex;
      for (Diagnosis& diagnosis : claim.diagnoses) diagnosis.code.value->system = "";
      encoder.add(claim);
    }
    const auto members = encoder.take();
    return explained_scores(*model_, std::vector<ClaimView>{{&members[0], 3}}).front();
  }

  static double of(const ClaimScore& score, Kind kind) {
    return score.kinds[static_cast<std::size_t>(kind)];
  }

  static TemporaryFolder* folder_;
  static ClaimsModel* model_;
};
TemporaryFolder* Scores::folder_ = nullptr;
ClaimsModel* Scores::model_ = nullptr;

TEST_F(Scores, WhatIsUnusualScoresHigherByItsKind) {
  const auto usual = score_of({made_line("99213", 10000), made_line("93000", 5000)});
  const auto other = score_of({made_line("99213", 10000), made_line("83036", 2000)});
  EXPECT_GT(other.score, usual.score);
  EXPECT_GT(of(other, Kind::code), of(usual, Kind::code));
  const auto dear = score_of({made_line("99213", 10000), made_line("93000", 15000)});
  EXPECT_GT(of(dear, Kind::amount), of(usual, Kind::amount));
  const auto twice =
      score_of({made_line("99213", 10000), made_line("93000", 5000), made_line("93000", 5000)});
  EXPECT_GT(of(twice, Kind::duplicate), of(usual, Kind::duplicate));
  EXPECT_EQ(of(usual, Kind::duplicate), 0);
}

TEST_F(Scores, TheLineThatMakesItUnusualIsTheEvidence) {
  EXPECT_EQ(score_of({made_line("99213", 10000), made_line("83036", 2000)}).evidence_line, 1);
  EXPECT_EQ(score_of({made_line("83036", 2000), made_line("99213", 10000)}).evidence_line, 0);
  EXPECT_EQ(score_of({made_line("99213", 10000)}).evidence_line, 0);
  EXPECT_EQ(score_of({}).evidence_line, -1);
}

TEST_F(Scores, ChangesAreThoseOfTheClaimReadAgain) {
  const auto whole = score_of({made_line("99213", 10000), made_line("83036", 2000)});
  ASSERT_EQ(whole.changes.size(), 2u);
  EXPECT_GT(whole.changes[1], whole.changes[0]);
}

TEST(ScoresOfPersons, ACodeThatOnlyTheOtherSexHasIsUnusual) {
  SmallModel small = small_model(/*layers=*/1);
  std::vector<MemberClaims> many;
  for (int i = 0; i < 40; ++i) many.insert(many.end(), small.members.begin(), small.members.end());
  for (const MemberClaims& member : many) small.model.sexes.add(member);
  small.model.calibration = calibrate(small.model, many, 1000);
  const auto demographics = [&](const MemberClaims& member, std::int32_t without_line) {
    const ClaimView view{&member, 0, without_line};
    return scores_of(small.model, std::vector<ClaimView>{view})
        .front()
        .kinds[static_cast<std::size_t>(Kind::demographics)];
  };
  ASSERT_NE(small.members[0].sex, small.members[1].sex);
  MemberClaims altered = small.members[1];
  altered.claims[0].lines[0].code = small.members[0].claims[0].lines[0].code;
  EXPECT_LT(demographics(small.members[1], -1), 1);
  EXPECT_GT(demographics(altered, -1), 1);
  EXPECT_LT(demographics(altered, 0), 1);
}

// All numbers of all claims, `at_a_time` of them in a call.
std::vector<double> numbers_of(const ClaimsModel& model, std::span<const ClaimView> views,
                               std::size_t at_a_time) {
  std::vector<double> numbers;
  for (std::size_t first = 0; first < views.size(); first += at_a_time) {
    const auto piece = views.subspan(first, std::min(at_a_time, views.size() - first));
    for (const ClaimScore& score : explained_scores(model, piece)) {
      numbers.push_back(score.score);
      numbers.push_back(score.evidence_line);
      numbers.insert(numbers.end(), score.kinds.begin(), score.kinds.end());
      for (const double change : score.changes) numbers.push_back(std::isnan(change) ? 0 : change);
    }
  }
  return numbers;
}

// Of the model that comes with clearhead, whose sizes are those that kernels are chosen by.
TEST(ScoresOfClaims, AreTheSameBytesAloneInPiecesAndTogether) {
  const std::filesystem::path source = CLEARHEAD_SOURCE_DIR;
  if (!std::filesystem::exists(source / "models/claims")) GTEST_SKIP() << "no models in the tree";
  const ClaimsModel model = open_claims_model(source / "models/claims");
  ClaimEncoder encoder(*model.vocabulary);
  read_claims(source / "examples/claims", {}, {.claim = [&](Claim&& c) { encoder.add(c); }});
  const std::vector<MemberClaims> members = encoder.take();
  std::vector<ClaimView> views;
  for (const MemberClaims& member : members) {
    for (std::size_t i = 0; i < member.claims.size(); ++i) views.push_back({&member, i});
  }
  const std::vector<double> together = numbers_of(model, views, views.size());
  EXPECT_EQ(numbers_of(model, views, 1), together);
  EXPECT_EQ(numbers_of(model, views, 7), together);
  set_thread_count(3);
  EXPECT_EQ(numbers_of(model, views, views.size()), together);
  set_thread_count(0);
}

TEST(ScoreLog, GoesOnWhereItWasStopped) {
  const TemporaryFolder folder;
  const std::vector<ScoreRow> rows = {{"C\"1,", 7, 1.5, {1, 0, 0, 0, 0.25, 0}, 2, Money{1999}},
                                      {"C2", 8, 0, {}, 0, {}}};
  {
    ScoreLog log(folder / "log", "same");
    log.add(rows);
  }
  std::ofstream(folder / "log", std::ios::app) << "{\"claim\":\"C3\",\"sc";
  {
    ScoreLog log(folder / "log", "same");
    ASSERT_EQ(log.rows().size(), 2u);
    EXPECT_EQ(log.rows()[0].claim, rows[0].claim);
    EXPECT_EQ(log.rows()[0].input, 7);
    EXPECT_EQ(log.rows()[0].kinds, rows[0].kinds);
    EXPECT_EQ(log.rows()[0].evidence_line, 2);
    EXPECT_EQ(log.rows()[0].at_stake, Money{1999});
  }
  EXPECT_TRUE(ScoreLog(folder / "log", "other").rows().empty());
}

// Else claims of nearly equal scores would change places.
TEST(ScoreLog, RowsAreTheSameAsWhenTheyAreReadAgain) {
  const TemporaryFolder folder;
  ScoreLog log(folder / "log", "same");
  log.add({{"C1", 0, 1.23456789, {0.123456789, 0, 0, 0, 0, 0}, 2}});
  const ScoreLog again(folder / "log", "same");
  EXPECT_EQ(log.rows().at(0).score, again.rows().at(0).score);
  EXPECT_EQ(log.rows().at(0).kinds, again.rows().at(0).kinds);
}

TEST(ScoreTable, IsCsvOrJson) {
  const TemporaryFolder folder;
  const std::vector<ScoreRow> rows = {{"b,\"c\"", 0, 2, {2, 0, 0, 0, 0, 0}, 3, Money{1250}},
                                      {"a", 1, 0.5, {}, 0, {}}};
  write_scores(folder / "s.csv", rows);
  EXPECT_EQ(content(folder / "s.csv"),
            "claim,score,code,combination,units,amount,duplicate,demographics,evidence_line\n"
            "\"b,\"\"c\"\"\",2.0000,2.0000,0.0000,0.0000,0.0000,0.0000,0.0000,3\n"
            "a,0.5000,0.0000,0.0000,0.0000,0.0000,0.0000,0.0000,\n");
  write_scores(folder / "s.ndjson", rows);
  EXPECT_THAT(content(folder / "s.ndjson"), HasSubstr(R"({"claim":"a","score":0.5,"code":0.0)"));
  EXPECT_THAT(content(folder / "s.ndjson"), HasSubstr(R"("evidence_line":3,"at_stake":12.5})"));
}

TEST(ScoreTable, IsRankedByScoreStakeOrKind) {
  const std::vector<ScoreRow> rows = {{"a", 0, 1, {0, 0, 3, 0, 0, 0}, 1, Money{500}},
                                      {"b", 2, 3, {0, 0, 1, 0, 0, 0}, 1, Money{100}},
                                      {"c", 1, 2, {0, 0, 2, 0, 0, 0}, 1, Money{900}}};
  ByteStream stream("claim,queue,decision\nb,unusual,dismiss\nc,rules,dismiss\n", "d.csv");
  const Decisions decisions = Decisions::read(stream, {});
  const auto ranked = [&](const ScoreOrder& order, const Decisions& before) {
    std::vector<ScoreRow> list = rows;
    rank(list, order, before);
    std::string ids;
    for (const ScoreRow& row : list) ids += row.claim;
    return ids;
  };
  using By = ScoreOrder::By;
  EXPECT_EQ(ranked({By::score}, {}), "bca");
  EXPECT_EQ(ranked({By::stake}, {}), "cab");
  EXPECT_EQ(ranked({By::kind, Kind::units}, {}), "acb");
  EXPECT_EQ(ranked({By::input}, decisions), "acb");
  // The other queue decides nothing here.
  EXPECT_EQ(ranked({By::score}, decisions), "cab");
  EXPECT_EQ(to_string(ScoreOrder{By::kind, Kind::units}), "units");
}

}  // namespace
}  // namespace clearhead::claims
