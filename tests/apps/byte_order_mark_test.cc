// A byte order mark is text for no command: what reads a file or standard input says the same with
// it as without.
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

using testing::HasSubstr;

const std::string kMark = "\uFEFF";

class ByteOrderMark : public testing::Test {
 protected:
  std::string say(const std::vector<std::string>& arguments) {
    const ProgramResult result = run_program("clearhead", arguments, folder_.path());
    EXPECT_EQ(result.status, 0) << result.error;
    return result.out;
  }
  ProgramResult piped(const std::string& text, const std::string& arguments) {
    folder_.write("piped.txt", text);
    return run_shell(fmt::format("cd {} && {}/clearhead {} < piped.txt", folder_.path().string(),
                                 CLEARHEAD_BIN_DIR, arguments));
  }

  const TemporaryFolder folder_;
};

TEST_F(ByteOrderMark, InFilesAndStandardInputThatAreTranslated) {
  write_translation_model(folder_ / "model");
  folder_.write("plain.txt", "a dog.\ntwo dogs\n");
  folder_.write("marked.txt", kMark + "a dog.\ntwo dogs\n");
  const std::string expected = say({"translate", "model", "--file", "plain.txt"});
  EXPECT_EQ(say({"translate", "model", "--file", "marked.txt"}), expected);
  EXPECT_EQ(piped(kMark + "a dog.\ntwo dogs\n", "translate model").out, expected);
  const ProgramResult wide = piped(std::string("\xff\xfe\x61\0", 4), "translate model");
  EXPECT_EQ(wide.status, 1);
  EXPECT_THAT(wide.error, HasSubstr("standard input: expected UTF-8, got UTF-16LE"));
}

TEST_F(ByteOrderMark, InFilesThatModelsAreMeasuredBy) {
  write_translation_model(folder_ / "model");
  write_language_model(folder_ / "lm");
  for (const auto& [name, text] : {std::pair("a", "a dog.\ntwo dogs\n"), {"b", "a cat.\nmore\n"}}) {
    folder_.write(std::string(name) + ".txt", text);
    folder_.write(std::string(name) + "_marked.txt", kMark + text);
  }
  EXPECT_EQ(say({"evaluate", "lm", "--file", "a_marked.txt"}),
            say({"evaluate", "lm", "--file", "a.txt"}));
  EXPECT_EQ(say({"evaluate", "model", "--source", "a_marked.txt", "--target", "b_marked.txt"}),
            say({"evaluate", "model", "--source", "a.txt", "--target", "b.txt"}));
}

TEST_F(ByteOrderMark, InRecipesAndEachOfTheFilesThatTheyName) {
  const std::string recipe = R"({"model": {"family": "decoder",
      "transformer": {"layers": 1, "heads": 1, "channels": 8, "context": 8}},
    "data": {"train": ["a.txt", "b.txt"]}, "tokenizer": {"kind": "characters"},
    "training": {"steps": 2, "batch": 2, "evaluate_every": 2}})";
  for (const std::string& mark : {std::string(), kMark}) {
    const std::string name = mark.empty() ? "plain" : "marked";
    for (const char* file : {"/a.txt", "/b.txt"}) {
      std::filesystem::create_directories(folder_.path() / name);
      std::string text = mark;
      for (int i = 0; i < 40; ++i) text += "the cat sees a bird\n";
      folder_.write(name + file, text);
    }
    folder_.write(name + ".json", mark + recipe);
    say({"train", name + ".json", "--data", name, "--out", name + "_run"});
  }
  for (const char* file : {"tokenizer.json", "model/model.safetensors"}) {
    EXPECT_EQ(folder_.read(std::string("marked_run/") + file),
              folder_.read(std::string("plain_run/") + file));
  }
}

TEST_F(ByteOrderMark, InTablesAndNamesOfTokens) {
  folder_.write("x.csv", "1,0\n0,1\n");
  folder_.write("marked.csv", kMark + "1,0\n0,1\n");
  folder_.write("tokens.txt", "the\ncat\n");
  folder_.write("marked.txt", kMark + "the\r\ncat\r\n");
  EXPECT_EQ(say({"attend", "--x", "marked.csv", "--tokens-file", "marked.txt"}),
            say({"attend", "--x", "x.csv", "--tokens-file", "tokens.txt"}));
}

}  // namespace
}  // namespace clearhead
