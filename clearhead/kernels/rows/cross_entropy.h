// Cross-entropy of one row of logits against a target class: the loss and its gradient.
#ifndef CLEARHEAD_KERNELS_ROWS_CROSS_ENTROPY_H_
#define CLEARHEAD_KERNELS_ROWS_CROSS_ENTROPY_H_

#include <cstdint>

#include "clearhead/kernels/rows/softmax.h"

namespace clearhead::kernels {

/// What a row of logits is compared with: the class `target` of 0 … V − 1 has the weight 1 −
/// smoothing, and all V classes share the rest (label smoothing, Szegedy et al. 2015, section 7); 0
/// ≤ smoothing < 1.
struct ClassTarget {
  std::int64_t target;
  double smoothing = 0;
};

/// loss = −Σ q·log softmax(logits), with the target distribution q; row is what backward needs.
template <typename T>
struct CrossEntropyRow {
  T loss;
  SoftmaxRow<T> row;  ///< so that log Σ exp(logit) = max + log(sum)
};

// Of V ≥ 1 logits at any alignment; T is float, on the processor's vectors, or double. Sums are
// made in f64; in f32 the loss is within 2e-7·(1 + the largest |logit − max| in it) of itself, and
// gradients within 5e-7·|factor|. NaN or +inf among the logits, or nothing but −inf, make loss and
// gradient NaN; a logit of −inf has probability 0, and if q is not 0 there the loss is +inf.

/// The loss only, without a gradient.
CrossEntropyRow<float> cross_entropy_row(std::int64_t V, const float* logits, ClassTarget to);
CrossEntropyRow<double> cross_entropy_row(std::int64_t V, const double* logits, ClassTarget to);

/// d_logits += factor·(softmax(logits) − q), from what the loss kept; factor is ∂L/∂loss.
void cross_entropy_row_backward(std::int64_t V, const float* logits, SoftmaxRow<float> row,
                                ClassTarget to, float factor, float* d_logits);
void cross_entropy_row_backward(std::int64_t V, const double* logits, SoftmaxRow<double> row,
                                ClassTarget to, double factor, double* d_logits);

/// The reference: the same as plain loops, for float and double.
namespace scalar {
template <typename T>
CrossEntropyRow<T> cross_entropy_row(std::int64_t V, const T* logits, ClassTarget to);
template <typename T>
void cross_entropy_row_backward(std::int64_t V, const T* logits, SoftmaxRow<T> row, ClassTarget to,
                                T factor, T* d_logits);

/// The loss from the sums over the row; `distances` = Σ_j (max − logit_j), used if to.smoothing >
/// 0.
template <typename T>
T cross_entropy(std::int64_t V, const T* logits, SoftmaxRow<T> row, double distances,
                ClassTarget to);
}  // namespace scalar

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_CROSS_ENTROPY_H_
