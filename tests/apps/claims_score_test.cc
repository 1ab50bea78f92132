// clearhead claims train, score and explain: from tables to a worklist, and why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/apps/program.h"
#include "tests/claims/small_world.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ClaimsScore : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    claims::write_small_world(*folder_);
    folder_->write("recipe.json", R"({
      "network": {"channels": 16, "heads": 2, "hidden": 24, "layers": 2, "history": 16},
      "training": {"steps": 60, "batch": 16, "schedule": {"learning_rate": 1e-2},
                   "evaluate_every": 20}})");
    trained_ = new ProgramResult(run("train", "recipe.json --data . --out run"));
  }
  static void TearDownTestSuite() {
    delete trained_;
    delete folder_;
  }

  static ProgramResult run(const std::string& command, const std::string& arguments) {
    std::vector<std::string> list = {"claims", command};
    for (std::size_t at = 0; at < arguments.size();) {
      const std::size_t end = std::min(arguments.find(' ', at), arguments.size());
      list.push_back(arguments.substr(at, end - at));
      at = end + 1;
    }
    return run_program("clearhead", list, folder_->path());
  }

  static TemporaryFolder* folder_;
  static ProgramResult* trained_;
};
TemporaryFolder* ClaimsScore::folder_ = nullptr;
ProgramResult* ClaimsScore::trained_ = nullptr;

TEST_F(ClaimsScore, ATrainedModelRanksClaims) {
  ASSERT_EQ(trained_->status, 0) << trained_->error;
  EXPECT_THAT(trained_->out, HasSubstr("the model is in run/model"));
  const ProgramResult result = run("score", "--data . --model run/model --out s.csv --top 2");
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("wrote s.csv"));
  expect_80_columns(result.out);
  const std::string table = folder_->read("s.csv");
  EXPECT_THAT(table, StartsWith("claim,score,code,combination,units,amount,duplicate,"
                                "demographics,evidence_line\n"));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 150 * 8);
  EXPECT_FALSE(std::filesystem::exists(*folder_ / "s.csv.part"));
}

TEST_F(ClaimsScore, AClaimIsExplained) {
  const ProgramResult result = run("explain", "C5 --data . --model run/model");
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, StartsWith("Claim C5, 2024-06-10, professional, CARDIOLOGY\n"));
  EXPECT_THAT(result.out, HasSubstr("Where it looked when line"));
  EXPECT_THAT(result.out, HasSubstr("in the history"));
  expect_80_columns(result.out);
}

TEST_F(ClaimsScore, CodesThatTheModelDoesNotKnowAreSaid) {
  folder_->write("strange.csv",
                 "claim,member,type,service_date,diagnoses,diagnosis_system,code,system,charge\n"
                 "C1,M1,professional,2024-01-31,E11.9,ICD-10-CM,D0120,CDT,10.00\n"
                 "C1,M1,professional,2024-01-31,E11.9,ICD-10-CM,99213,,10.00\n");
  const ProgramResult score = run("score", "--data strange.csv --model run/model --out strange.s");
  ASSERT_EQ(score.status, 0) << score.error;
  EXPECT_THAT(score.error, HasSubstr("strange.csv: CSV, 1 claim\n"));
  EXPECT_THAT(score.error, HasSubstr("has not learnt the codes of 1 of 2 lines (CDT): it can say "
                                     "little about them"));
  const ProgramResult explain = run("explain", "C1 --data strange.csv --model run/model");
  ASSERT_EQ(explain.status, 0) << explain.error;
  EXPECT_THAT(explain.out, HasSubstr("diagnosis 1: ICD-10-CM E119"));
  EXPECT_THAT(explain.out, HasSubstr("CDT D0120"));
  EXPECT_THAT(explain.out, HasSubstr("line 1: unknown to the model\n"));
  EXPECT_THAT(explain.out, HasSubstr("line 2: read as HCPCS 99213\n"));
}

