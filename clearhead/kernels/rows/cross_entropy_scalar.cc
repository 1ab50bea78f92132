// Cross-entropy of a row as its formula has it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/kernels/rows/cross_entropy.h"

namespace clearhead::kernels::scalar {

// −Σ q_j·log p_j with log p_j = logit_j − max − log(sum): as differences from max, since max and
// log(sum) of large logits would lose digits against each other.
template <typename T>
T cross_entropy(std::int64_t V, const T* logits, SoftmaxRow<T> row, double distances,
                ClassTarget to) {
  const double distance = static_cast<double>(row.max) - static_cast<double>(logits[to.target]);
  double loss = std::log(static_cast<double>(row.sum)) + (1 - to.smoothing) * distance;
  if (to.smoothing > 0) loss += to.smoothing * distances / static_cast<double>(V);
  return static_cast<T>(loss);
}

template <typename T>
CrossEntropyRow<T> cross_entropy_row(std::int64_t V, const T* logits, ClassTarget to) {
  T max = -std::numeric_limits<T>::infinity();
  for (std::int64_t j = 0; j < V; ++j) max = std::max(max, logits[j]);
  double sum = 0;
  double distances = 0;
  for (std::int64_t j = 0; j < V; ++j) {
    sum += static_cast<double>(std::exp(logits[j] - max));
    distances += static_cast<double>(max) - static_cast<double>(logits[j]);
  }
  const SoftmaxRow<T> row{max, static_cast<T>(sum)};
  return {cross_entropy(V, logits, row, distances, to), row};
}

// ∂loss/∂logit_j = p_j − q_j: log(sum) gives p_j, −Σ q·logit gives q_j, and Σ q = 1 lets max
// cancel.
template <typename T>
void cross_entropy_row_backward(std::int64_t V, const T* logits, SoftmaxRow<T> row, ClassTarget to,
                                T factor, T* d_logits) {
  const T everywhere = static_cast<T>(to.smoothing / static_cast<double>(V));
  for (std::int64_t j = 0; j < V; ++j) {
    d_logits[j] += factor * (std::exp(logits[j] - row.max) / row.sum - everywhere);
  }
  d_logits[to.target] -= factor * static_cast<T>(1 - to.smoothing);
}

#define CLEARHEAD_INSTANTIATE(T)                                                                  \
  template T cross_entropy(std::int64_t, const T*, SoftmaxRow<T>, double, ClassTarget);           \
  template CrossEntropyRow<T> cross_entropy_row(std::int64_t, const T*, ClassTarget);             \
  template void cross_entropy_row_backward(std::int64_t, const T*, SoftmaxRow<T>, ClassTarget, T, \
                                           T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::kernels::scalar
