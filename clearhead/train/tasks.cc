// The tasks themselves: batches of tokens in memory, what a model makes of them, and the loss.
#include "clearhead/train/tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/memory.h"
#include "clearhead/ops/cross_entropy.h"
#include "clearhead/train/evaluate.h"

namespace clearhead {
namespace {

// The mean over the targets that count.
BatchLoss loss_of(const Prediction& prediction, double label_smoothing) {
  const std::int64_t* ids = prediction.target.data<std::int64_t>();
  const auto counted = std::count_if(ids, ids + prediction.target.count(),
                                     [](std::int64_t id) { return id != kIgnoredTarget; });
  const Var target = prediction.logits.tape().input("target", prediction.target, false);
  return {cross_entropy(prediction.logits, target,
                        {.ignore_index = kIgnoredTarget, .label_smoothing = label_smoothing})
              .loss,
          counted};
}

// No step does without the scores of all tokens at each of a batch's places, and their gradient.
void require_memory(const char* field, std::int64_t places, std::int64_t vocabulary) {
  const double bytes =
      2 * sizeof(float) * static_cast<double>(places) * static_cast<double>(vocabulary);
  if (bytes <= static_cast<double>(machine_memory())) return;
  throw Error(fmt::format(
      "training.{}: the scores of {} tokens at the {} places of a batch, and their gradient, take "
      "{:.0f} MiB, and this machine has {}; take smaller batches",
      field, vocabulary, places, bytes / (1 << 20), machine_memory() >> 20));
}

// ---- Continue a text ----

class TextTask : public Task {
 public:
  TextTask(Sequence train, Sequence validation, std::int64_t context, std::int64_t vocabulary,
           const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        T_(context),
        training_(training) {
    require_memory("batch", training_.batch * T_, vocabulary);
    train_batch(0);  // says at once if the text is too short
    if (validation_.size() < 2) {
      throw Error("data: the text to validate with has less than two tokens");
    }
  }

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    const auto& network = dynamic_cast<const LanguageModel&>(model);
    return loss_of(predict_windows(network, tape, train_batch(number), pass),
                   training_.label_smoothing);
  }

  double validate(const Model& model, Precision precision) const override {
    return evaluate_text(dynamic_cast<const LanguageModel&>(model), validation_, T_, precision)
        .loss;
  }

 private:
  WindowBatch train_batch(std::int64_t number) const {
    return random_windows(train_, training_.batch, T_, static_cast<std::uint64_t>(training_.seed),
                          number);
  }

  Sequence train_, validation_;
  std::int64_t T_;
  TrainingConfig training_;
};

// ---- Lines: hidden words and translations ----

// The batches of lines of one epoch, made when it is asked for.
class Batches {
 public:
  Batches(std::vector<std::int64_t> lengths, const TrainingConfig& training,
          std::int64_t vocabulary)
      : lengths_(std::move(lengths)),
        most_places_(training.batch_tokens),
        seed_(static_cast<std::uint64_t>(training.seed)),
        batches_(bucketed_batches(lengths_, most_places_, seed_, 0)) {
    const std::int64_t longest = *std::max_element(lengths_.begin(), lengths_.end());
    require_memory("batch_tokens", std::min(most_places_, std::ssize(lengths_) * longest),
                   vocabulary);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(batches_.size()); }
  std::int64_t epoch_of(std::int64_t number) const { return number / size(); }
  // The numbers of the lines of batch `number`, counted through all epochs.
  const std::vector<std::int64_t>& at(std::int64_t number) const {
    if (epoch_of(number) != epoch_) {
      epoch_ = epoch_of(number);
      batches_ = bucketed_batches(lengths_, most_places_, seed_, epoch_);
    }
    return batches_[static_cast<std::size_t>(number % size())];
  }

 private:
  std::vector<std::int64_t> lengths_;
  std::int64_t most_places_;
  std::uint64_t seed_;
  mutable std::int64_t epoch_ = 0;
  mutable std::vector<std::vector<std::int64_t>> batches_;
};

void require_validation(const std::vector<Sequence>& lines) {
  if (!lines.empty()) return;
  throw Error(
      "data: there is no line to validate with that is not too long for the model; give more, or a "
      "longer context");
}

class MaskedTask : public Task {
 public:
  MaskedTask(std::vector<Sequence> train, std::vector<Sequence> validation,
             std::shared_ptr<const Tokenizer> tokenizer, const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        tokenizer_(std::move(tokenizer)),
        training_(training),
        batches_(line_lengths(train_), training, tokenizer_->size()) {
    require_validation(validation_);
  }

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    const auto seed = static_cast<std::uint64_t>(training_.seed);
    const MaskedBatch batch =
        masked_batch(train_, batches_.at(number), *tokenizer_, seed, 1 + batches_.epoch_of(number));
    const auto& network = dynamic_cast<const MaskedModel&>(model);
    return loss_of(predict_masks(network, tape, batch, pass), training_.label_smoothing);
  }

  double validate(const Model& model, Precision precision) const override {
    return evaluate_masks(dynamic_cast<const MaskedModel&>(model), validation_, *tokenizer_,
                          precision)
        .loss;
  }

 private:
  std::vector<Sequence> train_, validation_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  TrainingConfig training_;
  Batches batches_;
};

class TranslationTask : public Task {
 public:
  TranslationTask(Pairs train, Pairs validation, const Tokenizer& tokenizer,
                  const TrainingConfig& training)
      : train_(std::move(train)),
        validation_(std::move(validation)),
        frame_(pair_frame(tokenizer)),
        training_(training),
        batches_(pair_lengths(train_.sources, train_.targets), training, tokenizer.size()) {
    require_validation(validation_.sources);
  }

  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override {
    const auto& network = dynamic_cast<const TranslationModel&>(model);
    const PairBatch batch = pair_batch(train_.sources, train_.targets, batches_.at(number), frame_);
    return loss_of(predict_pairs(network, tape, batch, pass), training_.label_smoothing);
  }

  double validate(const Model& model, Precision precision) const override {
    return evaluate_pairs(dynamic_cast<const TranslationModel&>(model), validation_.sources,
                          validation_.targets, frame_, precision)
        .loss;
  }

 private:
  Pairs train_, validation_;
  PairFrame frame_;
  TrainingConfig training_;
  Batches batches_;
};

}  // namespace

std::unique_ptr<Task> text_task(Sequence train, Sequence validation, std::int64_t context,
                                std::int64_t vocabulary, const TrainingConfig& training) {
  return std::make_unique<TextTask>(std::move(train), std::move(validation), context, vocabulary,
                                    training);
}

std::unique_ptr<Task> masked_task(std::vector<Sequence> train, std::vector<Sequence> validation,
                                  std::shared_ptr<const Tokenizer> tokenizer,
                                  const TrainingConfig& training) {
  return std::make_unique<MaskedTask>(std::move(train), std::move(validation), std::move(tokenizer),
                                      training);
}

std::unique_ptr<Task> translation_task(Pairs train, Pairs validation,
                                       std::shared_ptr<const Tokenizer> tokenizer,
                                       const TrainingConfig& training) {
  return std::make_unique<TranslationTask>(std::move(train), std::move(validation), *tokenizer,
                                           training);
}

}  // namespace clearhead