// A number may occur twice in X12 and JSON.
TEST_F(ClaimsScore, OfTwoClaimsWithANumberTheEarlierIsExplained) {
  const std::string line = R"("lines":[{"code":{"system":"HCPCS","code":"99213"}}])";
  folder_->write("twice.ndjson",
                 R"({"claim":"C1","member":{"member":"M"},"service_date":"2024-02-01",)" + line +
                     "}\n" +
                     R"({"claim":"C1","member":{"member":"M"},"service_date":"2024-01-01",)" +
                     R"("diagnoses":[{"code":"E119"},{"code":"I10"}],)" + line + "}\n");
  const ProgramResult result = run("explain", "C1 --data twice.ndjson --model run/model");
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("2024-01-01"));
  EXPECT_THAT(result.out, HasSubstr("diagnosis 2: I10"));
}

// A line has a procedure, a drug or a revenue code, and of very many diagnoses 48 are read.
TEST_F(ClaimsScore, AClaimOfADrugAndOfManyDiagnosesIsExplained) {
  std::string diagnoses = R"({"code":"E119"})";
  for (int i = 0; i < 60; ++i) diagnoses += R"(,{"code":"I10"})";
  folder_->write("drug.ndjson",
                 R"({"claim":"C1","member":{"member":"M"},"service_date":"2024-01-01",)"
                 R"("diagnoses":[)" +
                     diagnoses + R"(],"lines":[{"drug":{"system":"NDC","code":"00002821501"}}]})" +
                     "\n");
  const ProgramResult result = run("explain", "C1 --data drug.ndjson --model run/model");
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("has not learnt the codes of 1 of 1 line (NDC)"));
  EXPECT_THAT(result.out, HasSubstr("NDC 00002821501"));
}

TEST_F(ClaimsScore, ANumberIsExplained) {
  const ProgramResult result = run("explain",
                                   "C5 --data . --model run/model --line 2 "
                                   "--explain blocks.0.cross_attn.hook_pattern[0,1,0]");
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("blocks.0.cross_attn.hook_pattern[0, 0, 1, 0] = "));
  EXPECT_EQ(run("explain", "C5 --data . --model run/model --explain nothing[0]").status, 2);
}

TEST_F(ClaimsScore, APageHasTheListsAndMasksMembers) {
  const ProgramResult result =
      run("score", "--data . --model run/model --out page.html --list 20 --details 3");
  ASSERT_EQ(result.status, 0) << result.error;
  const std::string page = folder_->read("page.html");
  EXPECT_THAT(page, HasSubstr("Claims to look at"));
  EXPECT_THAT(page, Not(HasSubstr("\"M149\"")));
  const ProgramResult open = run("score",
                                 "--data . --model run/model --out page.html --list 2000 "
                                 "--details 0 --show-identifiers");
  ASSERT_EQ(open.status, 0) << open.error;
  EXPECT_THAT(folder_->read("page.html"), HasSubstr("\"M149\""));
}

// A bill that is sent again has the number of the first.
TEST_F(ClaimsScore, ClaimsOfOneNumberHaveARowEach) {
  ASSERT_EQ(run("read", ". --out all.ndjson").status, 0);
  const auto rows_of = [](const std::string& file) {
    std::istringstream text(folder_->read(file));
    std::vector<std::string> rows;
    for (std::string row; std::getline(text, row);) rows.push_back(row);
    return rows;
  };
  const std::vector<std::string> claims = rows_of("all.ndjson");
  std::string again = claims.at(1);  // without a test; the first has one
  const std::size_t at = again.find("\"C1\"");
  ASSERT_NE(at, std::string::npos);
  folder_->write("two.ndjson", claims.at(0) + "\n" + again.replace(at, 4, "\"C0\"") + "\n");
  const ProgramResult result = run("score",
                                   "--data two.ndjson --model run/model --order input --out "
                                   "s.ndjson --out page.html --show-identifiers");
  ASSERT_EQ(result.status, 0) << result.error;
  const std::vector<std::string> rows = rows_of("s.ndjson");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[0], StartsWith(R"({"claim":"C0")"));
  EXPECT_THAT(rows[1], StartsWith(R"({"claim":"C0")"));
  EXPECT_NE(rows[0], rows[1]);
  const std::string page = folder_->read("page.html");
  EXPECT_THAT(page, HasSubstr("\"rank\":1,"));
  EXPECT_THAT(page, HasSubstr("\"rank\":2,"));
}

