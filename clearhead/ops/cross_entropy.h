// Cross-entropy of a softmax: how unlikely a prediction found the right answers.
#ifndef CLEARHEAD_OPS_CROSS_ENTROPY_H_
#define CLEARHEAD_OPS_CROSS_ENTROPY_H_

#include <cstdint>
#include <optional>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// One loss for each target, their sum, or their mean.
enum class Reduction { none, sum, mean };

/// Which targets count, and how much.
struct CrossEntropyOptions {
  /// Places with this target do not count; it need not be a class.
  std::optional<std::int64_t> ignore_index = {};
  /// ε in [0, 1): the target class gets 1 − ε, and all classes share ε equally (Szegedy et al.
  /// 2016, section 7).
  double label_smoothing = 0;
  /// [V], of the type of the logits: the weight of a target of each class. Default: 1.
  Tensor class_weight = {};
  /// `mean` divides by the sum of the weights of the targets that count; it is NaN if none counts.
  Reduction reduction = Reduction::mean;
};

/// What cross-entropy gives.
struct CrossEntropyOutput {
  Var loss;      ///< a single number; with Reduction::none one for each target
  Var log_prob;  ///< [..., V]: a computed view, so only where everything is kept
};

/// −log softmax(logits)[target]: logits [..., V], f32 or f64, targets i64 [...]. As the ONNX
/// operator `SoftmaxCrossEntropyLoss`, in which classes are axis 1 instead of the last. Throws
/// Error if types or shapes do not fit, or if a target is not a class.
CrossEntropyOutput cross_entropy(const Var& logits, const Var& targets,
                                 const CrossEntropyOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_CROSS_ENTROPY_H_
