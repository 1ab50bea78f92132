// How well a model predicts a given text, for validation and `clearhead evaluate`.
#ifndef CLEARHEAD_TRAIN_EVALUATE_H_
#define CLEARHEAD_TRAIN_EVALUATE_H_

#include <cstdint>
#include <span>

#include "clearhead/models/model.h"
#include "clearhead/text/tokenizer.h"
#include "clearhead/train/data.h"

namespace clearhead {

/// Logits [B, T, V] and the right tokens, i64 [B, T]; places with kIgnoredTarget do not count.
struct Prediction {
  Var logits;     ///< before the softmax
  Tensor target;  ///< the right tokens
};

/// How well many targets were predicted.
struct PredictionScore {
  double loss = 0;           ///< mean cross-entropy, in nats
  double accuracy = 0;       ///< the share of targets that were found likeliest
  std::int64_t targets = 0;  ///< how many
};

/// Each token but the first, predicted from those before in its window: windows of T tokens, one
/// after the other, the last one shorter. Throws Error if there are fewer than two tokens.
PredictionScore evaluate_text(const LanguageModel& model, std::span<const std::int64_t> tokens,
                              std::int64_t T, Precision precision);

/// The hidden words of `masked_batch` for seed 0 and epoch 0. Throws Error if there are no lines.
PredictionScore evaluate_masks(const MaskedModel& model, std::span<const Sequence> lines,
                               const Tokenizer& tokenizer, Precision precision);

/// Each token of the targets and their ends, predicted from the source and the target before it.
/// Throws Error if there are no pairs.
PredictionScore evaluate_pairs(const TranslationModel& model, std::span<const Sequence> sources,
                               std::span<const Sequence> targets, const PairFrame& frame,
                               Precision precision);

// ---- One batch, for training too ----

/// What a language model says of the next tokens.
Prediction predict_windows(const LanguageModel& model, Tape& tape, const WindowBatch& batch,
                           const Pass& pass);
/// What a masked model says of the hidden tokens.
Prediction predict_masks(const MaskedModel& model, Tape& tape, const MaskedBatch& batch,
                         const Pass& pass);
/// What a translation model says of the next tokens of the targets.
Prediction predict_pairs(const TranslationModel& model, Tape& tape, const PairBatch& batch,
                         const Pass& pass);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_EVALUATE_H_
