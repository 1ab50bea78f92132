// clearhead convert: a tiny model in the other layout says what it said before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Convert : public testing::Test {
 protected:
  Convert() { write_language_model(folder_ / "lm"); }
  ProgramResult run(const std::vector<std::string>& arguments) const {
    return run_program("clearhead", arguments, folder_.path());
  }
  void fail(const std::vector<std::string>& arguments, int status, const std::string& says) const {
    expect_failure(run(arguments), status, says);
  }

  const TemporaryFolder folder_;
};

TEST_F(Convert, SaysWhatItWrote) {
  const ProgramResult result = run({"convert", "lm", "--out", "theirs"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("gpt2: "), HasSubstr(" tensors, "), HasSubstr("\nwrote theirs\n")));
}

TEST_F(Convert, TheModelSaysWhatItSaidBefore) {
  run({"convert", "lm", "--out", "theirs", "--shard-size", "1KB"});
  run({"convert", "theirs", "--out", "ours", "--layout", "clearhead"});
  const std::vector<std::string> more = {"--prompt", "to be", "--greedy", "--tokens", "9"};
  const auto says = [&](const std::string& model) {
    std::vector<std::string> arguments = {"generate", model};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = run(arguments);
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  };
  EXPECT_EQ(says("theirs"), says("lm"));
  EXPECT_EQ(says("ours"), says("lm"));
}

TEST_F(Convert, WrongUseIsSaidBeforeAnythingIsWritten) {
  fail({"convert"}, 2, "which MODEL?");
  fail({"convert", "lm"}, 2, "--out FOLDER");
  fail({"convert", "lm", "--out", "x", "--dtype", "f8"}, 2, "f32, f16 or bf16");
  fail({"convert", "lm", "--out", "x", "--shard-size", "5"}, 2, "a size such as 500MB or 5GB");
  fail({"convert", "lm", "--out", "x", "--shard-size", "0GB"}, 2, "a size such as");
  fail({"convert", "lm", "--out", "lm"}, 1, "there is something already");
  fail({"convert", "nothing", "--out", "x"}, 1, "nothing");
}

}  // namespace
}  // namespace clearhead
