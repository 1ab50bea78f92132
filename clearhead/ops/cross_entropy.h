// Cross-entropy of a softmax: how surprised a prediction is by what came.
#ifndef CLEARHEAD_OPS_CROSS_ENTROPY_H_
#define CLEARHEAD_OPS_CROSS_ENTROPY_H_

#include <cstdint>
#include <optional>

#include "clearhead/tape/tape.h"

namespace clearhead {

enum class Reduction { none, sum, mean };

struct CrossEntropyOptions {
  /// Places with this target, which need be no class, count nothing.
  std::optional<std::int64_t> ignore_index = {};
  /// ε in [0, 1): the target is 1 − ε of its class and ε of all alike (Szegedy et al. 2016, section
  /// 7).
  double label_smoothing = 0;
  /// [V], of the type of the logits: how much a target of each class counts. Default: 1.
  Tensor class_weight = {};
  /// `mean` divides by the weights of the targets that count; it is NaN if none does.
  Reduction reduction = Reduction::mean;
};

struct CrossEntropyOutput {
  Var loss;      ///< a single number; with Reduction::none one for each target
  Var log_prob;  ///< [..., V]: a computed view, so only where everything is kept
};

/// −log softmax(logits)[target]: logits [..., V], f32 or f64, targets i64 [...]. As the ONNX
/// operator `SoftmaxCrossEntropyLoss`, whose classes are axis 1 instead of the last. Throws Error
/// if types or shapes do not fit, or if a target is no class.
CrossEntropyOutput cross_entropy(const Var& logits, const Var& targets,
                                 const CrossEntropyOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_CROSS_ENTROPY_H_
