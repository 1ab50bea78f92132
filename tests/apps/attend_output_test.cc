// clearhead attend: what is shown, explained, drawn and saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/tensor/io.h"
#include "tests/apps/attend.h"
#include "tests/apps/program.h"
#include "tests/scale.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(AttendOutput, HeadsThatShareKeysReadLikeOthers) {
  for (const char* way : {"--by-hand", "--fused"}) {
    const std::string text = say({"attend", "--tokens", "3", "--dim", "8", "--heads", "4",
                                  "--kv-heads", "2", "--steps", "--explain", "3,2,1", way});
    EXPECT_THAT(text, HasSubstr("\nhook_raw_scores = q·kᵀ\n")) << way;
    EXPECT_THAT(text, HasSubstr("\n  hook_v[0, 1, 2, 1] = ")) << way;  // head 3 reads kv head 1
    EXPECT_THAT(text, Not(HasSubstr("reshape"))) << way;
  }
  EXPECT_THAT(say({"attend", "--tokens", "3", "--dim", "8", "--heads", "4", "--kv-heads", "2"}),
              HasSubstr("4 heads of 2 dims sharing 2 kv heads"));
}

TEST(AttendOutput, NpzAndSafetensorsHoldTheSame) {
  const NamedTensors a = saved(kDemo, ".safetensors");
  const NamedTensors b = saved(kDemo, ".npz");
  EXPECT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    EXPECT_EQ(largest_difference(tensor, b.at(name)), 0) << name;
  }
}

TEST(AttendOutput, OneNumberIsExplained) {
  const NamedTensors s = saved(kDemo);
  const std::string text = say(with(kDemo, {"--explain", "0,2,1"}));
  EXPECT_THAT(text, HasSubstr("\nhook_z[0, 0, 2, 1] = "));
  const double value = std::stod(text.substr(text.find("1] = ") + 5));
  EXPECT_NEAR(value, s.at("hook_z").at({2, 1}), 5e-5 * std::abs(value));
  EXPECT_THAT(text, AllOf(HasSubstr("= pattern·v\n"), HasSubstr("hook_pattern[0, 0, 2, 0]"),
                          HasSubstr("hook_v[0, 0, 2, 1]"), Not(HasSubstr("W_Q"))));
  EXPECT_THAT(say(with(kDemo, {"--explain", "0,2,1", "--depth", "all"})),
              AllOf(HasSubstr("W_Q[0, 3, 3]"), HasSubstr("x[0, 0, 2, 3]"), HasSubstr("(input)")));
  EXPECT_EQ(say(with(kDemo, {"--explain", "0,2,1", "--depth", "all"})),
            say(with(kDemo, {"--explain", "0,2,1", "--depth", "5000"})));
  EXPECT_THAT(say(with(kDemo, {"--explain", "hook_pattern[0,1,1]"})), HasSubstr("= exp("));
  EXPECT_THAT(say(with(kDemo, {"--explain", "hook_row_max[0,1]"})),
              HasSubstr("hook_row_max[0, 0, 1, 0] = "));
  for (const char* same : {"0,-1,1", "-1,2,-3", "0,0,2,1", "hook_z[0,2,1]", "hook_z[:,:,2,1]"}) {
    EXPECT_EQ(say(with(kDemo, {"--explain", same})), text) << same;
  }
}

TEST(AttendOutput, FiguresAreWrittenByTheirEnding) {
  const TemporaryFolder folder;
  const std::vector<std::pair<std::string, std::string>> figures = {
      {".svg", "<?xml"}, {".png", "\x89PNG"}, {".pdf", "%PDF"}, {".html", "<!DOCTYPE html"}};
  std::vector<std::string> arguments = kDemo;
  for (const auto& [ending, start] : figures) {
    arguments = with(arguments, {"--out", folder / ("figure" + ending)});
  }
  const std::string text = say(arguments);
  for (const auto& [ending, start] : figures) {
    EXPECT_THAT(text, HasSubstr("wrote " + (folder / ("figure" + ending)).string()));
    EXPECT_EQ(folder.read("figure" + ending).substr(0, start.size()), start);
  }
}

TEST(AttendOutput, TextThatIsNotForATerminalIsPlain) {
  const std::string text = say(with(kDemo, {"--steps", "--explain", "0,0,0"}));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
}

TEST(AttendOutput, LargeStepsShowTheirCornerAndSaySo) {
  const std::string text =
      say({"attend", "--tokens", "60", "--dim", "64", "--heads", "32", "--steps"});
  EXPECT_THAT(text, HasSubstr("… 48 more rows, "));
  EXPECT_THAT(text, HasSubstr("… 28 more of these tables"));
  EXPECT_LT(text.size(), 200000u);
}

TEST(AttendOutput, APatternTooLargeToHoldIsPooledAndSaysSo) {
  if (is_small_scale()) GTEST_SKIP() << "67 million weights";
  const TemporaryFolder folder;
  write_tensors(folder / "long.npy", {{{"x", Tensor({8200, 1})}}, {}});
  const std::string text = say({"attend", "--x", folder / "long.npy", "--fused", "--causal",
                                "--save", folder / "steps.safetensors"});
  EXPECT_THAT(text, HasSubstr("each value the largest of 17 × 17 weights"));
  EXPECT_THAT(text, HasSubstr("left out of it"));
  const NamedTensors steps = read_tensors(folder / "steps.safetensors");
  EXPECT_EQ(steps.find("hook_pattern"), nullptr);
  EXPECT_EQ(steps.at("hook_z").shape(), (Shape{8200, 1}));
}

}  // namespace
}  // namespace clearhead