TEST_F(ClaimsScore, RanksByWhatIsAskedAndKeepsDismissedClaimsDown) {
  const auto first_of = [&](const std::string& options) {
    const ProgramResult result =
        run("score", "--data . --model run/model --out o.csv --top 0" + options);
    EXPECT_EQ(result.status, 0) << result.error;
    const std::string table = folder_->read("o.csv");
    const std::size_t row = table.find('\n') + 1;
    return table.substr(row, table.find(',', row) - row);
  };
  EXPECT_EQ(first_of(" --order input"), "C0");
  const std::string most = first_of("");
  folder_->write("d.csv", "claim,queue,decision\n" + most + ",unusual,dismiss\n");
  EXPECT_NE(first_of(" --decisions d.csv"), most);
  const ProgramResult stake =
      run("score", "--data . --model run/model --out o.csv --top 1 --order stake");
  EXPECT_THAT(stake.out, HasSubstr("100.00"));  // a visit; tests cost less
  EXPECT_THAT(run("score", "--data . --model run/model --out o.csv --order stakes").error,
              HasSubstr("score, stake, input, code, combination"));
}

TEST_F(ClaimsScore, APageQuotesClausesWithTheWordsThatMet) {
  folder_->write("policy.md",
                 "# Tests\n\n(a) A Glucose test is paid once a year.\n\n(b) Others.\n");
  folder_->write("codes.csv", "code,description\n83036,Glucose in blood\n99213,Office visit\n");
  const ProgramResult result =
      run("score",
          "--data . --model run/model --out page.html --list 20 --details 20 --tables codes.csv "
          "--clauses policy.md");
  ASSERT_EQ(result.status, 0) << result.error;
  const std::string page = folder_->read("page.html");
  const std::string clause =
      R"j(["(a)","Tests","A Glucose test is paid once a year.","policy.md, line 3"])j";
  ASSERT_NE(page.find(clause), std::string::npos);
  EXPECT_EQ(page.find(clause), page.rfind(clause));  // once, however many claims touch it
  EXPECT_NE(page.find("[0,0,35,[[2,9,1.0,"), std::string::npos);
  EXPECT_NE(page.find("\"Glucose (83036)\""), std::string::npos);
}

TEST_F(ClaimsScore, WrongUseIsMetBeforeAnythingIsRead) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--out s.csv --clauses policy.md --tables codes.csv", "are for a page"},
      {"--out s.html --clauses policy.md", "needs --tables"},
      {"--out s.html --tables codes.csv --fuse", "--fuse needs --clauses"}};
  for (const auto& [options, says] : cases) {
    const ProgramResult result = run("score", "--data . --model run/model " + options);
    EXPECT_EQ(result.status, 2) << options;
    EXPECT_THAT(result.error, HasSubstr(says));
  }
  EXPECT_EQ(run("score", "--data . --model run/model").status, 2);
  EXPECT_EQ(run("score", "--out s.csv").status, 2);
  EXPECT_EQ(run("explain", "--data .").status, 2);
  EXPECT_EQ(run("train", "recipe.json").status, 2);
  EXPECT_THAT(run("explain", "C99999 --data . --model run/model").error,
              HasSubstr("no claim has the number C99999"));
  EXPECT_THAT(run("score", "--data . --model none --out s.csv").error, HasSubstr("none"));
}

}  // namespace
}  // namespace clearhead
