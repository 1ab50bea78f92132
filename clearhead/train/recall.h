// What does a network remember? It is shown a value, then noise, and then asked for the value:
//
//     value  noise  noise  …  noise  query
//       0      1      2       N − 1    N       target at the query: the value
//
// To answer, the network must keep the value for N steps; to learn that, its gradient must flow
// back over N steps.
//
// Sources: Bengio, Simard and Frasconi, "Learning long-term dependencies with gradient descent is
// difficult" (1994); Hochreiter and Schmidhuber, "Long short-term memory" (1997), section 5.
#ifndef CLEARHEAD_TRAIN_RECALL_H_
#define CLEARHEAD_TRAIN_RECALL_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "clearhead/models/family.h"
#include "clearhead/train/task.h"

namespace clearhead {

inline constexpr std::int64_t kRecallValues = 8;  ///< ids 0 … 7: chance is 1/8
inline constexpr std::int64_t kRecallNoise = 8;   ///< ids 8 … 15
/// The id of the query.
inline constexpr std::int64_t kRecallQuery = kRecallValues + kRecallNoise;
/// How many ids there are.
inline constexpr std::int64_t kRecallVocabulary = kRecallQuery + 1;

/// Sequences that end with a query.
struct RecallBatch {
  Tensor input;   ///< i64 [B, N + 1]
  Tensor target;  ///< i64 [B, N + 1]: the value at the query, else kIgnoredTarget
};

/// How well a model recalls values in 512 sequences that it was not trained on.
struct RecallScore {
  double loss = 0;      ///< mean cross-entropy, in nats; chance has ln 8
  double accuracy = 0;  ///< the share whose value is the most likely token; chance has 1/8
};

/// For language models.
class RecallTask : public Task {
 public:
  /// Over `distance` = N ≥ 1 steps, in batches of `batch` sequences. Throws Error if they are not
  /// positive.
  RecallTask(std::int64_t distance, std::int64_t batch, std::uint64_t seed);

  /// Batch `number`, a function of it and the seed alone.
  RecallBatch make_batch(std::int64_t number) const;
  BatchLoss train(Tape& tape, const Model& model, std::int64_t number,
                  const Pass& pass) const override;
  double validate(const Model& model, Precision precision) const override;
  /// On 512 sequences that training does not see.
  RecallScore test(const Model& model) const;

 private:
  std::int64_t distance_;
  std::int64_t batch_;
  std::uint64_t seed_;
};

/// How far back the gradient of the loss at the query reaches: for each d = 0 … N the length of
/// ∂L/∂(embedding d steps before the query), over a batch of 16 sequences, divided by that at the
/// query. In f64, so that it may be very small.
std::vector<double> gradient_reach(const ModelConfig& config, const Model& model,
                                   std::int64_t distance, std::uint64_t seed);

/// How a network is trained to recall.
struct RecallConfig {
  std::int64_t distance = 8;    ///< N
  std::int64_t steps = 1000;    ///< at most: training ends when the loss is down to 0.01
  std::int64_t batch = 32;      ///< sequences
  double learning_rate = 3e-3;  ///< of AdamW
  std::uint64_t seed = 0;       ///< of weights and sequences
};

/// What came out.
struct RecallResult {
  std::int64_t steps = 0;                 ///< that were done
  RecallScore score = {};                 ///< after training
  std::vector<double> reach_before = {};  ///< `gradient_reach`
  std::vector<double> reach_after = {};   ///< likewise, after training
};

/// Trains a new network to recall. Returns nothing if `interrupted()`. `on_step` is told how many
/// steps are done, and the loss. Throws Error if the loss is no longer a number.
std::optional<RecallResult> train_to_recall(
    const ModelConfig& config, const RecallConfig& recall,
    const std::function<void(std::int64_t step, double loss)>& on_step);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_RECALL_H_
