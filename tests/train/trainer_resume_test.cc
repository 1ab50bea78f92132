// Training that goes on: a run that was stopped ends with the same bytes, only with the recipe and
// the data that it had, and what goes wrong leaves the last checkpoint as it was.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <string>

#include "clearhead/train/trainer.h"
#include "tests/testing.h"
#include "tests/train/small_run.h"

namespace clearhead {
namespace {

TEST(Trainer, ARunThatWasStoppedEndsWithTheSameBytes) {
  for (const Family family : {Family::decoder, Family::encoder, Family::encoder_decoder}) {
    const TemporaryFolder folder;
    write_data(folder);
    Recipe recipe = small_recipe(family);
    recipe.training.dropout = 0.1;
    recipe.training.average = 0.9;
    recipe.training.accumulation = 2;
    Trainer(recipe, folder.path(), folder / "whole").training().run(kSilentStep, kSilentEvaluation);
    for (const std::int64_t stop : {7, 33, 40, 59}) {  // each time from the checkpoint before
      const auto on_step = [&](const StepReport& report) {
        if (report.step == stop) throw Stop();
      };
      Trainer trainer(recipe, folder.path(), folder / "parts");
      EXPECT_THROW(trainer.training().run(on_step, kSilentEvaluation), Stop);
    }
    Trainer(recipe, folder.path(), folder / "parts").training().run(kSilentStep, kSilentEvaluation);
    EXPECT_EQ(files_of(folder / "parts"), files_of(folder / "whole"));
  }
}

// As Ctrl-C does: not a step is lost.
TEST(Trainer, StopLeavesACheckpointOfTheStep) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  Trainer(recipe, folder.path(), folder / "whole").training().run(kSilentStep, kSilentEvaluation);
  for (const std::int64_t stop : {7, 40}) {
    Trainer trainer(recipe, folder.path(), folder / "parts");
    const auto on_step = [&](const StepReport& report) {
      if (report.step == stop) trainer.training().stop();
    };
    EXPECT_EQ(trainer.training().run(on_step, kSilentEvaluation), Ending::interrupted);
    EXPECT_EQ(read_checkpoint(folder / "parts" / "checkpoint.safetensors").step, stop);
  }
  Trainer last(recipe, folder.path(), folder / "parts");
  EXPECT_EQ(
      last.training().run([&](const StepReport&) { last.training().stop(); }, kSilentEvaluation),
      Ending::interrupted);
  EXPECT_EQ(last.training().step(), 41);
  EXPECT_EQ(last.training().run(kSilentStep, kSilentEvaluation), Ending::finished);
  EXPECT_EQ(files_of(folder / "parts"), files_of(folder / "whole"));
}

TEST(Trainer, ReportsWhatEachStepDid) {
  const TemporaryFolder folder;
  write_data(folder);
  const Recipe recipe = small_recipe(Family::decoder);
  Trainer trainer(recipe, folder.path(), folder / "run");
  std::vector<std::int64_t> evaluated;
  const auto on_step = [&](const StepReport& report) {
    if (trainer.training().is_evaluated(report.step)) evaluated.push_back(report.step);
    EXPECT_EQ(report.learning_rate,
              learning_rate_at(recipe.training.schedule, report.step - 1, recipe.training.steps));
    EXPECT_GT(report.gradient_norm, 0);
  };
  std::vector<std::int64_t> evaluations;
  trainer.training().run(on_step, [&](const Evaluation& e) { evaluations.push_back(e.step); });
  EXPECT_EQ(evaluations, (std::vector<std::int64_t>{20, 40, 60}));
  EXPECT_EQ(evaluated, evaluations);
}

TEST(Trainer, RefusesTheCheckpointOfAnotherRecipe) {
  const TemporaryFolder folder;
  write_data(folder);
  Recipe recipe = small_recipe(Family::decoder);
  Trainer(recipe, folder.path(), folder / "run").training().run(kSilentStep, kSilentEvaluation);
  recipe.training.seed = 5;
  recipe.training.optimizer.beta2 = 0.5;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
               "of another recipe: training.optimizer.beta2 0.99 there and 0.5 here, "
               "training.seed 1337 there and 5 here; take another folder");
}

