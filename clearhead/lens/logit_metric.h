// The number that explanations of a prediction are about: a logit, or the difference of two.
#ifndef CLEARHEAD_LENS_LOGIT_METRIC_H_
#define CLEARHEAD_LENS_LOGIT_METRIC_H_

#include <cstdint>
#include <optional>

#include "clearhead/tape/tape.h"

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
  /// The same; of a computed view, only its one or two numbers are calculated.
  double of(const Var& logits) const;
  /// Walks backward from it to everything that it depends on (`Tape::backward`), on the tape that
  /// logits [B, T, V] lie on. A gradient of all logits is not needed for that.
  void backward(const Var& logits) const;
};

/// The token with the greatest logit at a place of the first of logits [B, T, V]. Of a computed
/// view, only that row is calculated.
std::int64_t likeliest_token(const Var& logits, std::int64_t place);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_LOGIT_METRIC_H_
