// Makes the batches of the recall task, scores answers, and measures how far gradients reach.
#include "clearhead/train/recall.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/memory.h"
#include "clearhead/base/random.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/train/data.h"
#include "clearhead/train/schedule.h"
#include "clearhead/train/training_loop.h"

namespace clearhead {
namespace {

// Batches of training are 0, 1, 2, …; those that are only looked at begin here.
constexpr std::int64_t kFirstTest = std::int64_t{1} << 40;
constexpr std::int64_t kTestSequences = 512;

struct Answers {
  Var loss;
  Var logits;  // [B, N + 1, V]
};

Answers answer(Tape& tape, const Model& model, const RecallBatch& batch, const Pass& pass) {
  const auto& network = dynamic_cast<const LanguageModel&>(model);
  const Var logits = network.forward(tape.input("tokens", batch.input, false), pass);
  const Var target = tape.input("target", batch.target, false);
  return {cross_entropy(logits, target, {.ignore_index = kIgnoredTarget}).loss, logits};
}

// Sequences whose value got the highest score of all tokens.
std::int64_t count_right(const Tensor& logits, const Tensor& target) {
  const std::int64_t B = logits.size(0), last = logits.size(1) - 1, V = logits.size(2);
  const Tensor scores = logits.slice(1, last, last + 1).contiguous();  // [B, 1, V]
  std::int64_t right = 0;
  for (std::int64_t b = 0; b < B; ++b) {
    const float* row = scores.data<float>() + b * V;
    const auto wanted = static_cast<std::int64_t>(target.at({b, last}));
    if (std::max_element(row, row + V) - row == wanted) ++right;
  }
  return right;
}

}  // namespace

RecallTask::RecallTask(std::int64_t distance, std::int64_t batch, std::uint64_t seed)
    : distance_(distance), batch_(batch), seed_(seed) {
  if (distance >= 1 && batch >= 1) return;
  throw Error("recall: expected a distance and a batch of at least 1, got " +
              std::to_string(distance) + " and " + std::to_string(batch));
}

RecallBatch RecallTask::make_batch(std::int64_t number) const {
  const std::int64_t T = distance_ + 1;
  RecallBatch batch{Tensor::empty({batch_, T}, DType::i64), Tensor::empty({batch_, T}, DType::i64)};
  Random random(seed_, static_cast<std::uint64_t>(number));
  for (std::int64_t b = 0; b < batch_; ++b) {
    std::int64_t* input = batch.input.mutable_data<std::int64_t>() + b * T;
    std::int64_t* target = batch.target.mutable_data<std::int64_t>() + b * T;
    std::fill_n(target, distance_, kIgnoredTarget);
    input[0] = target[distance_] = random.below(kRecallValues);
    for (std::int64_t t = 1; t < distance_; ++t) {
      input[t] = kRecallValues + random.below(kRecallNoise);
    }
    input[distance_] = kRecallQuery;
  }
  return batch;
}

BatchLoss RecallTask::train(Tape& tape, const Model& model, std::int64_t number,
                            const Pass& pass) const {
  return {answer(tape, model, make_batch(number), pass).loss, batch_};
}

RecallScore RecallTask::test(const Model& model) const {
  RecallScore score;
  const std::int64_t batches = ceil_div(kTestSequences, batch_);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < batches; ++i) {
    Tape tape(Keep::nothing);
    const RecallBatch batch = make_batch(kFirstTest + i);
    const Answers answers = answer(tape, model, batch, {});
    score.loss += answers.loss.value().item() / static_cast<double>(batches);
    right += count_right(answers.logits.value(), batch.target);
  }
  score.accuracy = static_cast<double>(right) / static_cast<double>(batches * batch_);
  return score;
}

double RecallTask::validate(const Model& model, Precision) const { return test(model).loss; }

std::vector<double> gradient_reach(const ModelConfig& config, const Model& model,
                                   std::int64_t distance, std::uint64_t seed) {
  constexpr std::int64_t kSequences = 16;
  const std::unique_ptr<Model> exact = make_model(config, 0, DType::f64);
  exact->parameters().load(model.parameters().named_tensors());
  const RecallTask task(distance, kSequences, seed);
  Tape tape(Keep::everything);
  const Answers answers =
      answer(tape, *exact, task.make_batch(kFirstTest), {.way = AttentionWay::fused});
  tape.backward(answers.loss);

  const Tensor d = tape["hook_embed"].grad().contiguous();  // [B, N + 1, C]
  const std::int64_t T = d.size(1), C = d.size(2);
  std::vector<double> reach(static_cast<std::size_t>(T));
  for (std::int64_t back = 0; back < T; ++back) {
    double squares = 0;
    for (std::int64_t b = 0; b < kSequences; ++b) {
      const double* row = d.data<double>() + (b * T + distance - back) * C;
      for (std::int64_t c = 0; c < C; ++c) squares += row[c] * row[c];
    }
    reach[static_cast<std::size_t>(back)] = std::sqrt(squares);
  }
  const double at_query = reach[0];
  for (double& x : reach) x /= at_query;
  return reach;
}

std::optional<RecallResult> train_to_recall(
    const ModelConfig& config, const RecallConfig& recall,
    const std::function<void(std::int64_t step, double loss)>& on_step) {
  constexpr double kLearnt = 0.01, kMemory = 0.95;  // nats; of the mean over about 20 steps
  const ReuseMemory reuse;
  const auto task = std::make_shared<const RecallTask>(recall.distance, recall.batch, recall.seed);
  TrainingLoop loop(config, task,
                    {.steps = recall.steps,
                     .schedule = {.kind = ScheduleKind::constant,
                                  .learning_rate = recall.learning_rate,
                                  .warmup_steps = 50},
                     .optimizer = {.weight_decay = 0},
                     .seed = static_cast<std::int64_t>(recall.seed)});
  RecallResult result;
  result.reach_before = gradient_reach(config, loop.model(), recall.distance, recall.seed);
  double mean = std::log(static_cast<double>(kRecallValues));  // of the loss, as chance has it
  while (result.steps < recall.steps && mean > kLearnt) {
    if (interrupted()) return {};
    mean = kMemory * mean + (1 - kMemory) * loop.step().loss;
    on_step(++result.steps, mean);
  }
  result.score = task->test(loop.model());
  result.reach_after = gradient_reach(config, loop.model(), recall.distance, recall.seed);
  return result;
}

}  // namespace clearhead
