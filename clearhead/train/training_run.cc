// The loop of training, and what it keeps in the run's folder.
#include "clearhead/train/training_run.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
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

}  // namespace

TrainingRun::TrainingRun(const std::filesystem::path& folder, const std::vector<std::string>& files)
    : folder_(folder) {
  make_folder(folder_);
  remove_leftovers(folder_);
  for (const char* name : {kCheckpoint, kCurves}) check_writable(folder_ / name);
  for (const std::string& name : files) check_writable(folder_ / name);
  if (std::filesystem::exists(folder_ / kCheckpoint)) {
    checkpoint_ = read_checkpoint(folder_ / kCheckpoint);
  }
}

void TrainingRun::identify(RunIdentity identity) {
  identity_ = std::move(identity);
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
  optimizer_.emplace(*job_.parameters, job_.training.optimizer);
  if (checkpoint_) resume(*checkpoint_);
  checkpoint_.reset();
}

Ending TrainingRun::run(const std::function<void(const StepReport&)>& on_step,
                        const std::function<void(const Evaluation&)>& on_evaluation) {
  const ReuseMemory reuse;
  const TrainingConfig& training = job_.training;
  while (step_ < training.steps && !out_of_patience()) {
    if (interrupted()) {
      save_checkpoint();
      return Ending::interrupted;
    }
    on_step(train_step());
    if (step_ % training.evaluate_every == 0 || step_ == training.steps) {
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
  ParameterGradients gradients;
  std::int64_t first =
      0;  // targets of the first batch, which the sums are over until all are known
  for (std::int64_t i = 0; i < training.accumulation; ++i) {
    const std::int64_t number = step_ * training.accumulation + i;
    const Pass pass{.precision = training.precision,
                    .training = true,
                    .dropout = training.dropout,
                    .seed = static_cast<std::uint64_t>(training.seed),
                    .step = static_cast<std::uint64_t>(number)};
    const StepReport batch =
        add_gradients(job_.loss, *job_.parameters, number, pass, first, gradients);
    if (i == 0) first = batch.tokens;
    report.loss += batch.loss * static_cast<double>(batch.tokens);
    report.tokens += batch.tokens;
  }
  report.loss /= static_cast<double>(report.tokens);
  if (report.tokens != first) {
    const double share = static_cast<double>(first) / static_cast<double>(report.tokens);
    for (auto& [parameter, gradient] : gradients) compute::multiply(gradient, share);
  }
  optimizer_->step(gradients, learning_rate_at(training.schedule, step_, training.steps));
  ++step_;
  if (training.average > 0) {
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

Evaluation TrainingRun::evaluate() {
  const std::int64_t before = evaluations_.empty() ? 0 : evaluations_.back().step;
  exchange_average();
  const Evaluation evaluation{
      step_, learning_rate_at(job_.training.schedule, step_ - 1, job_.training.steps),
      loss_sum_ / static_cast<double>(step_ - before), job_.validate()};
  if (!std::isfinite(evaluation.validation)) {
    throw Error("training: the validation loss is not finite; take a lower learning rate");
  }
  evaluations_.push_back(evaluation);
  loss_sum_ = 0;
  if (best_of(evaluations_) == evaluations_.size() - 1) {
    job_.save();
  }
  exchange_average();
  write_curves(folder_ / kCurves, evaluations_);
  return evaluation;
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

void TrainingRun::save_checkpoint() const {
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
    if (!checkpoint.average.tensors.empty()) {
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

StepReport add_gradients(const LossOfBatch& loss, const Parameters& parameters, std::int64_t number,
                         const Pass& pass, std::int64_t targets, ParameterGradients& gradients) {
  Tape tape(Keep::for_backward);
  const BatchLoss batch = loss(tape, number, pass);
  const double share =
      targets == 0 ? 1 : static_cast<double>(batch.tokens) / static_cast<double>(targets);
  tape.backward(batch.loss, Tensor::scalar(share, batch.loss.dtype()));
  for (const auto& [parameter, d] : gradients_on(tape, parameters)) {
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
