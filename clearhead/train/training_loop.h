// Training in memory: the loop alone, without files, evaluations or anything to resume. For
// experiments; trainer.h is for models that are to be kept.
#ifndef CLEARHEAD_TRAIN_TRAINING_LOOP_H_
#define CLEARHEAD_TRAIN_TRAINING_LOOP_H_

#include <cstdint>
#include <memory>

#include "clearhead/models/family.h"
#include "clearhead/train/data.h"
#include "clearhead/train/optimizer.h"
#include "clearhead/train/recipe.h"
#include "clearhead/train/task.h"
#include "clearhead/train/trainer.h"

namespace clearhead {

/// Training without files: batches, steps, validation.
class TrainingLoop {
 public:
  /// A new model, with the seed of `training`, that is to learn `task`. Of `training` everything
  /// counts but accumulation, average, patience and evaluations. Throws Error if the config does
  /// not fit together.
  TrainingLoop(const ModelConfig& config, std::shared_ptr<const Task> task,
               const TrainingConfig& training);

  /// One step: batch → loss → backward → optimiser. Throws Error if the gradient is not finite.
  StepReport step();
  /// The mean cross-entropy of the task's validation targets, in nats.
  double validate() const { return task_->validate(*model_, training_.precision); }

  /// As far as it is trained.
  const Model& model() const { return *model_; }

 private:
  std::shared_ptr<const Task> task_;
  TrainingConfig training_;
  std::unique_ptr<Model> model_;
  Optimizer optimizer_;
  std::int64_t step_ = 0;
};

/// Training to continue the text `train`, in windows as long as the context of the config. Throws
/// Error as `text_task` and the loop do.
TrainingLoop text_training(ModelConfig config, Sequence train, Sequence validation,
                           const TrainingConfig& training);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TRAINING_LOOP_H_
