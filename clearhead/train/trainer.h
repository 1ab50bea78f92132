// Training: recipe and data in, model out.
//
//     for each step:  batch → loss → backward → optimiser
//
// In the run's folder lie
//     recipe.json              what is trained
//     tokenizer.json           learnt from the training text when the run begins
//     checkpoint.safetensors   where the run stands (checkpoint.h)
//     curves.csv               loss and validation loss of every evaluation
//     model/                   the best model so far (models/model_file.h)
#ifndef CLEARHEAD_TRAIN_TRAINER_H_
#define CLEARHEAD_TRAIN_TRAINER_H_

#include <cstdint>
#include <filesystem>
#include <memory>

#include "clearhead/train/recipe.h"
#include "clearhead/train/task.h"
#include "clearhead/train/training_run.h"

namespace clearhead {

/// A run.
class Trainer {
 public:
  /// Begins a run in `folder`, or continues from the checkpoint in it. Throws Error if recipe, data
  /// or folder cannot be used, or if the checkpoint is of another recipe or other data; it says
  /// which fields or files differ. The processes of a team share data and folder.
  Trainer(const Recipe& recipe, const std::filesystem::path& data,
          const std::filesystem::path& folder,
          std::shared_ptr<Team> team = std::make_shared<Team>());

  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Its steps: how far it is, and to go on with.
  TrainingRun& training() { return run_; }
  /// What is trained.
  const Recipe& recipe() const { return recipe_; }
  /// As it stands.
  Model& model() { return *model_; }

 private:
  RunIdentity identity(const std::filesystem::path& data,
                       const std::filesystem::path& tokenizer) const;

  Recipe recipe_;
  TrainingRun run_;
  ModelConfig config_;  // that of the recipe, with the vocabulary
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Model> model_;
};

/// What `model` has to learn of `task`. Both must outlive it.
LossOfBatch loss_of(const Task& task, const Model& model);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TRAINER_H_
