// Commands that read one text: as an argument, from a file, or from standard input.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TextFromFile : public testing::Test {
 protected:
  TextFromFile() {
    write_language_model(folder_ / "lm");
    write_masked_model(folder_ / "masked");
    folder_.write("text.txt", "to be\n");
    folder_.write("other.txt", "to we\r\n");
    folder_.write("gap.txt", "a <mask>\n");
  }

  std::string say(const std::vector<std::string>& arguments) const {
    const ProgramResult result = run_program("clearhead", arguments, folder_.path());
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  }

  void fail(const std::vector<std::string>& arguments, int status, const std::string& says) const {
    expect_failure(run_program("clearhead", arguments, folder_.path()), status, says);
  }

  // What `command` prints with `text` as its standard input.
  std::string piped(const std::string& text, const std::string& command) const {
    const ProgramResult result =
        run_shell(fmt::format("cd {} && printf '{}' | COLUMNS=80 {}/clearhead {}",
                              folder_.path().string(), text, CLEARHEAD_BIN_DIR, command));
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  }

  const TemporaryFolder folder_;
};

TEST_F(TextFromFile, IsReadAsTheArgumentIs) {
  const std::string place = "blocks.0.attn.hook_z[0,2,1]";
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> same = {
      {{"see", "to be", "--model", "lm"}, {"see", "--file", "text.txt", "--model", "lm"}},
      {{"lens", "logits", "lm", "to be"}, {"lens", "logits", "lm", "--file", "text.txt"}},
      {{"lens", "heads", "lm", "to be"}, {"lens", "heads", "lm", "--file", "text.txt"}},
      {{"lens", "patch", "lm", "to be", "--from", "to we"},
       {"lens", "patch", "lm", "--file", "text.txt", "--from-file", "other.txt"}},
      {{"explain", "lm", "to be", place}, {"explain", "lm", place, "--file", "text.txt"}},
      {{"dump", "lm", "to be", "--save", "a.npz"},
       {"dump", "lm", "--file", "text.txt", "--save", "a.npz"}},
      {{"fill", "masked", "a <mask>"}, {"fill", "masked", "--file", "gap.txt"}},
      {{"generate", "lm", "--prompt", "to be", "--tokens", "9"},
       {"generate", "lm", "--file", "text.txt", "--tokens", "9"}},
  };
  for (const auto& [argument, file] : same) {
    const std::string said = say(file);
    EXPECT_THAT(said, Not(IsEmpty()));
    EXPECT_EQ(said, say(argument)) << argument[0];
  }
}

TEST_F(TextFromFile, ComparedTextsAreNamed) {
  const std::string said =
      say({"compare", "lm", "lm", "--file", "text.txt", "--other-file", "other.txt"});
  EXPECT_THAT(said, HasSubstr("A: lm reads text.txt\nB: lm reads other.txt\n"));
  EXPECT_THAT(said, HasSubstr("is tokens:"));
}

// The changed run of `see` reads the text a second time.
TEST_F(TextFromFile, ADashIsStandardInput) {
  EXPECT_EQ(piped("to be\\n", "see --file - --model lm --ablate \"blocks.0.attn.hook_z[1]\""),
            say({"see", "to be", "--model", "lm", "--ablate", "blocks.0.attn.hook_z[1]"}));
  EXPECT_THAT(piped("to be", "compare lm lm --file -"), HasSubstr("B: lm reads standard input"));
  write_embedding_model(folder_ / "vectors");
  EXPECT_EQ(piped("a dog\\ntwo", "embed vectors --file -"),
            say({"embed", "vectors", "a dog", "two"}));
}

TEST_F(TextFromFile, OnlyItsLastLineEndIsLeftOut) {
  folder_.write("lines.txt", "to\nbe\n\n");
  EXPECT_EQ(say({"see", "--file", "lines.txt", "--model", "lm"}),
            say({"see", "to\nbe\n", "--model", "lm"}));
}

TEST_F(TextFromFile, WrongUseIsSaid) {
  folder_.write("empty.txt", "");
  folder_.write("line.txt", "\n");
  folder_.write("latin1.txt", "to\nb\xe9");
  folder_.write("unknown.txt", "to bé");
  fail({"see", "to be", "--file", "text.txt"}, 2, "give either a TEXT or --file FILE, not both");
  fail({"fill", "masked", "a <mask>", "--file", "gap.txt"}, 2, "not both");
  fail({"explain", "lm", "to be", "hook_z[0]", "--file", "text.txt"}, 2, "not both");
  fail({"explain", "lm", "--file", "text.txt"}, 2, "which NAME[INDEX]?");
  fail({"lens", "patch", "lm", "to be", "--from", "to we", "--from-file", "other.txt"}, 2,
       "give either --from TEXT or --from-file FILE");
  fail({"compare", "lm", "lm", "--text", "a", "--file", "text.txt"}, 2, "either --text TEXT or");
  fail({"generate", "lm", "--prompt", "a", "--file", "text.txt"}, 2, "either --prompt TEXT or");
  fail({"generate", "lm", "--chat", "a", "--file", "text.txt"}, 2, "either --file FILE or --chat");
  fail({"lens", "pattern", "nobody"}, 2, "--file FILE reads it from a file");
  // What is wrong with a file is said before the model is opened.
  fail({"see", "--model", "nobody", "--file", "none.txt"}, 1, "none.txt: cannot open");
  fail({"see", "--model", "nobody", "--file", "empty.txt"}, 1, "empty.txt: expected text, got an");
  fail({"see", "--model", "nobody", "--file", "line.txt"}, 1, "line.txt: expected text, got an");
  fail({"see", "--model", "nobody", "--file", "-"}, 1,
       "standard input: expected text, got nothing");
  fail({"dump", "nobody", "--save", "a.npz", "--file", "latin1.txt"}, 1,
       "latin1.txt: line 2: expected UTF-8");
  fail({"generate", "lm", "--file", "unknown.txt"}, 1, "unknown.txt: lm has not learnt \"é\"");
}

}  // namespace
}  // namespace clearhead
