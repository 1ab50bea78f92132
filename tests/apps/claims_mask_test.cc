// clearhead claims mask: what is gone, and what stays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ClaimsMask, LeavesNoIdentifier) {
  const TemporaryFolder folder;
  folder.write("a.csv",
               "claim,member,birth_date,date,provider,status,code,charge\n"
               "C1,Ann,1961-05-04,2024-01-31,Dr. House,paid to Ann Smith,99213,10\n"
               "C2,Ann,1961-05-04,2024-02-10,Dr. House,1,99213,bad\n");
  folder.write("key", "0123456789abcdef\n");
  const ProgramResult result = run_program(
      "clearhead", {"claims", "mask", "a.csv", "--key", "key", "--out", "out"}, folder.path());
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out, "wrote out\n1 claim masked, 1 refused\n");
  const std::string all =
      folder.read("out/members.csv") + folder.read("out/claims.csv") + folder.read("out/lines.csv");
  for (const char* word : {"C1", "Ann", "House", "1961-05-04", "2024-01-31"}) {
    EXPECT_THAT(all, Not(HasSubstr(word)));
  }
  EXPECT_THAT(all, HasSubstr("99213"));
}

TEST(ClaimsMask, NeedsAKeyAndAFolder) {
  const TemporaryFolder folder;
  folder.write("a.csv", "claim,code\nC1,A\n");
  folder.write("key", "short\n");
  const auto run = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"claims", "mask", "a.csv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program("clearhead", arguments, folder.path());
  };
  EXPECT_EQ(run({"--out", "out"}).status, 2);
  EXPECT_EQ(run({"--key", "key"}).status, 2);
  const ProgramResult result = run({"--key", "key", "--out", "out"});
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.error, HasSubstr("key: expected a key of at least 16 bytes, got 5"));
}

}  // namespace
}  // namespace clearhead
