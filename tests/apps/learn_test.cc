// clearhead learn as a learner would use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::Not;

ProgramResult learn(const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {"learn"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program("clearhead", all);
}

TEST(Learn, ListsTheLessons) {
  const ProgramResult result = learn({});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("1. Words weigh themselves"));
  EXPECT_THAT(result.out, HasSubstr("2. Attention between two things"));
}

TEST(Learn, ShowsPageAndOutputInOrder) {
  const ProgramResult result = learn({"2"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("2. Attention between two things"));
  EXPECT_THAT(result.out, HasSubstr("  0.9     0.45"));
  EXPECT_THAT(result.out, HasSubstr("✓ A product of zero is not no attention."));
  EXPECT_THAT(result.out, HasSubstr("--set query=0.5"));
  EXPECT_THAT(result.out, Not(HasSubstr("<details>")));
  EXPECT_THAT(result.out, Not(HasSubstr("The smallest key has")));  // an answer
  EXPECT_LT(result.out.find("there are four keys"), result.out.find("0.45"));
  EXPECT_LT(result.out.find("0.45"), result.out.find("What to notice"));
}

TEST(Learn, WritesFormulasAsText) {
  const ProgramResult result = learn({"3"});
  EXPECT_THAT(result.out, HasSubstr("    (Q Kᵀ)ᵢⱼ = qᵢ · kⱼ\n"));
  EXPECT_THAT(result.out, HasSubstr("    Q = X W_Q       K = X W_K       V = X W_V\n"));
  const ProgramResult next = learn({"4"});
  EXPECT_THAT(next.out, HasSubstr("    ∂z / ∂sⱼ = pⱼ (vⱼ - z)\n"));
  EXPECT_THAT(learn({"9"}).out, HasSubstr(" = relu(x Wᵢₙᵀ) Wₒᵤₜᵀ\n"));
  EXPECT_THAT(next.out, HasSubstr("    Attention(Q, K, V) = softmax((Q Kᵀ) / √d) V\n"));
}

TEST(Learn, TurnsKnobsAndShowsAnswers) {
  const ProgramResult result = learn({"two_things", "--set", "query=-0.5", "--answers"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("With query=-0.5"));
  EXPECT_THAT(result.out, HasSubstr("-0.45"));
  EXPECT_THAT(result.out, HasSubstr("✗ The query 0.5 gives the products"));
  EXPECT_THAT(result.out, HasSubstr("The smallest key has"));
}

TEST(Learn, KeepsTo80ColumnsWithoutColours) {
  for (const char* lesson : {"1", "16", "17"}) {
    const ProgramResult result = learn({lesson, "--answers"});
    expect_80_columns(result.out);
    EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  }
}

TEST(Learn, WrapsOutputThatIsTooLong) {
  const ProgramResult result = learn(
      {"10", "--set",
       "sentence=A man in a blue shirt is standing on a ladder and is cleaning the windows of "
       "a house."});
  EXPECT_THAT(result.out, HasSubstr("cleaning the windows of a\n  house."));
  expect_80_columns(result.out.substr(0, result.out.find("Knobs to turn:")));  // as it was given
}

TEST(Learn, ShowsFiguresWhereThePageHasThem) {
  const ProgramResult result = learn({"1"});
  const std::size_t lead = result.out.find("The same as a picture");
  const std::size_t figure = result.out.find("The same scores, multiplied");
  EXPECT_LT(lead, figure);
  EXPECT_LT(figure, result.out.find("Weights of six words for five factors."));
}

TEST(Learn, ListsKnobsAsTheyAreTurned) {
  const ProgramResult result = learn({"17"});
  EXPECT_THAT(result.out,
              HasSubstr("  --set \"text=low lower lowest slow slower slowest\"\n      the text"));
  EXPECT_THAT(result.out, HasSubstr("  --set merges=8  merges to learn"));
}

TEST(Learn, DrawsFigures) {
  const TemporaryFolder folder;
  const ProgramResult result = learn({"1", "--figures", folder / "drawn"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(folder.read("drawn/sharpness.svg"), HasSubstr("<svg"));
}

TEST(Learn, RefusesWhatThereIsNot) {
  const auto expect = [](const std::vector<std::string>& arguments, const std::string& message) {
    const ProgramResult result = learn(arguments);
    EXPECT_NE(result.status, 0);
    EXPECT_THAT(result.error, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  };
  expect({"99"}, "there is no lesson 99; expected a number from 1 to");
  expect({"2", "--set", "colour=red"}, "this lesson has no knob of that name; it has query");
  expect({"2", "--set", "query=much"}, "--set query=much: expected a number from -1000 to 1000");
  expect({"2", "--set", "query"}, "KNOB=VALUE");
  expect({"2", "--figures", "/proc/figures"}, "/proc/figures: cannot make this folder");
  expect({"--set", "query=1"}, "--set needs a lesson");
}

}  // namespace
}  // namespace clearhead
