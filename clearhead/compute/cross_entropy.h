// Cross-entropy of rows of logits against target classes, on all threads, and its gradient.
#ifndef CLEARHEAD_COMPUTE_CROSS_ENTROPY_H_
#define CLEARHEAD_COMPUTE_CROSS_ENTROPY_H_

#include <cstdint>
#include <optional>

namespace clearhead::compute {

/// logits [R, V] and targets [R], each of 0 … V − 1, or `ignored` for a row without loss and
/// gradient, whose logits may hold anything. `smoothing` is the part of each target distribution
/// that all classes share equally. T is float or double.
template <typename T>
struct CrossEntropy {
  std::int64_t R, V;                    ///< rows and classes
  const T* logits;                      ///< [R, V]
  const std::int64_t* targets;          ///< [R]
  std::optional<std::int64_t> ignored;  ///< the target that counts nothing
  double smoothing;                     ///< ε of label smoothing, 0 … 1
};

/// losses [R] = −Σ q·log softmax(logits), 0 of an ignored row; max and sum [R] are what backward
/// needs.
template <typename T>
void cross_entropy(const CrossEntropy<T>& rows, T* losses, T* max, T* sum);

/// d_logits += d_losses·(softmax(logits) − q), row by row.
template <typename T>
void cross_entropy_backward(const CrossEntropy<T>& rows, const T* max, const T* sum,
                            const T* d_losses, T* d_logits);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_CROSS_ENTROPY_H_
