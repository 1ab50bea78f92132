// clearhead evaluate: the numbers are those of the library.
#include "clearhead/train/evaluate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class EvaluateCommand : public testing::Test {
 protected:
  ProgramResult evaluate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "evaluate");
    return run_program("clearhead", arguments, folder_.path());
  }

  const TemporaryFolder folder_;
};

const std::string kText = "the quick brown fox jumps over the lazy dog.\nand again it jumps.\n";

TEST_F(EvaluateCommand, ALanguageModel) {
  const SavedModel saved = write_language_model(folder_ / "lm");
  folder_.write("text.txt", kText);
  const auto report = [&](const std::string& text) {
    const PredictionScore score = evaluate_text(
        as<LanguageModel>(saved), saved.tokenizer->encode(text), 32, Precision::highest);
    return AllOf(
        HasSubstr(fmt::format("{:.4f} nats a token", score.loss)),
        HasSubstr(fmt::format("{:.4g}\n", std::exp(score.loss))),
        HasSubstr(fmt::format("{:.2f} % of {} tokens", 100 * score.accuracy, text.size() - 1)),
        // a token is a character
        HasSubstr(
            fmt::format("{:.4f} of {} characters", score.loss / std::log(2.0), text.size() - 1)));
  };
  const ProgramResult result = evaluate({"lm", "--file", "text.txt"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.error, "");
  EXPECT_THAT(result.out, report(kText));
  EXPECT_THAT(evaluate({"lm", "--file", "text.txt", "--skip", "0.5"}).out,
              report(kText.substr(kText.size() / 2)));
}

TEST_F(EvaluateCommand, ReplacesWhatTheModelHasNotLearnt) {
  write_language_model(folder_ / "lm");
  folder_.write("crlf.txt", "a dog.\r\nand more.\r\n");
  folder_.write("lf.txt", "a dog.\nand more.\n");
  EXPECT_EQ(evaluate({"lm", "--file", "crlf.txt", "--replace", ""}).out,
            evaluate({"lm", "--file", "lf.txt"}).out);
  const ProgramResult nothing = evaluate({"lm", "--file", "crlf.txt", "--replace", "!"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.error, HasSubstr("--replace: lm has not learnt \"!\" (U+0021)"));
}

TEST_F(EvaluateCommand, AMaskedModel) {
  const SavedModel saved = write_masked_model(folder_ / "masked");
  folder_.write("lines.txt", "a quick brown fox\na lazy dog\n");
  const std::vector<Sequence> lines = {saved.tokenizer->encode("a quick brown fox"),
                                       saved.tokenizer->encode("a lazy dog")};
  const PredictionScore score =
      evaluate_masks(as<MaskedModel>(saved), lines, *saved.tokenizer, Precision::highest);
  const ProgramResult result = evaluate({"masked", "--file", "lines.txt"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(
      result.out,
      AllOf(HasSubstr(fmt::format("{:.4f} nats a token", score.loss)),
            HasSubstr(fmt::format("{:.2f} % of {} tokens", 100 * score.accuracy, score.targets)),
            HasSubstr("2 lines")));
}

TEST_F(EvaluateCommand, ATranslationModel) {
  const SavedModel saved = write_translation_model(folder_ / "model");
  folder_.write("source.txt", "a dog\ntwo dogs\n");
  // What the model itself writes is the best there is.
  folder_.write(
      "target.txt",
      run_program("clearhead", {"translate", "model", "a dog", "two dogs"}, folder_.path()).out);
  const ProgramResult result =
      evaluate({"model", "--source", "source.txt", "--target", "target.txt"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, AllOf(HasSubstr("with beam 5"), HasSubstr("brevity penalty 1.0000"),
                                HasSubstr("100.0/"), HasSubstr("nats a token")));
}

TEST_F(EvaluateCommand, WrongUseIsSaid) {
  write_language_model(folder_ / "lm");
  write_masked_model(folder_ / "masked");
  write_translation_model(folder_ / "model");
  folder_.write("a.txt", "a dog\n");
  folder_.write("two.txt", "a dog\nand more\n");
  folder_.write("empty.txt", "");
  folder_.write("long.txt", std::string(31, 'a') + "\n");
  folder_.write("other.txt", "été\n");
  folder_.write("crlf.txt", "a dog\r\nand more\r\n");
  folder_.write("nul.txt", std::string("a dog\0and more\n", 16));
  struct Wrong {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  };
  const std::vector<Wrong> all = {
      {{}, 2, "which MODEL?"},
      {{"lm"}, 2, "this is a language model: give --file"},
      {{"lm", "--source", "a.txt", "--target", "a.txt"}, 2, "this is a language model"},
      {{"masked"}, 2, "this is a masked model: give --file"},
      {{"model", "--file", "a.txt"}, 2, "this is a translation model: give --source"},
      {{"masked", "--file", "a.txt", "--skip", "0.5"}, 2, "--skip is for language models"},
      {{"lm", "--file", "a.txt", "--skip", "1"}, 2, "a number from 0 to below 1"},
      {{"lm", "--file", "empty.txt"}, 1, "empty.txt"},
      {{"lm", "--file", "other.txt"}, 1, "other.txt: lm has not learnt \"é\" (U+00E9); --replace"},
      {{"lm", "--file", "crlf.txt"}, 1, "crlf.txt: lm has not learnt \"\\x0d\" (U+000D); --rep"},
      {{"lm", "--file", "nul.txt"}, 1, "nul.txt: lm has not learnt \"\\x00\" (U+0000); --replace"},
      {{"masked", "--file", "other.txt"}, 1, "other.txt, line 1: masked has not learnt"},
      {{"model", "--source", "a.txt", "--target", "other.txt"}, 1, "other.txt, line 1: model has"},
      {{"masked", "--file", "long.txt"}, 1, "long.txt, line 1: the text has 31 tokens, and masked"},
      {{"nobody", "--source", "a", "--target", "b", "--beam", "4097"}, 2, "--beam: expected"},
      {{"nobody", "--source", "a", "--target", "b", "--length-penalty", "-1"},
       2,
       "--length-penalt"},
      {{"model", "--source", "a.txt", "--target", "two.txt"}, 1, "two.txt"},
  };
  for (const Wrong& wrong : all) {
    const ProgramResult result = evaluate(wrong.arguments);
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_THAT(result.error, HasSubstr(wrong.says));
    EXPECT_EQ(result.out, "");
  }
}

}  // namespace
}  // namespace clearhead
