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
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/train/checkpoint.h"
#include "clearhead/train/optimizer.h"
#include "clearhead/train/recipe.h"
#include "clearhead/train/task.h"

namespace clearhead {

/// What is reported of a step.
struct StepReport {
  std::int64_t step = 0;    ///< steps that are done
  double loss = 0;          ///< mean of its batches
  std::int64_t tokens = 0;  ///< targets in them
};

/// Why a run ended.
enum class Ending { finished, out_of_patience, interrupted };

/// A run.
class Trainer {
 public:
  /// Begins a run in `folder`, or continues from the checkpoint in it. Throws Error if recipe, data
  /// or folder cannot be used, or if the checkpoint is of another recipe or other data; it says
  /// which fields or files differ.
  Trainer(const Recipe& recipe, const std::filesystem::path& data,
          const std::filesystem::path& folder);

  /// Trains until the last step, until the recipe's patience is over (so many evaluations without a
  /// new best), or until `interrupted()`. A run that was killed and continued ends with the same
  /// bytes in its folder as one that never stopped. Throws Error if a file cannot be written, or if
  /// the loss is no longer a number; the last checkpoint stays.
  Ending run(const std::function<void(const StepReport&)>& on_step,
             const std::function<void(const Evaluation&)>& on_evaluation);

  /// What is trained.
  const Recipe& recipe() const { return recipe_; }
  /// As it stands.
  Model& model() { return *model_; }
  /// Steps that are done.
  std::int64_t step() const { return step_; }
  /// So far.
  const std::vector<Evaluation>& evaluations() const { return evaluations_; }

 private:
  StepReport train_step();
  Evaluation evaluate();
  void exchange_average();
  bool out_of_patience() const;
  void save_checkpoint() const;
  void require_same_run(const Checkpoint& checkpoint) const;
  void resume(const Checkpoint& checkpoint);

  Recipe recipe_;
  ModelConfig config_;  // that of the recipe, with the vocabulary
  std::filesystem::path folder_;
  std::map<std::string, std::string> texts_;  // hashes of what is read, as in Checkpoint
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Model> model_;
  std::optional<Optimizer> optimizer_;
  // The running mean of each parameter, if the recipe asks for it.
  std::map<const Parameter*, Tensor> average_;
  std::int64_t step_ = 0;
  double loss_sum_ = 0;
  std::vector<Evaluation> evaluations_;
};

/// Adds the gradients of batch `number` to `gradients`, which may be empty at first. The loss is
/// the sum over the batch's targets, divided by `targets`, or by their number if that is 0. The
/// step in the report is 0.
StepReport add_gradients(const Task& task, const Model& model, std::int64_t number,
                         const Pass& pass, std::int64_t targets, ParameterGradients& gradients);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TRAINER_H_
