// A run of training that outlives its process: steps, evaluations, the mean of the weights, and a
// checkpoint from which it goes on with the same bytes. What is learnt is the caller's.
//
//     for each step:  batch → loss → backward → optimiser
//
// In the run's folder it writes checkpoint.safetensors (checkpoint.h) and curves.csv, loss and
// validation loss of every evaluation. Several processes train as a team (team.h): the batches of a
// step are divided among them, all read the same files, and the first one writes.
#ifndef CLEARHEAD_TRAIN_TRAINING_RUN_H_
#define CLEARHEAD_TRAIN_TRAINING_RUN_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/base/fields.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"
#include "clearhead/train/checkpoint.h"
#include "clearhead/train/optimizer.h"
#include "clearhead/train/recipe.h"
#include "clearhead/train/task.h"
#include "clearhead/train/team.h"

namespace clearhead {

/// What is reported of a step.
struct StepReport {
  std::int64_t step = 0;     ///< steps that are done
  double loss = 0;           ///< mean of its batches
  std::int64_t tokens = 0;   ///< targets in them
  double learning_rate = 0;  ///< with which parameters moved
  double gradient_norm = 0;  ///< the length of all gradients as one vector, before it was clipped
};

/// Why a run ended.
enum class Ending { finished, out_of_patience, interrupted };

/// The loss of batch `number` = 0, 1, … of training.
using LossOfBatch = std::function<BatchLoss(Tape& tape, std::int64_t number, const Pass& pass)>;

/// What a run is a function of, so that it never goes on as another.
struct RunIdentity {
  std::string recipe;                         ///< as JSON
  std::map<std::string, std::string> inputs;  ///< hashes of what is read, by their names
  /// The fields in which the recipe of a checkpoint differs from this one.
  std::function<std::vector<FieldDifference>(const std::string& recipe)> differences;
};

/// What a run does.
struct TrainingJob {
  TrainingConfig training;           ///< steps, optimiser, schedule, …
  Parameters* parameters = nullptr;  ///< what is trained
  LossOfBatch loss;                  ///< what is to become small
  std::function<double()> validate;  ///< the loss by which models are compared
  std::function<void()> save;        ///< writes the model, the best so far, into the run's folder
};

/// A run.
class TrainingRun {
 public:
  /// Makes the folder if needed, and reads the checkpoint if there is one. `files` are those that
  /// the caller will write. Throws Error if something cannot be written or read, or if the
  /// processes of the team do not find the same checkpoint.
  TrainingRun(const std::filesystem::path& folder, const std::vector<std::string>& files,
              std::shared_ptr<Team> team = std::make_shared<Team>());

  /// Who trains.
  Team& team() { return *team_; }
  /// Whether there is a checkpoint to go on from.
  bool has_begun() const { return checkpoint_.has_value(); }
  /// Throws Error, saying which fields or inputs differ, if the checkpoint is of another run, or if
  /// the processes of the team read different ones.
  void identify(RunIdentity identity);
  /// Takes the job, and the numbers of the checkpoint. Throws Error if they do not fit, or if a
  /// step has fewer batches than the team processes.
  void begin(TrainingJob job);

  /// Trains until the last step, until the patience of the recipe is over (so many evaluations
  /// without a new best), or until `interrupted()` or `stop`. A run that was killed and continued
  /// ends with the same bytes in its folder as one that never stopped, with any number of
  /// processes. Throws Error if a file cannot be written, if the loss is no longer a number, or if
  /// the processes of the team no longer hold the same weights; the last checkpoint stays.
  Ending run(const std::function<void(const StepReport&)>& on_step,
             const std::function<void(const Evaluation&)>& on_evaluation);
  /// Ends `run` before its next step as Ctrl-C does, with a checkpoint. For what `run` calls.
  void stop() { is_stopped_ = true; }

  /// Steps that are done.
  std::int64_t step() const { return step_; }
  /// Steps of the whole run.
  std::int64_t steps() const { return job_.training.steps; }
  /// Whether an evaluation and a checkpoint follow that step.
  bool is_evaluated(std::int64_t step) const {
    return step % job_.training.evaluate_every == 0 || step == steps();
  }
  /// Evaluations without a new best, after which it ends.
  std::int64_t patience() const { return job_.training.patience; }
  /// So far.
  const std::vector<Evaluation>& evaluations() const { return evaluations_; }

 private:
  StepReport train_step();
  ParameterGradients gradients_of_step(StepReport& report);
  Evaluation evaluate();
  double validation_loss();
  void exchange_average();
  bool out_of_patience() const;
  bool is_interrupted();
  void require_same_weights();
  void save_checkpoint();
  void resume(const Checkpoint& checkpoint);

  std::shared_ptr<Team> team_;
  std::filesystem::path folder_;
  std::optional<Checkpoint> checkpoint_;  // until it has been taken
  RunIdentity identity_;
  TrainingJob job_;
  std::optional<Optimizer> optimizer_;
  // The running mean of each parameter, if the recipe asks for it, in the process that writes it.
  std::map<const Parameter*, Tensor> average_;
  std::int64_t step_ = 0;
  double loss_sum_ = 0;
  bool is_stopped_ = false;
  std::vector<Evaluation> evaluations_;
};

/// Where a run of the recipe in that file is written unless it is said: runs/NAME.
std::filesystem::path usual_run_folder(const std::filesystem::path& recipe);

/// Adds the gradients of batch `number` to `gradients`, which may be empty at first. The loss is
/// the sum over the batch's targets, divided by `targets`, or by their number if that is 0. The
/// step in the report is 0.
StepReport add_gradients(const LossOfBatch& loss, const Parameters& parameters, std::int64_t number,
                         const Pass& pass, std::int64_t targets, ParameterGradients& gradients);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_TRAINING_RUN_H_
