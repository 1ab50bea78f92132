// clearhead generate: that it writes what the library does, bit by bit, and says what is wrong.
#include "clearhead/models/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "clearhead/base/encoding.h"
#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class GenerateCommand : public testing::Test {
 protected:
  ProgramResult generate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "generate");
    return run_program("clearhead", arguments, folder_.path());
  }

  const TemporaryFolder folder_;
  const SavedModel saved_ = write_language_model(folder_ / "lm");
};

TEST_F(GenerateCommand, WritesWhatTheLibraryDoes) {
  const auto prompt = saved_.tokenizer->encode("to be ");
  const auto written = [&](const GenerateOptions& options) {
    return "to be " +
           saved_.tokenizer->decode(
               clearhead::generate(as<LanguageModel>(saved_), prompt, options)) +
           "\n";
  };
  const ProgramResult greedy = generate({"lm", "--prompt", "to be ", "--greedy", "--tokens", "40"});
  EXPECT_EQ(greedy.status, 0) << greedy.error;
  EXPECT_EQ(greedy.error, "");
  EXPECT_EQ(greedy.out, written({.tokens = 40, .sampling = {.temperature = 0}}));

  EXPECT_EQ(generate({"lm", "--prompt", "to be ", "--seed", "3"}).out,
            written({.sampling = {.temperature = 0.8}, .seed = 3}));
  EXPECT_EQ(generate({"lm", "--prompt", "to be ", "--temperature", "1.5", "--top-k", "9", "--top-p",
                      "0.7", "--tokens", "20"})
                .out,
            written({.tokens = 20, .sampling = {.temperature = 1.5, .top_k = 9, .top_p = 0.7}}));
}

