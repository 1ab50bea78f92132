// Cross-entropy of rows and its gradient, on all threads.
#include "clearhead/compute/cross_entropy.h"

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/cross_entropy.h"

namespace clearhead::compute {

template <typename T>
void cross_entropy(const CrossEntropy<T>& rows, T* losses, T* max, T* sum) {
  for_each_rows(rows.R, rows.V, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      losses[r] = 0;
      if (rows.targets[r] == rows.ignored) continue;
      const kernels::CrossEntropyRow<T> row = kernels::cross_entropy_row(
          rows.V, rows.logits + r * rows.V, {rows.targets[r], rows.smoothing});
      losses[r] = row.loss;
      max[r] = row.row.max;
      sum[r] = row.row.sum;
    }
  });
}

template <typename T>
void cross_entropy_backward(const CrossEntropy<T>& rows, const T* max, const T* sum,
                            const T* d_losses, T* d_logits) {
  for_each_rows(rows.R, rows.V, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      if (rows.targets[r] == rows.ignored) continue;
      kernels::cross_entropy_row_backward(rows.V, rows.logits + r * rows.V, {max[r], sum[r]},
                                          {rows.targets[r], rows.smoothing}, d_losses[r],
                                          d_logits + r * rows.V);
    }
  });
}

#define CLEARHEAD_INSTANTIATE(T)                                   \
  template void cross_entropy(const CrossEntropy<T>&, T*, T*, T*); \
  template void cross_entropy_backward(const CrossEntropy<T>&, const T*, const T*, const T*, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::compute
