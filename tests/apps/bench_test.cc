// clearhead bench: what it prints and writes. How fast anything is, is no test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Bench, QuickLimitsAreShownAndWritten) {
  const TemporaryFolder folder;
  const std::string file = folder / "limits.json";
  const ProgramResult result =
      run_program("clearhead", {"bench", "--quick", "--only", "limits", "--json", file});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("kernels run as"));
  EXPECT_THAT(result.out, HasSubstr("f32 multiply-add"));
  EXPECT_THAT(result.out, HasSubstr("reading memory"));
  EXPECT_THAT(result.out, Not(HasSubstr("matmul")));

  std::ifstream stream(file);
  const nlohmann::json json = nlohmann::json::parse(stream);
  EXPECT_GE(json.at("machine").at("cores").get<int>(), 1);
  EXPECT_TRUE(json.at("kernels").empty());
  ASSERT_FALSE(json.at("limits").empty());
  for (const nlohmann::json& limit : json.at("limits")) {
    EXPECT_GT(limit.at("per_second").get<double>(), 0);
    EXPECT_LE(limit.at("seconds").at("min").get<double>(),
              limit.at("seconds").at("median").get<double>());
  }
}

TEST(Bench, KernelsAreShownAsAFractionOfTheirLimit) {
  const ProgramResult result =
      run_program("clearhead", {"bench", "--quick", "--threads", "1", "--only", "softmax"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("of limit"));
  EXPECT_THAT(result.out, HasSubstr("softmax"));
  EXPECT_THAT(result.out, HasSubstr(" %\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("gelu")));
}

// What stays in a cache may be read faster than memory; then that is said.
TEST(Bench, NothingIsAboveItsLimitWithoutARemark) {
  const TemporaryFolder folder;
  const std::string file = folder / "all.json";
  const ProgramResult result = run_program("clearhead", {"bench", "--quick", "--only", "softmax",
                                                         "--only", "layer_norm", "--json", file});
  ASSERT_EQ(result.status, 0) << result.error;
  std::ifstream stream(file);
  const nlohmann::json json = nlohmann::json::parse(stream);
  bool any_above = false;
  for (const nlohmann::json& kernel : json.at("kernels")) {
    const bool is_above = kernel.at("of_limit").get<double>() > 1;
    EXPECT_EQ(kernel.contains("remark"), is_above);
    any_above |= is_above;
  }
  EXPECT_EQ(result.out.find("  * ") != std::string::npos, any_above);
  EXPECT_EQ(result.out.find("\n* above the limit: ") != std::string::npos, any_above);
}

TEST(Bench, AnUnknownKernelIsWrongUseAndTheKnownOnesAreNamed) {
  const ProgramResult result = run_program("clearhead", {"bench", "--only", "matmull"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.error, HasSubstr("expected limits, matmul, "));
  EXPECT_THAT(result.error, HasSubstr("\"matmull\""));
}

}  // namespace
}  // namespace clearhead
