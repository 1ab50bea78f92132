// The weighted sum of values over visible pairs: the scalar reference.
#include "clearhead/kernels/products/weighted_sum_scalar.h"

#include <algorithm>
#include <limits>

namespace clearhead::kernels::scalar {
namespace {

// A weight where the score is −inf was put there afterwards; NaN comes of other scores of the row.
template <typename T>
bool is_hidden(T score, T weight) {
  return score == -std::numeric_limits<T>::infinity() && !(weight < 0 || weight > 0);
}

// y += factor·x
template <typename T>
void add_scaled(std::int64_t n, T factor, const T* x, T* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

// Σ x·y, in 8 sums side by side: two registers of 4 lanes, whose additions need not wait for each
// other, in an order that the compiler may vectorise.
template <typename T>
T dot(std::int64_t n, const T* x, const T* y) {
  constexpr std::int64_t kLanes = 8;
  T sums[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += x[i + lane] * y[i + lane];
  }
  for (; i < n; ++i) sums[i % kLanes] += x[i] * y[i];
  for (std::int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::int64_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

}  // namespace

template <typename T>
void weighted_sum(std::int64_t M, std::int64_t S, std::int64_t D, const T* pattern, const T* scores,
                  const T* v, std::int64_t ldv, T* z) {
  for (std::int64_t i = 0; i < M; ++i) {
    std::fill_n(z + i * D, D, T{0});
    for (std::int64_t j = 0; j < S; ++j) {
      const T p = pattern[i * S + j];
      if (!is_hidden(scores[i * S + j], p)) add_scaled(D, p, v + j * ldv, z + i * D);
    }
  }
}

template <typename T>
void weighted_sum_backward_pattern(std::int64_t M, std::int64_t S, std::int64_t D, const T* d_z,
                                   const T* pattern, const T* scores, const T* v, std::int64_t ldv,
                                   T* d_pattern) {
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < S; ++j) {
      if (is_hidden(scores[i * S + j], pattern[i * S + j])) continue;
      d_pattern[i * S + j] += dot(D, d_z + i * D, v + j * ldv);
    }
  }
}

template <typename T>
void weighted_sum_backward_v(std::int64_t M, std::int64_t S, std::int64_t D, const T* pattern,
                             const T* scores, const T* d_z, T* d_v) {
  for (std::int64_t i = 0; i < M; ++i) {
    for (std::int64_t j = 0; j < S; ++j) {
      const T p = pattern[i * S + j];
      if (!is_hidden(scores[i * S + j], p)) add_scaled(D, p, d_z + i * D, d_v + j * D);
    }
  }
}

template void weighted_sum(std::int64_t, std::int64_t, std::int64_t, const float*, const float*,
                           const float*, std::int64_t, float*);
template void weighted_sum(std::int64_t, std::int64_t, std::int64_t, const double*, const double*,
                           const double*, std::int64_t, double*);
template void weighted_sum_backward_pattern(std::int64_t, std::int64_t, std::int64_t, const float*,
                                            const float*, const float*, const float*, std::int64_t,
                                            float*);
template void weighted_sum_backward_pattern(std::int64_t, std::int64_t, std::int64_t, const double*,
                                            const double*, const double*, const double*,
                                            std::int64_t, double*);
template void weighted_sum_backward_v(std::int64_t, std::int64_t, std::int64_t, const float*,
                                      const float*, const float*, float*);
template void weighted_sum_backward_v(std::int64_t, std::int64_t, std::int64_t, const double*,
                                      const double*, const double*, double*);

}  // namespace clearhead::kernels::scalar
