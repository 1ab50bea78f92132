// The loop of training, and what it keeps in the run's folder.
#include "clearhead/train/training_run.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/hash.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/memory.h"
#include "clearhead/compute/optimizer.h"
#include "clearhead/compute/rows.h"
#include "clearhead/train/schedule.h"

namespace clearhead {
namespace {

constexpr const char* kCheckpoint = "checkpoint.safetensors";
constexpr const char* kCurves = "curves.csv";

void write_curves(const std::filesystem::path& path, const std::vector<Evaluation>& evaluations) {
  write_file(path, [&](std::ostream& out) {
    out.precision(9);
    out << "step,learning_rate,loss,validation_loss\n";
    for (const Evaluation& e : evaluations) {
      out << e.step << ',' << e.learning_rate << ',' << e.loss << ',' << e.validation << '\n';
    }
  });
}

// Of the sum over the batch's targets, divided by `targets`, or by their number if that is 0.
ParameterGradients gradients_of(const BatchLoss& batch, Tape& tape, const Parameters& parameters,
                                std::int64_t targets) {
  const double share =
      targets == 0 ? 1 : static_cast<double>(batch.tokens) / static_cast<double>(targets);
  tape.backward(batch.loss, Tensor::scalar(share, batch.loss.dtype()));
  return gradients_on(tape, parameters);
}

}  // namespace

TrainingRun::TrainingRun(const std::filesystem::path& folder, const std::vector<std::string>& files,
                         std::shared_ptr<Team> team)
    : team_(std::move(team)), folder_(folder) {
  if (team_->is_first()) {
    make_folder(folder_);
    remove_leftovers(folder_);
    for (const char* name : {kCheckpoint, kCurves}) check_writable(folder_ / name);
    for (const std::string& name : files) check_writable(folder_ / name);
  }
  if (std::filesystem::exists(folder_ / kCheckpoint)) {
    checkpoint_ = read_checkpoint(folder_ / kCheckpoint);
  }
  const double step = checkpoint_ ? static_cast<double>(checkpoint_->step) : -1;
  team_->require_equal(std::vector<double>{step},
                       folder_.string() +
                           ": the processes that train together do not find the "
                           "same checkpoint here; it must be one folder for all");
}

void TrainingRun::identify(RunIdentity identity) {
  identity_ = std::move(identity);
  std::string all = identity_.recipe;
  for (const auto& [name, hash] : identity_.inputs) all += '\n' + name + ' ' + hash;
  const std::uint64_t hash = hash_of(all);
  team_->require_equal(
      std::vector<double>{static_cast<double>(hash >> 32), static_cast<double>(hash & 0xffffffff)},
      "training: the processes that train together read different recipes or "
      "texts; they must be the same for all");
  if (!checkpoint_) return;
  const std::filesystem::path path = folder_ / kCheckpoint;
  std::string other;
  for (const FieldDifference& field : identity_.differences(checkpoint_->recipe)) {
    other += (other.empty() ? "" : ", ") + field.name + " " + field.first + " there and " +
             field.second + " here";
  }
  if (!other.empty())
    throw Error(path.string() + " is of another recipe: " + other +
                "; take another folder, or remove it to begin anew");
  for (const auto& [name, hash] : identity_.inputs) {
    const auto before = checkpoint_->texts.find(name);
    if (before == checkpoint_->texts.end() || before->second == hash) continue;
    other += (other.empty() ? "" : ", ") + name;
  }
  if (other.empty()) return;
  throw Error(path.string() + " is of other data: since it was begun, the text has changed of " +
              other + "; put back what was there, take another folder, or remove the checkpoint " +
              "to begin anew");
}

void TrainingRun::begin(TrainingJob job) {
  job_ = std::move(job);
  if (job_.training.accumulation < team_->size()) {
    throw Error("training.accumulation: a step of " + std::to_string(job_.training.accumulation) +
                " batches cannot be divided among " + std::to_string(team_->size()) +
                " processes; set it to " + std::to_string(team_->size()) +
                " or more (with smaller batches), or take fewer processes");
  }
  for (const Parameter& parameter : *job_.parameters) {
    if (parameter.learned || team_->size() == 1) continue;
    throw Error(parameter.name + ": statistics of single batches, as batch norm gathers them, " +
                "cannot be trained by several processes; take one process or another norm");
  }
  optimizer_.emplace(*job_.parameters, job_.training.optimizer);
  if (checkpoint_) resume(*checkpoint_);
  checkpoint_.reset();
}

Ending TrainingRun::run(const std::function<void(const StepReport&)>& on_step,
                        const std::function<void(const Evaluation&)>& on_evaluation) {
  const ReuseMemory reuse;
  const TrainingConfig& training = job_.training;
  is_stopped_ = false;
  while (step_ < training.steps && !out_of_patience()) {
    if (is_interrupted()) {
      save_checkpoint();
      return Ending::interrupted;
    }
    on_step(train_step());
    if (is_evaluated(step_)) {
      on_evaluation(evaluate());
      save_checkpoint();
    }
  }
  return step_ < training.steps ? Ending::out_of_patience : Ending::finished;
}

// The mean over the targets of all batches of the step, however many each of them has.
StepReport TrainingRun::train_step() {
  const TrainingConfig& training = job_.training;
  StepReport report;
  ParameterGradients gradients = gradients_of_step(report);
  report.learning_rate = learning_rate_at(training.schedule, step_, training.steps);
  report.gradient_norm = optimizer_->step(gradients, report.learning_rate);
  ++step_;
  if (training.average > 0 && team_->is_first()) {
    // Memory grows with the steps, so that the first weights, which are random, are soon forgotten.
    const auto done = static_cast<double>(step_);
    const double memory = std::min(training.average, (1 + done) / (10 + done));
    for (const Parameter& parameter : *job_.parameters) {
      Tensor& mean = average_[&parameter];
      if (!mean.defined()) mean = parameter.value().clone();
      compute::move_towards(mean, parameter.value(), memory);
    }
  }
  report.step = step_;
  loss_sum_ += report.loss;
  return report;
}

// In a round each process of the team takes one batch, in the order of their ranks.
ParameterGradients TrainingRun::gradients_of_step(StepReport& report) {
  const TrainingConfig& training = job_.training;
  std::int64_t first =
      0;  // targets of the first batch, which the sums are over until all are known
  for (std::int64_t round = 0; round < training.accumulation; round += team_->size()) {
    const std::int64_t batches = std::min(team_->size(), training.accumulation - round);
    const bool takes_part = team_->rank() < batches;
    Tape tape(Keep::for_backward);
    BatchLoss batch;
    double loss = 0;
    if (takes_part) {
      const std::int64_t number = step_ * training.accumulation + round + team_->rank();
      batch = job_.loss(tape, number,
                        {.precision = training.precision,
                         .training = true,
                         .dropout = training.dropout,
                         .seed = static_cast<std::uint64_t>(training.seed),
                         .step = static_cast<std::uint64_t>(number)});
      loss = batch.loss.value().item();
    }
    const std::vector<double> all =
        team_->gather(std::vector<double>{loss, static_cast<double>(batch.tokens)});
    if (round == 0) first = static_cast<std::int64_t>(all[1]);
    for (std::size_t i = 0; i < all.size(); i += 2) {
      report.loss += all[i] * all[i + 1];
      report.tokens += static_cast<std::int64_t>(all[i + 1]);
    }
    std::vector<Tensor> mine;
    if (takes_part) {
      const ParameterGradients d = gradients_of(batch, tape, *job_.parameters, first);
      for (const Parameter& parameter : *job_.parameters) {
        if (parameter.learned) mine.push_back(d.at(&parameter));
      }
    }
    team_->add(std::move(mine), batches);
  }
  report.loss /= static_cast<double>(report.tokens);

  ParameterGradients gradients;
  const std::vector<Tensor> sum = team_->take_sum();
  auto next = sum.begin();
  for (const Parameter& parameter : *job_.parameters) {
    if (parameter.learned) gradients[&parameter] = *next++;
  }
  if (report.tokens != first) {
    const double share = static_cast<double>(first) / static_cast<double>(report.tokens);
    for (auto& [parameter, gradient] : gradients) compute::multiply(gradient, share);
  }
  return gradients;
}

Evaluation TrainingRun::evaluate() {
  const std::int64_t before = evaluations_.empty() ? 0 : evaluations_.back().step;
  exchange_average();
  const Evaluation evaluation{
      step_, learning_rate_at(job_.training.schedule, step_ - 1, job_.training.steps),
      loss_sum_ / static_cast<double>(step_ - before), validation_loss()};
  if (!std::isfinite(evaluation.validation)) {
    throw Error("training: the validation loss is not finite; take a lower learning rate");
  }
  evaluations_.push_back(evaluation);
  loss_sum_ = 0;
  if (team_->is_first() && best_of(evaluations_) == evaluations_.size() - 1) job_.save();
  exchange_average();
  if (team_->is_first()) write_curves(folder_ / kCurves, evaluations_);
  return evaluation;
}

// What the first process finds. The others wait: it alone has the mean weights, and all must come
// to the same end.
double TrainingRun::validation_loss() {
  return team_->gather(std::vector<double>{team_->is_first() ? job_.validate() : 0})[0];
}

// The averaged weights take the place of the latest ones, or give it back.
void TrainingRun::exchange_average() {
  if (average_.empty()) return;
  for (Parameter& parameter : *job_.parameters) {
    std::swap(parameter.mutable_value(), average_.at(&parameter));
  }
}

bool TrainingRun::out_of_patience() const {
  if (job_.training.patience == 0 || evaluations_.empty()) return false;
  const std::size_t since = evaluations_.size() - 1 - *best_of(evaluations_);
  return static_cast<std::int64_t>(since) >= job_.training.patience;
}

// In any process of the team, since a signal reaches them between different steps.
bool TrainingRun::is_interrupted() {
  const bool ends = interrupted() || is_stopped_;
  const std::vector<double> all = team_->gather(std::vector<double>{ends ? 1.0 : 0.0});
  return std::any_of(all.begin(), all.end(), [](double flag) { return flag != 0; });
}

// Each process has moved its own copy. One number stands for all weights: whatever differs changes
// it, but for a coincidence.
void TrainingRun::require_same_weights() {
  if (team_->size() == 1) return;
  std::uint64_t hash = 0;
  for (const Parameter& parameter : *job_.parameters) {
    const Tensor weights = parameter.value().contiguous();
    const std::size_t bytes =
        static_cast<std::size_t>(weights.count()) * dtype_size(weights.dtype());
    hash = 31 * hash + hash_of({static_cast<const char*>(weights.address()), bytes});
  }
  // As numbers that f64 has exactly.
  const std::vector<double> halves = {static_cast<double>(hash >> 32),
                                      static_cast<double>(hash & 0xffffffffU)};
  team_->require_equal(halves,
                       "training: the processes that train together no longer hold the same "
                       "weights; let processors of one kind and one version of clearhead train");
}

void TrainingRun::save_checkpoint() {
  require_same_weights();
  if (!team_->is_first()) return;
  Checkpoint checkpoint;
  checkpoint.recipe = identity_.recipe;
  checkpoint.texts = identity_.inputs;
  checkpoint.step = step_;
  checkpoint.loss_sum = loss_sum_;
  checkpoint.parameters = job_.parameters->named_tensors();
  checkpoint.optimizer = optimizer_->state();
  checkpoint.evaluations = evaluations_;
  if (!average_.empty()) {
    for (const Parameter& parameter : *job_.parameters) {
      checkpoint.average.tensors.emplace_back(parameter.name, average_.at(&parameter));
    }
  }
  write_checkpoint(folder_ / kCheckpoint, checkpoint);
}

void TrainingRun::resume(const Checkpoint& checkpoint) {
  try {
    job_.parameters->load(checkpoint.parameters);
    optimizer_->load(checkpoint.optimizer);
    if (!checkpoint.average.tensors.empty() && team_->is_first()) {
      for (const Parameter& parameter : *job_.parameters) {
        const Tensor& mean = checkpoint.average.at(parameter.name);
        if (mean.shape() != parameter.shape() || mean.dtype() != parameter.dtype()) {
          throw Error("average/" + parameter.name + ": expected " + to_string(parameter.shape()) +
                      ", got " + to_string(mean.shape()));
        }
        average_[&parameter] = mean.clone();
      }
    }
  } catch (const Error& error) {
    throw Error((folder_ / kCheckpoint).string() + ": " + error.what());
  }
  step_ = checkpoint.step;
  loss_sum_ = checkpoint.loss_sum;
  evaluations_ = checkpoint.evaluations;
}

std::filesystem::path usual_run_folder(const std::filesystem::path& recipe) {
  return "runs" / recipe.stem();
}

StepReport add_gradients(const LossOfBatch& loss, const Parameters& parameters, std::int64_t number,
                         const Pass& pass, std::int64_t targets, ParameterGradients& gradients) {
  Tape tape(Keep::for_backward);
  const BatchLoss batch = loss(tape, number, pass);
  for (const auto& [parameter, d] : gradients_of(batch, tape, parameters, targets)) {
    Tensor& sum = gradients[parameter];
    if (sum.defined()) {
      compute::add(d.count(), d.data<float>(), sum.mutable_data<float>());
    } else {
      sum = d;
    }
  }
  return {.loss = batch.loss.value().item(), .tokens = batch.tokens};
}

}  // namespace clearhead
