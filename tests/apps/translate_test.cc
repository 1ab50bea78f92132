// clearhead translate: arguments, files and standard input, line by line.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "clearhead/models/beam_search.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

class TranslateCommand : public testing::Test {
 protected:
  ProgramResult translate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "translate");
    return run_program("clearhead", arguments, folder_.path());
  }

  // The lines that the library finds, each as the command shows it.
  std::vector<std::string> expected(const std::string& text, std::int64_t beam,
                                    std::int64_t n_best = 1) {
    const Tokenizer& tokenizer = *saved_.tokenizer;
    const std::vector<std::vector<std::int64_t>> sources = {tokenizer.encode(text)};
    std::vector<std::string> lines;
    const auto translations = clearhead::translate(as<TranslationModel>(saved_), sources,
                                                   {.start = tokenizer.special(kStartToken),
                                                    .end = tokenizer.special(kEndToken),
                                                    .beam = beam,
                                                    .n_best = n_best});
    for (const Translation& translation : translations[0]) {
      std::string line = tokenizer.decode(translation.tokens);
      std::replace(line.begin(), line.end(), '\n', ' ');
      lines.push_back(n_best == 1 ? line + "\n"
                                  : fmt::format("{:.4f}\t{}\n", translation.score, line));
    }
    return lines;
  }

  const TemporaryFolder folder_;
  const SavedModel saved_ = write_translation_model(folder_ / "model");
};

TEST_F(TranslateCommand, TranslatesArguments) {
  const ProgramResult result = translate({"model", "a dog.", "two dogs"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.out, expected("a dog.", 5)[0] + expected("two dogs", 5)[0]);
  EXPECT_EQ(translate({"model", "a dog.", "--beam", "1"}).out, expected("a dog.", 1)[0]);
}

TEST_F(TranslateCommand, ReplacesWhatTheModelHasNotLearnt) {
  EXPECT_EQ(translate({"model", "A dog?", "--replace", ""}).out, expected(" dog", 5)[0]);
  EXPECT_EQ(translate({"model", "--replace", "", "--", "-a dog."}).out, expected("a dog.", 5)[0]);
}

TEST_F(TranslateCommand, ATextInBracketsIsOneText) {
  EXPECT_EQ(translate({"model", "[a.b]", "--replace", "."}).out, expected(".a.b.", 5)[0]);
  EXPECT_EQ(translate({"model", "[a,b]", "--replace", ".", "c"}).out,
            expected(".a.b.", 5)[0] + expected("c", 5)[0]);
}

TEST_F(TranslateCommand, WordsWithoutQuotesAreNoted) {
  const ProgramResult result = translate({"model", "two", "dogs"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, expected("two", 5)[0] + expected("dogs", 5)[0]);
  EXPECT_THAT(result.error, HasSubstr("note: each word is translated by itself; a text is written "
                                      "in quotes: clearhead translate … \"two dogs\""));
}

TEST_F(TranslateCommand, ShowsTheNBest) {
  std::string all;
  for (const std::string& line : expected("a dog.", 4, 3)) all += line;
  EXPECT_EQ(translate({"model", "a dog.", "--beam", "4", "--n-best", "3"}).out, all + "\n");
}

TEST_F(TranslateCommand, TranslatesFilesAndWhatComesIn) {
  const std::string in = folder_.write("in.txt", "a dog.\r\n\ntwo dogs");
  const std::string lines = expected("a dog.", 5)[0] + "\n" + expected("two dogs", 5)[0];
  const ProgramResult result = translate({"model", "--file", "in.txt", "--out", "out.txt"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out, "wrote out.txt\n");
  EXPECT_EQ(folder_.read("out.txt"), lines);

  const ProgramResult piped =
      run_shell(fmt::format("printf 'a dog.\\r\\n\\ntwo dogs' | {}/clearhead translate {}",
                            CLEARHEAD_BIN_DIR, (folder_ / "model").string()));
  EXPECT_EQ(piped.status, 0) << piped.error;
  EXPECT_EQ(piped.out, lines);
}

TEST_F(TranslateCommand, WrongUseIsSaid) {
  write_language_model(folder_ / "lm");
  folder_.write("long.txt", "short\n" + std::string(40, 'a') + "\n");
  folder_.write("in.txt", "a dog.\n");
  struct Wrong {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  };
  const std::vector<Wrong> all = {
      {{"model", "a", "--file", "in.txt"}, 2, "not both"},
      {{"nobody", "a", "--beam", "0"}, 2, "--beam: expected a whole number from 1 to 4096"},
      {{"nobody", "a", "--beam", "2", "--n-best", "3"}, 2, "--n-best: expected at most as many as"},
      {{"nobody", "a", "--length-penalty", "-1"}, 2, "--length-penalty: expected a number of at"},
      {{"model", "-a dog."}, 2, "begins with a dash: clearhead translate … -- \"-a dog.\""},
      {{"model", "--file", "missing.txt"}, 1, "missing.txt"},
      {{"model", "--file", "long.txt"}, 1, "long.txt, line 2: the text has 40 tokens, and"},
      {{"model", "--file", "in.txt", "--out", "nowhere/out.txt"}, 1, "nowhere"},
      {{"model", "été"}, 1, "TEXT, line 1: model has not learnt \"é\" (U+00E9); --replace \"\""},
      {{"lm", "a"}, 1, "clearhead generate"},
  };
  for (const Wrong& wrong : all) {
    const ProgramResult result = translate(wrong.arguments);
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_THAT(result.error, HasSubstr(wrong.says));
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace clearhead
