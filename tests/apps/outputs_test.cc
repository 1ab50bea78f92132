// Where a command is told to write: what cannot be written is found before anything is calculated,
// printed or written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/apps/program.h"
#include "tests/apps/tiny_models.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using testing::HasSubstr;

class Outputs : public testing::Test {
 protected:
  Outputs() {
    folder_.write("q.csv", "1,2\n3,4\n");
    folder_.write("file", "old");
    write_translation_model(folder_.path() / "translation");
    write_language_model(folder_.path() / "language");
    before_ = folder_.names();
  }

  void expect_refused(std::vector<std::string> command, const std::vector<std::string>& outputs,
                      const std::string& says) {
    command.insert(command.end(), outputs.begin(), outputs.end());
    const ProgramResult result = run_program("clearhead", command, folder_.path());
    EXPECT_NE(result.status, 0) << command[0];
    EXPECT_EQ(result.out, "") << command[0];
    EXPECT_THAT(result.error, HasSubstr(says)) << command[0];
    EXPECT_EQ(folder_.names(), before_) << command[0];
    EXPECT_EQ(folder_.read("file"), "old");
  }

  const TemporaryFolder folder_;
  std::vector<std::string> before_;
};

struct Output {
  std::vector<std::string> command;
  std::string option;
  std::string ending;
};

const std::vector<Output> kOutputs = {
    {{"attend", "--tokens", "3"}, "--out", ".svg"},
    {{"attend", "--tokens", "3"}, "--save", ".npz"},
    {{"map", "--q", "q.csv", "--k", "q.csv"}, "--out", ".png"},
    {{"map", "--q", "q.csv", "--k", "q.csv"}, "--save", ".safetensors"},
    {{"see", "a b", "--model", "language"}, "--out", ".pdf"},
    {{"see", "a b", "--model", "language"}, "--save", ".npz"},
    {{"translate", "translation", "a b"}, "--out", ".txt"},
    {{"bench", "--quick", "--only", "limits"}, "--json", ".json"},
    {{"lab", "memory", "--distances", "1", "--steps", "1"}, "--out", ".html"},
    {{"lab", "parallel", "--lengths", "8", "--rounds", "1"}, "--csv", ".csv"},
};

TEST_F(Outputs, WhatCannotBeWrittenIsFoundAtTheDoor) {
  std::filesystem::create_directory(folder_.path() / "folder");
  for (const Output& output : kOutputs) {
    std::filesystem::create_directory(folder_.path() / ("folder" + output.ending));
  }
  before_ = folder_.names();
  for (const Output& output : kOutputs) {
    expect_refused(output.command, {output.option, "no/such/a" + output.ending},
                   "no/such; make it first");
    expect_refused(output.command, {output.option, "folder" + output.ending}, "it is a folder");
    expect_refused(output.command, {output.option, "file/a" + output.ending}, "Not a directory");
  }
}

TEST_F(Outputs, NoneIsWrittenUnlessAllCanBe) {
  for (const Output& output : kOutputs) {
    if (output.option != "--out" || output.ending == ".txt") continue;
    expect_refused(output.command, {"--out", "a.png", "--out", "no/b.svg"}, "no/b.svg");
    expect_refused(output.command, {"--out", "a.png", "--out", "b.jpg"}, "b.jpg");
  }
  expect_refused({"attend", "--tokens", "3"}, {"--out", "a.png", "--save", "no/b.npz"}, "no/b.npz");
}

TEST_F(Outputs, TheFolderOfARunIsTriedBeforeItLearns) {
  folder_.write("recipe.json", R"({"data": {"train": ["q.csv"]}})");
  before_ = folder_.names();
  expect_refused({"train", "recipe.json"}, {"--out", "file"}, "file");
  expect_refused({"train", "recipe.json"}, {"--out", "file/run"}, "file");
}

}  // namespace
}  // namespace clearhead
