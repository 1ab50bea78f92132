// The number that explanations of a prediction are about: a logit, or the difference of two.
#ifndef CLEARHEAD_LENS_LOGIT_METRIC_H_
#define CLEARHEAD_LENS_LOGIT_METRIC_H_

#include <cstdint>
#include <optional>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// logits[batch, place, token], less that of `other` if there is one. A difference says why one
/// token rather than another; what raises all logits alike has no part in it.
struct LogitMetric {
  std::int64_t batch = 0;                  ///< its place in the batch
  std::int64_t place = 0;                  ///< of the token after which (or at which) is predicted
  std::int64_t token = 0;                  ///< of the vocabulary
  std::optional<std::int64_t> other = {};  ///< likewise; its logit is taken off

  /// Its value in logits [B, T, V]. Throws Error if it does not lie in them.
  double of(const Tensor& logits) const;
  /// ∂metric/∂logits, of the shape and type of `logits`: 1 at the token, −1 at the other, else 0.
  Tensor gradient(const Tensor& logits) const;
};

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_LOGIT_METRIC_H_
