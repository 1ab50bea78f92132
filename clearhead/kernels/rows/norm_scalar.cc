// Norms of rows as their formulas have them.
#include <cmath>

#include "clearhead/kernels/rows/norm.h"

namespace clearhead::kernels::scalar {

template <typename T>
void norm(const RowNorm<T>& norm, std::int64_t rows, const T* x, T* y, T* mean, T* scale) {
  const std::int64_t C = norm.C;
  for (std::int64_t i = 0; i < rows; ++i, x += C, y += C) {
    double sum = 0;
    for (std::int64_t c = 0; norm.centered && c < C; ++c) sum += static_cast<double>(x[c]);
    const T m = static_cast<T>(sum / static_cast<double>(C));
    double squares = 0;
    for (std::int64_t c = 0; c < C; ++c) {
      const auto distance = static_cast<double>(x[c] - m);
      squares += distance * distance;
    }
    const T s = static_cast<T>(1 / std::sqrt(squares / static_cast<double>(C) + norm.epsilon));
    for (std::int64_t c = 0; c < C; ++c) {
      const T normal = (x[c] - m) * s;
      y[c] = normal * (norm.weight ? norm.weight[c] : 1) + (norm.bias ? norm.bias[c] : 0);
    }
    if (mean) mean[i] = m;
    scale[i] = s;
  }
}

template <typename T>
void norm_backward(const RowNorm<T>& norm, std::int64_t rows, const T* x, const T* mean,
                   const T* scale, const T* d_y, T* d_x, T* d_weight, T* d_bias) {
  const std::int64_t C = norm.C;
  for (std::int64_t i = 0; i < rows; ++i, x += C, d_y += C) {
    const T m = norm.centered ? mean[i] : 0;
    const T s = scale[i];
    // y = x̂·weight + bias
    const auto normal = [=](std::int64_t c) { return (x[c] - m) * s; };  // x̂
    const auto g = [&](std::int64_t c) { return norm.weight ? d_y[c] * norm.weight[c] : d_y[c]; };
    for (std::int64_t c = 0; d_weight && c < C; ++c) d_weight[c] += d_y[c] * normal(c);
    for (std::int64_t c = 0; d_bias && c < C; ++c) d_bias[c] += d_y[c];
    if (!d_x) continue;
    // x̂ = (x − mean)·scale, and mean and scale depend on each x
    double sum = 0;
    double dot = 0;
    for (std::int64_t c = 0; c < C; ++c) {
      sum += static_cast<double>(g(c));
      dot += static_cast<double>(g(c)) * static_cast<double>(normal(c));
    }
    const T mean_g = norm.centered ? static_cast<T>(sum / static_cast<double>(C)) : 0;
    const T mean_dot = static_cast<T>(dot / static_cast<double>(C));
    for (std::int64_t c = 0; c < C; ++c) d_x[c] += s * (g(c) - mean_g - normal(c) * mean_dot);
    d_x += C;
  }
}

template <typename T>
void add_rows(std::int64_t rows, std::int64_t C, const T* x, T* sums) {
  for (std::int64_t i = 0; i < rows; ++i, x += C) {
    for (std::int64_t c = 0; c < C; ++c) sums[c] += x[c];
  }
}

template <typename T>
double sum_of_squares(std::int64_t n, const T* x) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}

template void norm(const RowNorm<float>&, std::int64_t, const float*, float*, float*, float*);
template void norm(const RowNorm<double>&, std::int64_t, const double*, double*, double*, double*);
template void norm_backward(const RowNorm<float>&, std::int64_t, const float*, const float*,
                            const float*, const float*, float*, float*, float*);
template void norm_backward(const RowNorm<double>&, std::int64_t, const double*, const double*,
                            const double*, const double*, double*, double*, double*);
template void add_rows(std::int64_t, std::int64_t, const float*, float*);
template void add_rows(std::int64_t, std::int64_t, const double*, double*);
template double sum_of_squares(std::int64_t, const float*);
template double sum_of_squares(std::int64_t, const double*);

}  // namespace clearhead::kernels::scalar
