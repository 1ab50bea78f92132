// clearhead claims inject and evaluate: claims are altered, and who finds that is counted.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

// Ninety members of two worlds with four claims each: thirty to learn from, to calibrate and to
// test.
void write_claims(const TemporaryFolder& folder) {
  std::string members = "member,birth_date,sex,split\n";
  std::string claims = "claim,member,type,service_date,diagnoses,charge\n";
  std::string lines = "claim,line,date,system,code,units,charge\n";
  const char* const splits[] = {"train", "valid", "test"};
  for (int m = 0; m < 90; ++m) {
    members += fmt::format("M{},1980-01-01,{},{}\n", m, m % 2 == 0 ? "M" : "F", splits[m / 30]);
    for (int c = 0; c < 4; ++c) {
      const std::string day = fmt::format("2024-0{}-01", c + 1);
      claims += fmt::format("C{}x{},M{},professional,{},d{},15.00\n", m, c, m, day, m % 2);
      lines += fmt::format("C{}x{},1,{},SNOMED,p{},1,10.00\n", m, c, day, m % 2);
      lines += fmt::format("C{}x{},2,{},SNOMED,both,1,5.00\n", m, c, day);
    }
  }
  folder.write("clean/members.csv", members);
  folder.write("clean/claims.csv", claims);
  folder.write("clean/lines.csv", lines);
}

ProgramResult run(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "claims");
  return run_program("clearhead", arguments, folder.path());
}

TEST(ClaimsEvaluate, InjectedClaimsAreFoundByBaselinesAndByScores) {
  const TemporaryFolder folder;
  write_claims(folder);
  const ProgramResult injected = run(folder, {"inject", "clean", "--split", "test", "--seed", "3",
                                              "--share", "0.5", "--out", "altered"});
  ASSERT_EQ(injected.status, 0) << injected.error;
  EXPECT_THAT(injected.out, HasSubstr("of 120 claims altered:\n"));
  EXPECT_THAT(injected.out, HasSubstr("wrote altered/labels.csv"));
  const std::string labels = folder.read("altered/labels.csv");
  run(folder,
      {"inject", "clean", "--split", "test", "--seed", "3", "--share", "0.5", "--out", "again"});
  EXPECT_EQ(folder.read("again/labels.csv"), labels);
  EXPECT_EQ(folder.read("again/lines.csv"), folder.read("altered/lines.csv"));

  // Somebody who knows: 1 and the line where a label is, 0 elsewhere.
  std::string scores = "claim,score,evidence_line\n";
  for (int m = 60; m < 90; ++m) {
    for (int c = 0; c < 4; ++c) {
      const std::string id = fmt::format("C{}x{}", m, c);
      const std::size_t at = labels.find("\n" + id + ",");
      const std::string row =
          at == std::string::npos ? "" : labels.substr(at + 1, labels.find('\n', at + 1) - at - 1);
      scores += fmt::format("{},{},{}\n", id, row.empty() ? 0 : 1,
                            row.substr(row.empty() ? 0 : row.rfind(',') + 1));
    }
  }
  folder.write("scores.csv", scores);
  const ProgramResult evaluated =
      run(folder, {"evaluate", "altered", "--reference", "clean", "--scores", "oracle=scores.csv",
                   "--sample", "1", "--out", "results.csv"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.error;
  EXPECT_THAT(evaluated.out, HasSubstr("hidden procedure, one of each of 120 claims"));
  EXPECT_THAT(evaluated.out, HasSubstr("120 claims, "));
  const std::string results = folder.read("results.csv");
  EXPECT_THAT(results, HasSubstr("all,oracle,average_precision,1.000000,1.000000,1.000000\n"));
  EXPECT_THAT(results, HasSubstr("normal,both,recall_at_5,1.000000,1.000000,1.000000\n"));
  EXPECT_THAT(results, HasSubstr("novel,pairs,average_precision,"));
}

TEST(ClaimsEvaluate, NetworksStandBesideEachOther) {
  const TemporaryFolder folder;
  write_claims(folder);
  folder.write("recipe.json", R"({
    "network": {"channels": 16, "heads": 2, "hidden": 24, "layers": 1, "history": 16},
    "training": {"steps": 20, "batch": 16, "evaluate_every": 20}})");
  const ProgramResult trained =
      run(folder, {"train", "recipe.json", "--data", "clean", "--out", "run"});
  ASSERT_EQ(trained.status, 0) << trained.error;
  run(folder, {"inject", "clean", "--split", "test", "--share", "0.5", "--out", "altered"});
  const ProgramResult evaluated =
      run(folder, {"evaluate", "altered", "--reference", "clean", "--model", "one=run/model",
                   "--model", "run/model", "--sample", "1", "--out", "results.csv"});
  ASSERT_EQ(evaluated.status, 0) << evaluated.error;
  EXPECT_THAT(evaluated.out, HasSubstr("one of each of 120 claims"));
  EXPECT_THAT(evaluated.out, HasSubstr("each of their 240 lines"));
  EXPECT_THAT(
      evaluated.out,
      HasSubstr("without the first evidence the score falls more than without another line"));
  const std::string results = folder.read("results.csv");
  for (const char* name : {"one", "run/model"}) {
    // There are three codes.
    EXPECT_THAT(results, HasSubstr(fmt::format("normal,{},recall_at_5,1.000000,1.0", name)));
    EXPECT_THAT(results, HasSubstr(fmt::format("normal,{},recall_of_lines_at_10,1.0", name)));
    for (const char* measure :
         {"average_precision", "evidence", "evidence_of_several", "evidence_lowers_more"}) {
      EXPECT_THAT(results, HasSubstr(fmt::format("all,{},{},", name, measure)));
    }
    EXPECT_THAT(results, HasSubstr(fmt::format("all,{}.demographics,average_precision,", name)));
  }
}

TEST(ClaimsEvaluate, WrongUseIsSaidBeforeAnythingIsRead) {
  const TemporaryFolder folder;
  const ProgramResult none = run(folder, {"evaluate", "altered"});
  EXPECT_EQ(none.status, 2);
  EXPECT_THAT(none.error, HasSubstr("needs --reference"));
  const ProgramResult scores =
      run(folder, {"evaluate", "altered", "--reference", "clean", "--scores", "scores.csv"});
  EXPECT_EQ(scores.status, 2);
  EXPECT_THAT(scores.error, HasSubstr("expected NAME=FILE"));
  const ProgramResult model =
      run(folder, {"evaluate", "altered", "--reference", "clean", "--model", "=run"});
  EXPECT_EQ(model.status, 2);
  EXPECT_THAT(model.error, HasSubstr("expected NAME=MODEL or MODEL"));
  const ProgramResult out = run(folder, {"inject", "clean"});
  EXPECT_EQ(out.status, 2);
  EXPECT_THAT(out.error, HasSubstr("needs --out"));
}

TEST(ClaimsEvaluate, AReferenceWithoutMembersToTestIsRefused) {
  const TemporaryFolder folder;
  write_claims(folder);
  std::string members = "member,split\n";
  for (int m = 0; m < 100; ++m) members += fmt::format("M{},train\n", m);
  folder.write("clean/members.csv", members);
  folder.write("altered/labels.csv", "claim,kind,line\n");
  const ProgramResult result = run(folder, {"evaluate", "altered", "--reference", "clean"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("expected members of the splits train, validation and test"));
}

}  // namespace
}  // namespace clearhead