// As a version wrote it that had fewer fields, and no hashes.
TEST(Trainer, GoesOnFromACheckpointOfBefore) {
  const TemporaryFolder folder;
  write_data(folder);
  const Recipe recipe = small_recipe(Family::decoder);
  Trainer(recipe, folder.path(), folder / "run").training().run(kSilentStep, kSilentEvaluation);
  Checkpoint checkpoint = read_checkpoint(folder / "run" / "checkpoint.safetensors");
  const std::size_t patience = checkpoint.recipe.find("    \"patience\": 0,\n");
  ASSERT_NE(patience, std::string::npos);
  checkpoint.recipe.erase(patience, std::strlen("    \"patience\": 0,\n"));
  checkpoint.texts.clear();
  write_checkpoint(folder / "run" / "checkpoint.safetensors", checkpoint);
  EXPECT_EQ(Trainer(recipe, folder.path(), folder / "run").training().step(),
            recipe.training.steps);
}

TEST(Trainer, RefusesToGoOnWithOtherDataAndNamesThem) {
  for (const char* changed : {"words.txt", "backwards.txt", "held_out.txt"}) {
    const TemporaryFolder folder;
    write_data(folder);
    set_content(folder / "held_out.txt", "a b a\nb c b\n");
    Recipe recipe = small_recipe(Family::encoder_decoder);
    recipe.training.steps = recipe.training.evaluate_every = 1;
    recipe.data.validation = recipe.data.validation_targets = {"held_out.txt"};
    const auto run = [&] { Trainer(recipe, folder.path(), folder / "run"); };
    Trainer(recipe, folder.path(), folder / "run").training().run(kSilentStep, kSilentEvaluation);
    run();
    const std::string before = content(folder / changed);
    set_content(folder / changed, "b" + before.substr(1));
    expect_error(run, std::string("the text has changed of ") + changed + "; put back what was");
    set_content(folder / changed, before);
    run();
  }
}

TEST(Trainer, RefusesToGoOnWithAnotherTokenizer) {
  const TemporaryFolder folder;
  write_data(folder);
  const Recipe recipe = small_recipe(Family::decoder);
  Trainer(recipe, folder.path(), folder / "run").training().run(kSilentStep, kSilentEvaluation);
  std::string tokenizer = content(folder / "run" / "tokenizer.json");
  const std::size_t a = tokenizer.find("\"a\"");
  ASSERT_NE(a, std::string::npos);
  tokenizer[a + 1] = 'z';
  set_content(folder / "run" / "tokenizer.json", tokenizer);
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
               "changed of tokenizer.json");
}

// A disk that is full is played by a limit on the size of files: a write past it fails.
TEST(Trainer, AFullDiskLeavesTheLastCheckpoint) {
  const TemporaryFolder folder;
  write_data(folder);
  const Recipe recipe = small_recipe(Family::decoder);
  std::string before;
  Trainer trainer(recipe, folder.path(), folder / "run");
  const auto on_step = [&](const StepReport& report) {
    if (report.step != 21) return;
    before = content(folder / "run" / "checkpoint.safetensors");
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small = {10'000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
  };
  expect_error([&] { trainer.training().run(on_step, kSilentEvaluation); }, "safetensors");
  const rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &any);
  EXPECT_EQ(content(folder / "run" / "checkpoint.safetensors"), before);
  Trainer again(recipe, folder.path(), folder / "run");
  EXPECT_EQ(again.training().step(), 20);
  EXPECT_EQ(again.training().run(kSilentStep, kSilentEvaluation), Ending::finished);
}

TEST(Trainer, RefusesACheckpointThatIsNone) {
  const TemporaryFolder folder;
  write_data(folder);
  const Recipe recipe = small_recipe(Family::decoder);
  Trainer(recipe, folder.path(), folder / "run").training().run(kSilentStep, kSilentEvaluation);
  const std::filesystem::path path = folder / "run" / "checkpoint.safetensors";
  const std::string whole = content(path);
  set_content(path, whole.substr(0, whole.size() / 2));
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); }, "checkpoint.safetensors");
  std::filesystem::copy_file(folder / "run" / "model" / "model.safetensors", path,
                             std::filesystem::copy_options::overwrite_existing);
  expect_error([&] { Trainer(recipe, folder.path(), folder / "run"); },
               "expected a \"clearhead checkpoint 1\"");
}

}  // namespace
}  // namespace clearhead
