// clearhead claims clauses: what it quotes, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

constexpr const char* kPolicy =
    "# Coverage\n\n(a) Hearing aids are not covered.\n\n(b) A wheelchair is covered at home.\n";

ProgramResult clauses(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  folder.write("policy.md", kPolicy);
  arguments.insert(arguments.begin(), {"claims", "clauses"});
  return run_program("clearhead", arguments, folder.path());
}

TEST(ClaimsClauses, QuotesTheWordsWithTheirPlace) {
  const TemporaryFolder folder;
  const ProgramResult result = clauses(folder, {"policy.md", "--query", "wheelchairs"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out,
            "Asked: wheelchairs\n"
            "\n"
            "1. (b)\n"
            "    Coverage\n"
            "    | A wheelchair is covered at home.\n"
            "    words: wheelchair 100 %\n"
            "    policy.md, line 5\n"
            "\n"
            "Possibly relevant, the most likely first; a person decides.\n");
}

TEST(ClaimsClauses, AClaimIsAskedByTheTextsOfItsCodes) {
  const TemporaryFolder folder;
  folder.write("claims.csv",
               "claim,member,type,service_date,diagnoses,diagnosis_system\n"
               "C1,M1,professional,2024-01-31,H903,ICD-10-CM\n");
  folder.write("lines.csv", "claim,code,system\nC1,V5120,HCPCS\n");
  folder.write("codes.csv",
               "system,code,description\nHCPCS,V5120,Binaural\nHCPCS,V5130,Hearing aid\n"
               "ICD-10-CM,H903,Hearing loss\n");
  const ProgramResult result =
      clauses(folder, {"policy.md", "--claim", "C1", "--data", ".", "--tables", "codes.csv"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("Asked: Binaural; Hearing loss\n\n1. (a)\n"));
  EXPECT_THAT(
      clauses(folder, {"policy.md", "--claim", "C2", "--data", ".", "--tables", "codes.csv"}).error,
      HasSubstr("has the number C2"));
}

TEST(ClaimsClauses, WrongUseIsSaid) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "needs POLICY"},
      {{"policy.md"}, "needs one of --query, --code, --claim and --train"},
      {{"policy.md", "--query", "a", "--code", "b"}, "needs one of"},
      {{"policy.md", "--code", "V5120"}, "--code needs --tables"},
      {{"policy.md", "--claim", "1", "--data", "."}, "--claim needs --data"},
      {{"policy.md", "--query", "a", "--heatmap", "a.txt"}, ".svg"}};
  for (const auto& [arguments, says] : cases) {
    const ProgramResult result = clauses(folder, arguments);
    EXPECT_EQ(result.status, 2) << says;
    EXPECT_THAT(result.error, HasSubstr(says));
  }
}

}  // namespace
}  // namespace clearhead
