// One step of training after the other.
#include "clearhead/train/training_loop.h"

#include <utility>

#include "clearhead/train/schedule.h"
#include "clearhead/train/tasks.h"

namespace clearhead {

TrainingLoop::TrainingLoop(const ModelConfig& config, std::shared_ptr<const Task> task,
                           const TrainingConfig& training)
    : task_(std::move(task)),
      training_(training),
      model_(make_model(config, static_cast<std::uint64_t>(training.seed))),
      optimizer_(model_->parameters(), training.optimizer) {}

StepReport TrainingLoop::step() {
  const Pass pass{.precision = training_.precision,
                  .training = true,
                  .dropout = training_.dropout,
                  .seed = static_cast<std::uint64_t>(training_.seed),
                  .step = static_cast<std::uint64_t>(step_)};
  ParameterGradients gradients;
  StepReport report =
      add_gradients(loss_of(*task_, *model_), model_->parameters(), step_, pass, 0, gradients);
  report.learning_rate = learning_rate_at(training_.schedule, step_, training_.steps);
  report.gradient_norm = optimizer_.step(gradients, report.learning_rate);
  report.step = ++step_;
  return report;
}

TrainingLoop text_training(ModelConfig config, Sequence train, Sequence validation,
                           const TrainingConfig& training) {
  return {config,
          text_task(std::move(train), std::move(validation), config.context(), config.vocabulary(),
                    training),
          training};
}

}  // namespace clearhead
