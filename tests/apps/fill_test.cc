// clearhead fill: the table shows what the library finds.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/models/generate.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FillCommand : public testing::Test {
 protected:
  ProgramResult fill(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "fill");
    return run_program("clearhead", arguments, folder_.path());
  }

  const TemporaryFolder folder_;
  const SavedModel saved_ = write_masked_model(folder_ / "masked");
};

TEST_F(FillCommand, ShowsTheLikeliestOfEachMask) {
  const Tokenizer& tokenizer = *saved_.tokenizer;
  const auto likely =
      fill_masks(as<MaskedModel>(saved_), tokenizer.encode("<s>a <mask>at . <mask> dog</s>"),
                 tokenizer.special(kMaskToken), 3);
  const ProgramResult result = fill({"masked", "a <mask>at . <mask> dog", "--top", "3"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(likely.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_THAT(result.out, HasSubstr(fmt::format("<mask> {}", i + 1)));
    for (const LikelyToken& token : likely[i]) {
      EXPECT_THAT(result.out, HasSubstr(fmt::format("{:.2f} %", 100 * token.probability)));
    }
  }
}

TEST_F(FillCommand, ATerminalObeysNothingOfTheText) {
  const std::string captions = CLEARHEAD_SOURCE_DIR "/models/captions";
  const ProgramResult result = fill({captions, "a \x1b[31m\r<mask> dog"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, StartsWith("a \\x1b[31m\\r"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
}

TEST_F(FillCommand, ReplacesWhatTheModelHasNotLearnt) {
  EXPECT_EQ(fill({"masked", "Xa! <mask>", "--replace", "."}).out,
            fill({"masked", ".a. <mask>"}).out);
}

TEST_F(FillCommand, ATextMayBeginWithADash) {
  const ProgramResult result = fill({"masked", "--replace", "", "--", "--a <mask>"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out, fill({"masked", "a <mask>"}).out);
}

TEST_F(FillCommand, WrongUseIsSaid) {
  write_language_model(folder_ / "lm");
  struct Wrong {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  };
  const std::vector<Wrong> all = {
      {{"masked"}, 2, "there is no text to fill; write <mask> for each word"},
      {{"masked", ""}, 2, "there is no text to fill"},
      {{"masked", "no gap here"}, 2, "there is no mask in the text; write <mask> for each word"},
      {{"masked", "a <mask>", "--top", "0"}, 2, "at least 1"},
      {{"masked", std::string(40, 'a') + "<mask>"},
       1,
       "the text has 41 tokens, and masked reads 30 at most; leave out what is far from the mask"},
      {{"masked", "Ä <mask>"}, 1, "TEXT: masked has not learnt \"Ä\" (U+00C4); --replace"},
      {{"lm", "a <mask>"}, 1, "clearhead generate"},
  };
  for (const Wrong& wrong : all) {
    const ProgramResult result = fill(wrong.arguments);
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_THAT(result.error, HasSubstr(wrong.says));
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace clearhead
