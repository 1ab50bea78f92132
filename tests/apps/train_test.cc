// clearhead train: a run is made, killed and gone on with; wrong recipes and folders are refused
// with what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "tests/apps/program.h"
#include "tests/surroundings.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

// A few lines written for this.
std::string lines() {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += "the cat sees " + std::to_string(i % 7) + " dogs and a bird\n";
  }
  return text;
}

std::string recipe(const std::string& training) {
  return R"({"model": {"family": "decoder",
            "transformer": {"layers": 1, "heads": 2, "channels": 16, "context": 32}},
  "data": {"train": ["lines.txt"]},
  "tokenizer": {"kind": "characters"},
  "training": {"batch": 4, "evaluate_every": 10, "dropout": 0.1, )" +
         training + "}}";
}

std::map<std::string, std::string> files_of(const std::filesystem::path& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
    if (!entry.is_regular_file()) continue;
    const auto command = run_shell("cat " + entry.path().string());
    files[std::filesystem::relative(entry.path(), run).string()] = command.out;
  }
  return files;
}

TEST(Train, MakesAModelAndSaysWhereItIs) {
  const TemporaryFolder folder;
  folder.write("lines.txt", lines());
  folder.write("recipe.json", recipe(R"("steps": 20)"));
  const ProgramResult result = run_program("clearhead", {"train", "recipe.json"}, folder.path());
  ASSERT_EQ(result.status, 0) << result.error;
  EXPECT_THAT(result.out, HasSubstr("the model is in runs/recipe/model"));
  EXPECT_THAT(result.error, HasSubstr("step 10: loss "));
  EXPECT_THAT(result.error, HasSubstr("tokens/s"));
  for (const char* name : {"recipe.json", "tokenizer.json", "checkpoint.safetensors", "curves.csv",
                           "curves.svg", "model/config.json", "model/model.safetensors"}) {
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "runs/recipe" / name)) << name;
  }
}

TEST(Train, ARunKilledAtAnyMomentEndsWithTheSameBytes) {
  const TemporaryFolder folder;
  folder.write("lines.txt", lines());
  folder.write("recipe.json", recipe(R"("steps": 150, "average": 0.9)"));
  const std::string where = "cd " + folder.path().string() + " && ";
  const std::string train = std::string(CLEARHEAD_BIN_DIR) + "/clearhead train recipe.json --out ";
  ASSERT_EQ(run_shell(where + train + "whole").status, 0);
  for (int i = 0; i < 10; ++i) {  // after moments that differ; where it is then does not matter
    run_shell(where + "timeout --signal=KILL 0." + std::to_string(3 + 7 * i % 10) + " " + train +
              "parts");
  }
  ASSERT_EQ(run_shell(where + train + "parts").status, 0);
  EXPECT_EQ(files_of(folder.path() / "parts"), files_of(folder.path() / "whole"));
}

TEST(Train, StoppedItWritesACheckpointAndSaysHowToGoOn) {
  const TemporaryFolder folder;
  folder.write("lines.txt", lines());
  folder.write("recipe.json", recipe(R"("steps": 1000000)"));
  // As Ctrl-C does it, once a step is done; a shell keeps SIGINT from what it runs in the
  // background.
  const ProgramResult result = run_shell(
      "cd " + folder.path().string() + "; touch log; " + std::string(CLEARHEAD_BIN_DIR) +
      "/clearhead train recipe.json 2>log & pid=$!; while kill -0 $pid && ! grep -q tokens/s log; "
      "do sleep 0.05; done; kill -TERM $pid; wait $pid");
  EXPECT_THAT(result.out, HasSubstr("the same command goes on from there"));
  EXPECT_TRUE(std::filesystem::exists(folder.path() / "runs/recipe/checkpoint.safetensors"));
}

TEST(Train, WrongUseSaysWhatToDo) {
  const TemporaryFolder folder;
  folder.write("lines.txt", lines());
  const auto error_of = [&](const std::vector<std::string>& arguments, int status) {
    const ProgramResult result = run_program("clearhead", arguments, folder.path());
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.out, "");
    return result.error;
  };
  EXPECT_THAT(error_of({"train"}, 2), HasSubstr("RECIPE"));
  EXPECT_THAT(error_of({"train", "none.json"}, 1), HasSubstr("none.json"));
  folder.write("recipe.json", recipe(R"("stepz": 5)"));
  EXPECT_THAT(error_of({"train", "recipe.json"}, 1),
              HasSubstr("recipe.json: training.stepz: there is no such field"));
  std::string three_heads = recipe(R"("steps": 5)");
  three_heads.replace(three_heads.find("\"heads\": 2"), 10, "\"heads\": 3");
  folder.write("recipe.json", three_heads);
  EXPECT_THAT(error_of({"train", "recipe.json"}, 1),
              HasSubstr("recipe.json: model: channels 16 do not divide into 3 heads"));
  folder.write("recipe.json", recipe(R"("steps": 5)"));
  EXPECT_THAT(error_of({"train", "recipe.json", "--data", "elsewhere"}, 1),
              HasSubstr("elsewhere/lines.txt"));
  EXPECT_THAT(error_of({"train", "recipe.json", "--out", "lines.txt"}, 1), HasSubstr("lines.txt"));
}

TEST(Train, PrintsTheSchemaOfRecipes) {
  const ProgramResult result = run_program("clearhead", {"train", "--schema"});
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.out, HasSubstr("\"warmup_steps\""));
  EXPECT_THAT(result.out, HasSubstr("\"recurrent_encoder_decoder\""));
}

}  // namespace
}  // namespace clearhead