TEST_F(GenerateCommand, BeginsByItself) {
  const ProgramResult result = generate({"lm", "--tokens", "5", "--stats"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_EQ(result.out.size(), 6u);  // and the newline at the end
  EXPECT_EQ(generate({"lm", "--tokens", "5", "--prompt", ""}).out, result.out);
  EXPECT_THAT(result.error,
              MatchesRegex("1 token read and 1 written in [0-9.]+ s, 4 more in [0-9.]+ s: [0-9]+ "
                           "tokens/s\n"));
  EXPECT_THAT(generate({"lm", "--tokens", "1", "--stats"}).error,
              MatchesRegex("1 token read and 1 written in [0-9.]+ s\n"));
}

TEST_F(GenerateCommand, WritesUtf8WhateverTheTokensAre) {
  write_byte_model(folder_ / "bytes");
  const ProgramResult result = generate({"bytes", "--prompt", "é€😀", "--temperature", "3"});
  EXPECT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, StartsWith("é€😀"));
  EXPECT_EQ(find_invalid_utf8(result.out), std::string::npos);
}

TEST_F(GenerateCommand, ATerminalObeysNothingOfTheText) {
  write_byte_model(folder_ / "bytes");
  const std::string command =
      "export CLEARHEAD_PROMPT=$'\\x1b[31m\\té'; cd " + folder_.path().string() + "; ";
  const std::string generate = CLEARHEAD_BIN_DIR
      "/clearhead generate bytes --tokens 1 --greedy --prompt \"$CLEARHEAD_PROMPT\"";
  EXPECT_THAT(run_shell(command + generate).out, StartsWith("\x1b[31m\té"));  // exact in a pipe
  const ProgramResult shown =
      run_shell(command + "script -qec '" + generate + "' /dev/null < /dev/null");
  EXPECT_EQ(shown.status, 0) << shown.error;
  EXPECT_THAT(shown.out, HasSubstr("\\x1b[31m\té"));
  EXPECT_THAT(shown.out, Not(HasSubstr("\x1b")));
}

TEST_F(GenerateCommand, ReadsWhatItCanOfThePrompt) {
  const auto begins = [&](const std::string& prompt, std::vector<std::string> more) {
    more.insert(more.begin(), {"lm", "--greedy", "--tokens", "9", "--prompt", prompt});
    return generate(more);
  };
  EXPECT_EQ(begins("tö bé", {"--replace", "."}).out, begins("t. b.", {}).out);
  EXPECT_EQ(begins("É", {"--replace", ""}).out, begins("", {}).out);
  const std::string end = "the last sixteen";
  const ProgramResult shortened = begins("of more than it reads. " + end, {});
  EXPECT_EQ(shortened.status, 0);
  EXPECT_THAT(shortened.out, HasSubstr(begins(end, {}).out));
  EXPECT_THAT(shortened.error,
              HasSubstr("note: the prompt has 39 tokens, and lm reads 32 at most"));
}

TEST_F(GenerateCommand, WrongUseIsSaid) {
  write_masked_model(folder_ / "masked");
  folder_.write("broken/config.json", R"({"family": "decoder", "transformer": {"layer": 2}})");
  folder_.write("empty/nothing.txt", "");
  struct Wrong {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  };
  const std::vector<Wrong> all = {
      {{}, 2, "which MODEL?"},
      {{"lm", "--prompt", "to bé"}, 1, "--prompt: lm has not learnt \"é\" (U+00E9); --replace"},
      {{"masked"}, 1, "got a masked model (clearhead fill)"},
      {{"broken"}, 1, "layer"},
      {{"empty"}, 1, "or a .gguf file, got one without config.json"},
      {{"empty/nothing.txt"}, 1, "or a .gguf file, got a file"},
  };
  for (const Wrong& wrong : all) {
    const ProgramResult result = generate(wrong.arguments);
    EXPECT_EQ(result.status, wrong.status) << wrong.says;
    EXPECT_THAT(result.error, HasSubstr(wrong.says));
    EXPECT_EQ(result.out, "");
  }
}

// Before the model is opened, which is not there.
TEST_F(GenerateCommand, NumbersOutOfRangeNameTheirOption) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> all = {
      {{"--tokens", "0"}, "--tokens: expected a whole number, at least 1, got \"0\""},
      {{"--tokens", "99999999999999999999"}, "--tokens: expected a whole number from 1 to 9223"},
      {{"--temperature", "warm"}, "--temperature: expected a number of at least 0, got \"warm\""},
      {{"--temperature", "-1"}, "--temperature: expected a number of at least 0, got \"-1\""},
      {{"--temperature", "nan"}, "--temperature: expected a number of at least 0, got \"nan\""},
      {{"--temperature", "inf"}, "--temperature: expected a number of at least 0, got \"inf\""},
      {{"--top-p", "0"}, "--top-p: expected a number above 0 and at most 1, got \"0\""},
      {{"--top-p", "1.5"}, "--top-p: expected a number above 0 and at most 1, got \"1.5\""},
      {{"--top-p", "nan"}, "--top-p: expected a number above 0 and at most 1, got \"nan\""},
      {{"--top-k", "0"}, "--top-k: expected a whole number, at least 1, got \"0\""},
      {{"--seed", "-1"}, "--seed: expected a whole number, at least 0, got \"-1\""},
      {{"--threads", "4294967296"}, "--threads: expected a whole number from 1 to 1024"},
  };
  for (const auto& [options, says] : all) {
    const ProgramResult result =
        generate({"nobody", "--prompt", "to be", options.at(0), options.at(1)});
    EXPECT_EQ(result.status, 2) << says;
    EXPECT_THAT(result.error, HasSubstr(says));
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(GenerateCommand, ABrokenModelIsSaid) {
  const std::string weights = folder_.read("lm/model.safetensors");
  folder_.write("lm/model.safetensors", weights.substr(0, weights.size() / 2));
  const ProgramResult cut = generate({"lm"});
  EXPECT_EQ(cut.status, 1);
  EXPECT_THAT(cut.error, HasSubstr("model.safetensors"));
}

}  // namespace
}  // namespace clearhead
