// Softmax in three passes over a row: maximum, exponentials and their sum, division.
#include <cmath>
#include <limits>

#include "clearhead/kernels/rows/softmax.h"

namespace clearhead::kernels::scalar {
namespace {

template <typename T>
constexpr T kMasked = -std::numeric_limits<T>::infinity();

}  // namespace

template <typename T>
SoftmaxRow<T> softmax_row(std::int64_t n, const T* scores, T* pattern) {
  T max = kMasked<T>;
  bool has_nan = false;
  for (std::int64_t j = 0; j < n; ++j) {
    max = scores[j] > max ? scores[j] : max;
    has_nan = has_nan || scores[j] != scores[j];
  }
  if (has_nan) max = std::numeric_limits<T>::quiet_NaN();
  // Where max is +inf, inf − inf = NaN enters the sum and, by the division, the whole row.
  double sum = 0;  // in f64, so that a long row loses no digits
  for (std::int64_t j = 0; j < n; ++j) {
    pattern[j] = scores[j] == kMasked<T> ? T{0} : std::exp(scores[j] - max);
    sum += static_cast<double>(pattern[j]);
  }
  const T rounded_sum = static_cast<T>(sum);
  for (std::int64_t j = 0; j < n; ++j) {
    pattern[j] = scores[j] == kMasked<T> ? T{0} : pattern[j] / rounded_sum;
  }
  return {max, rounded_sum};
}

template <typename T>
void softmax_row_backward(std::int64_t n, const T* pattern, const T* d_pattern, T* d_scores) {
  double dot = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    if (pattern[j] != 0) dot += static_cast<double>(pattern[j]) * static_cast<double>(d_pattern[j]);
  }
  const T mean = static_cast<T>(dot);
  for (std::int64_t j = 0; j < n; ++j) {
    if (pattern[j] != 0) d_scores[j] += pattern[j] * (d_pattern[j] - mean);
  }
}

template SoftmaxRow<float> softmax_row(std::int64_t, const float*, float*);
template SoftmaxRow<double> softmax_row(std::int64_t, const double*, double*);
template void softmax_row_backward(std::int64_t, const float*, const float*, float*);
template void softmax_row_backward(std::int64_t, const double*, const double*, double*);

}  // namespace clearhead::kernels::scalar
