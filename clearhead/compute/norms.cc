// Norms of rows and their gradients, on all threads.
#include "clearhead/compute/norms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "clearhead/base/caches.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/norm.h"

namespace clearhead::compute {
namespace {

// Calls rows(begin, end, a, b) for pieces of R rows; a and b, [C], are to be added to. The sums of
// all pieces are added to `into`, where not null, in an order that does not depend on the number of
// threads.
template <typename T, typename F>
void sum_over_rows(std::int64_t R, std::int64_t C, std::array<T*, 2> into, F&& rows) {
  const auto columns = static_cast<std::size_t>(C);
  const std::int64_t each = rows_of_a_piece(C);
  const std::int64_t pieces = ceil_div(R, each);
  std::vector<T> sums(2 * columns * static_cast<std::size_t>(pieces));
  for_each_piece(R, each, [&](std::int64_t begin, std::int64_t end) {
    T* a = sums.data() + static_cast<std::size_t>(begin / each) * 2 * columns;
    rows(begin, end, a, a + columns);
  });
  for (std::size_t k = 0; k < 2; ++k) {
    if (into[k] == nullptr) continue;
    std::vector<double> total(columns);
    for (std::size_t i = 0; i < static_cast<std::size_t>(pieces); ++i) {
      const T* piece = sums.data() + (2 * i + k) * columns;
      for (std::size_t c = 0; c < columns; ++c) total[c] += static_cast<double>(piece[c]);
    }
    for (std::size_t c = 0; c < columns; ++c) into[k][c] += static_cast<T>(total[c]);
  }
}

// 1/√(variance + epsilon)
template <typename T>
std::vector<T> inverse_scales(const BatchNorm<T>& norm) {
  std::vector<T> inverse;
  for (std::int64_t c = 0; c < norm.C; ++c) {
    inverse.push_back(1 / std::sqrt(norm.variance[c] + static_cast<T>(norm.epsilon)));
  }
  return inverse;
}

}  // namespace

template <typename T>
void norm(const RowNorm<T>& norm, std::int64_t R, const T* x, T* y, T* mean, T* scale) {
  const std::int64_t C = norm.C;
  for_each_rows(R, C, [&](std::int64_t begin, std::int64_t end) {
    kernels::norm(norm, end - begin, x + begin * C, y + begin * C, mean + begin, scale + begin,
                  is_large(R * C));
  });
}

template <typename T>
void norm_backward(const RowNorm<T>& norm, std::int64_t R, const T* x, const T* mean,
                   const T* scale, const T* d_y, Into<T> d_x, T* d_weight, T* d_bias) {
  const std::int64_t C = norm.C;
  const auto rows = [&](std::int64_t begin, std::int64_t end, T* weight_sum, T* bias_sum) {
    T* const to = d_x ? d_x.data + begin * C : nullptr;
    if (d_x && !d_x.add) std::fill_n(to, (end - begin) * C, T{0});
    kernels::norm_backward(norm, end - begin, x + begin * C, mean + begin, scale + begin,
                           d_y + begin * C, to, d_weight == nullptr ? nullptr : weight_sum,
                           d_bias == nullptr ? nullptr : bias_sum);
  };
  sum_over_rows<T>(R, C, {d_weight, d_bias}, rows);
}

template <typename T>
void batch_statistics(std::int64_t R, std::int64_t C, const T* x, T* mean, T* variance) {
  std::fill_n(mean, C, T{0});
  std::fill_n(variance, C, T{0});
  sum_over_rows<T>(R, C, {mean, nullptr}, [&](std::int64_t begin, std::int64_t end, T* sum, T*) {
    kernels::add_rows(end - begin, C, x + begin * C, sum);
  });
  for (std::int64_t c = 0; c < C; ++c) mean[c] /= static_cast<T>(R);
  sum_over_rows<T>(R, C, {variance, nullptr},
                   [&](std::int64_t begin, std::int64_t end, T* sum, T*) {
                     for (std::int64_t i = begin * C; i < end * C; ++i) {
                       const T away = x[i] - mean[i % C];
                       sum[i % C] += away * away;
                     }
                   });
  for (std::int64_t c = 0; c < C; ++c) variance[c] /= static_cast<T>(R);
}

template <typename T>
void batch_norm(const BatchNorm<T>& norm, const T* bias, T* y) {
  const std::int64_t C = norm.C;
  const std::vector<T> inverse = inverse_scales(norm);
  for_each_rows(norm.R, C, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c < C; ++c) {  // y = n ⊙ w + b
        y[r * C + c] = (norm.x[r * C + c] - norm.mean[c]) * inverse[static_cast<std::size_t>(c)] *
                           norm.weight[c] +
                       bias[c];
      }
    }
  });
}

// With n = (x − m)/s:  dw = Σ_r dy ⊙ n,  db = Σ_r dy,  dx = w/s ⊙ (dy − (db + n ⊙ dw)/R), where the
// part in brackets comes through m and v.
template <typename T>
void batch_norm_backward(const BatchNorm<T>& norm, const T* d_y, T* d_x, T* d_weight, T* d_bias) {
  const std::int64_t C = norm.C;
  const std::vector<T> inverse = inverse_scales(norm);
  const auto n = [&](std::int64_t r, std::int64_t c) {
    return (norm.x[r * C + c] - norm.mean[c]) * inverse[static_cast<std::size_t>(c)];
  };
  sum_over_rows<T>(norm.R, C, {d_weight, d_bias},
                   [&](std::int64_t begin, std::int64_t end, T* weight_sum, T* bias_sum) {
                     for (std::int64_t r = begin; r < end; ++r) {
                       for (std::int64_t c = 0; c < C; ++c) {
                         weight_sum[c] += d_y[r * C + c] * n(r, c);  // y = n ⊙ w + …
                         bias_sum[c] += d_y[r * C + c];              // y = … + b
                       }
                     }
                   });
  if (d_x == nullptr) return;
  for_each_rows(norm.R, C, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c < C; ++c) {
        const T through_batch =
            norm.of_batch ? (d_bias[c] + n(r, c) * d_weight[c]) / static_cast<T>(norm.R) : 0;
        d_x[r * C + c] = norm.weight[c] * inverse[static_cast<std::size_t>(c)] *
                         (d_y[r * C + c] - through_batch);
      }
    }
  });
}

#define CLEARHEAD_INSTANTIATE(T)                                                             \
  template void norm(const RowNorm<T>&, std::int64_t, const T*, T*, T*, T*);                 \
  template void norm_backward(const RowNorm<T>&, std::int64_t, const T*, const T*, const T*, \
                              const T*, Into<T>, T*, T*);                                    \
  template void batch_statistics(std::int64_t, std::int64_t, const T*, T*, T*);              \
  template void batch_norm(const BatchNorm<T>&, const T*, T*);                               \
  template void batch_norm_backward(const BatchNorm<T>&, const T*, T*, T*, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::compute
