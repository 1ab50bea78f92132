// The softmax of rows and its gradient, on all threads.
#include "clearhead/compute/softmax.h"

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/softmax.h"

namespace clearhead::compute {

template <typename T>
void softmax(std::int64_t R, std::int64_t S, const T* scores, T* pattern, T* max, T* sum) {
  for_each_rows(R, S, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const kernels::SoftmaxRow<T> row = kernels::softmax_row(S, scores + r * S, pattern + r * S);
      max[r] = row.max;
      sum[r] = row.sum;
    }
  });
}

template <typename T>
void softmax_backward(std::int64_t R, std::int64_t S, const T* pattern, const T* d_pattern,
                      T* d_scores) {
  for_each_rows(R, S, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      kernels::softmax_row_backward(S, pattern + r * S, d_pattern + r * S, d_scores + r * S);
    }
  });
}

template void softmax(std::int64_t, std::int64_t, const float*, float*, float*, float*);
template void softmax(std::int64_t, std::int64_t, const double*, double*, double*, double*);
template void softmax_backward(std::int64_t, std::int64_t, const float*, const float*, float*);
template void softmax_backward(std::int64_t, std::int64_t, const double*, const double*, double*);

}  // namespace clearhead::compute
