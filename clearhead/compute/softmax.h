// The softmax of rows, on all threads, and its gradient. T is float or double.
#ifndef CLEARHEAD_COMPUTE_SOFTMAX_H_
#define CLEARHEAD_COMPUTE_SOFTMAX_H_

#include <cstdint>

namespace clearhead::compute {

/// pattern = exp(scores − max)/sum for each of R rows of S numbers; max and sum [R] are those of
/// each row. A score of −inf gets exactly 0; a row of only −inf gets zeros
/// (kernels/rows/softmax.h).
template <typename T>
void softmax(std::int64_t R, std::int64_t S, const T* scores, T* pattern, T* max, T* sum);

/// d_scores += pattern·(d_pattern − Σ pattern·d_pattern). A weight of exactly 0 takes and gives no
/// gradient.
template <typename T>
void softmax_backward(std::int64_t R, std::int64_t S, const T* pattern, const T* d_pattern,
                      T* d_scores);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_SOFTMAX_H_
