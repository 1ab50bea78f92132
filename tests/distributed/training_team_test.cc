// Training as a team of ranks is training alone: the same bytes, for any number of ranks, also of a
// run that goes on with another number; and what is sent is what the theory says.
#include "clearhead/distributed/training_team.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/distributed/ranks.h"
#include "tests/testing.h"
#include "tests/train/small_run.h"

namespace clearhead::distributed {
namespace {

// A folder with data that all ranks see; the first one makes it, and it goes with its object.
class SharedFolder {
 public:
  SharedFolder() {
    std::vector<double> letters(200, 0);
    if (ranks().rank() == 0) {
      own_.emplace();
      write_data(*own_);
      const std::string path = own_->path().string();
      std::copy(path.begin(), path.end(), letters.begin());
    }
    const std::vector<double> all = ranks().gather(letters);
    std::string path;
    for (std::size_t i = 0; all[i] != 0; ++i) path += static_cast<char>(all[i]);
    path_ = path;
  }
  ~SharedFolder() { ranks().gather({}); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::optional<TemporaryFolder> own_;
  std::filesystem::path path_;
};

std::shared_ptr<Team> team_of_all() { return std::make_shared<TrainingTeam>(ranks()); }

// Nine batches a step are divided evenly among no even number of ranks.
Recipe recipe_for_teams(Family family) {
  Recipe recipe = small_recipe(family);
  recipe.training.steps = 12;
  recipe.training.evaluate_every = 4;
  recipe.training.accumulation = 9;
  recipe.training.dropout = 0.1;
  recipe.training.average = 0.9;
  return recipe;
}

// To the end, or until after step `stop`, whose checkpoint is that of an evaluation before.
void run(Trainer& trainer, std::int64_t stop = 0) {
  const auto on_step = [&](const StepReport& report) {
    if (report.step == stop) throw Stop();
  };
  try {
    trainer.training().run(on_step, kSilentEvaluation);
  } catch (const Stop&) {
  }
}

TEST(TrainingTeam, EndsWithTheBytesOfOneProcess) {
  // Of a text, whose batches have as many targets, and of pairs, whose batches differ.
  for (const Family family : {Family::decoder, Family::encoder_decoder}) {
    const SharedFolder folder;
    const Recipe recipe = recipe_for_teams(family);
    if (ranks().rank() == 0) {
      Trainer alone(recipe, folder.path(), folder / "alone");
      run(alone);
      Trainer begins(recipe, folder.path(), folder / "goes on");
      run(begins, 6);
    }
    ranks().gather({});
    for (const char* name : {"team", "goes on"}) {
      Trainer trainer(recipe, folder.path(), folder / name, team_of_all());
      run(trainer);
      ranks().gather({});
      if (ranks().rank() == 0) {
        EXPECT_EQ(files_of(folder / name), files_of(folder / "alone")) << name;
      }
      std::vector<double> weights;
      for (const Parameter& parameter : trainer.model().parameters()) {
        const std::vector<double> more = numbers_of(parameter.value());
        weights.insert(weights.end(), more.begin(), more.end());
      }
      ranks().require_equal("weights", std::vector<std::string>(weights.size(), "a weight"),
                            weights);
    }
  }
}

TEST(TrainingTeam, SendsWhatTheTheorySays) {
  const SharedFolder folder;
  Recipe recipe = recipe_for_teams(Family::decoder);
  recipe.training.steps = 3;
  Trainer trainer(recipe, folder.path(), folder / "run", team_of_all());
  const std::int64_t before = ranks().bytes_sent();
  run(trainer);
  const std::int64_t R = ranks().size(), r = ranks().rank();
  const std::int64_t P = trainer.model().parameters().count();
  const std::int64_t p = (r + 1) * P / R - r * P / R;
  const std::int64_t batches = (recipe.training.accumulation - r + R - 1) / R;
  EXPECT_EQ(ranks().bytes_sent() - before, 3 * 4 * (batches * (P - p) + (R - 1) * p));
}

TEST(TrainingTeam, RefusesWhatCannotBeDivided) {
  if (ranks().size() == 1) return;
  const SharedFolder folder;
  Recipe recipe = recipe_for_teams(Family::decoder);
  recipe.training.accumulation = 1;
  expect_error([&] { Trainer(recipe, folder.path(), folder / "few", team_of_all()); },
               "a step of 1 batches cannot be divided among " + std::to_string(ranks().size()) +
                   " processes; set it to");
  recipe = recipe_for_teams(Family::decoder);
  recipe.training.seed = ranks().rank();
  expect_error([&] { Trainer(recipe, folder.path(), folder / "seeds", team_of_all()); },
               "read different recipes or texts");
  const std::string own = "run " + std::to_string(ranks().rank());
  if (ranks().rank() == 1) {  // of which the others see nothing
    Trainer alone(recipe, folder.path(), folder / own);
    run(alone);
  }
  expect_error([&] { Trainer(recipe, folder.path(), folder / own, team_of_all()); },
               "do not find the same checkpoint");
}

TEST(TrainingTeam, EndsWhenWeightsPart) {
  if (ranks().size() == 1) return;
  const SharedFolder folder;
  Trainer trainer(recipe_for_teams(Family::decoder), folder.path(), folder / "run", team_of_all());
  const auto on_step = [&](const StepReport& report) {
    if (report.step == 5 && ranks().rank() == 1) {
      Tensor& weights = trainer.model().parameters().begin()->mutable_value();
      float& weight = weights.mutable_data<float>()[0];
      weight = -weight;  // the sum of all squares stays
    }
  };
  expect_error([&] { trainer.training().run(on_step, kSilentEvaluation); },
               "no longer hold the same weights");
  EXPECT_EQ(read_checkpoint(folder / "run" / "checkpoint.safetensors").step, 4);
}

}  // namespace
}  // namespace clearhead::distributed
