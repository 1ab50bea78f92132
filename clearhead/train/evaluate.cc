// Sums the loss and the right answers over all targets of a text, batch by batch.
#include "clearhead/train/evaluate.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/cross_entropy.h"

namespace clearhead {
namespace {

constexpr std::int64_t kPlaces = 4096;  // of a batch: enough to keep all threads busy

// Gathers the scores of batches, each target counting alike.
class Sum {
 public:
  void add(const Prediction& prediction) {
    const Var target = prediction.logits.tape().input("target", prediction.target, false);
    loss_ += cross_entropy(prediction.logits, target,
                           {.ignore_index = kIgnoredTarget, .reduction = Reduction::sum})
                 .loss.value()
                 .item();
    const Tensor logits = prediction.logits.value().to(DType::f32).contiguous();
    const std::int64_t V = logits.size(-1);
    const std::int64_t* const targets = prediction.target.data<std::int64_t>();
    for (std::int64_t i = 0; i < prediction.target.count(); ++i) {
      if (targets[i] == kIgnoredTarget) continue;
      const float* const row = logits.data<float>() + i * V;
      ++targets_;
      right_ += std::max_element(row, row + V) - row == targets[i] ? 1 : 0;
    }
  }

  PredictionScore score() const {
    if (targets_ == 0) throw Error("evaluate: there is nothing to predict");
    const auto count = static_cast<double>(targets_);
    return {loss_ / count, static_cast<double>(right_) / count, targets_};
  }

 private:
  double loss_ = 0;
  std::int64_t right_ = 0;
  std::int64_t targets_ = 0;
};

// Lines of these lengths, in batches of similar length.
PredictionScore evaluate_lines(
    std::span<const std::int64_t> lengths,
    const std::function<Prediction(Tape&, const std::vector<std::int64_t>& numbers)>& predict) {
  if (lengths.empty()) throw Error("evaluate: there is no line");
  const std::int64_t longest = *std::max_element(lengths.begin(), lengths.end());
  Sum sum;
  for (const auto& numbers : bucketed_batches(lengths, std::max(kPlaces, longest), 0, 0)) {
    Tape tape(Keep::nothing);
    sum.add(predict(tape, numbers));
  }
  return sum.score();
}

}  // namespace

PredictionScore evaluate_text(const LanguageModel& model, std::span<const std::int64_t> tokens,
                              std::int64_t T, Precision precision) {
  const std::int64_t targets = std::ssize(tokens) - 1;
  if (targets < 1)
    throw Error(
        "evaluate: expected at least two tokens, the second to be predicted from the first");
  Sum sum;
  for (std::int64_t begin = 0; begin < targets;) {
    // As many windows at once as fill a batch; what is left at the end is a shorter one.
    const std::int64_t length = std::min(T, targets - begin);
    const std::int64_t windows =
        std::min(std::max<std::int64_t>(1, kPlaces / T), (targets - begin) / length);
    const auto count = static_cast<std::size_t>(windows * length);
    const auto at = static_cast<std::size_t>(begin);
    Tape tape(Keep::nothing);
    sum.add(predict_windows(model, tape,
                            {Tensor::of({windows, length}, tokens.subspan(at, count)),
                             Tensor::of({windows, length}, tokens.subspan(at + 1, count))},
                            {.precision = precision}));
    begin += windows * length;
  }
  return sum.score();
}

PredictionScore evaluate_masks(const MaskedModel& model, std::span<const Sequence> lines,
                               const Tokenizer& tokenizer, Precision precision) {
  return evaluate_lines(line_lengths(lines), [&](Tape& tape, const auto& numbers) {
    return predict_masks(model, tape, masked_batch(lines, numbers, tokenizer, 0, 0),
                         {.precision = precision});
  });
}

PredictionScore evaluate_pairs(const TranslationModel& model, std::span<const Sequence> sources,
                               std::span<const Sequence> targets, const PairFrame& frame,
                               Precision precision) {
  return evaluate_lines(pair_lengths(sources, targets), [&](Tape& tape, const auto& numbers) {
    return predict_pairs(model, tape, pair_batch(sources, targets, numbers, frame),
                         {.precision = precision});
  });
}

Prediction predict_windows(const LanguageModel& model, Tape& tape, const WindowBatch& batch,
                           const Pass& pass) {
  return {model.forward(tape.input("tokens", batch.input, false), pass), batch.target};
}

Prediction predict_masks(const MaskedModel& model, Tape& tape, const MaskedBatch& batch,
                         const Pass& pass) {
  return {model.forward(tape.input("tokens", batch.input, false), batch.lengths, pass),
          batch.target};
}

Prediction predict_pairs(const TranslationModel& model, Tape& tape, const PairBatch& batch,
                         const Pass& pass) {
  const Memory memory =
      model.encode(tape.input("source", batch.source, false), batch.source_lengths, pass);
  return {model.decode(memory, tape.input("tokens", batch.input, false), pass), batch.target};
}

}  // namespace clearhead
