// The weighted sum of values over visible pairs, on all threads.
#include "clearhead/compute/weighted_sum.h"

#include "clearhead/base/parallel.h"
#include "clearhead/kernels/products/weighted_sum_scalar.h"

namespace clearhead::compute {
namespace {

// Queries that one thread takes at a time: 64 rows of z share a value that was just read.
constexpr std::int64_t kQueries = 64;

}  // namespace

template <typename T>
void weighted_sums(const MatrixBatch<const T>& pattern, const MatrixBatch<const T>& scores,
                   const MatrixBatch<const T>& v, const MatrixBatch<T>& z) {
  parallel_for(z.size(), [&](std::int64_t i) {
    const MatrixView<const T> p = pattern[i], values = v[i];
    for_each_piece(p.rows, kQueries, [&](std::int64_t begin, std::int64_t end) {
      kernels::scalar::weighted_sum(end - begin, values.rows, values.columns, &p.at(begin, 0),
                                    &scores[i].at(begin, 0), values.data, values.row_stride,
                                    &z[i].at(begin, 0));
    });
  });
}

template <typename T>
void weighted_sums_backward_pattern(const MatrixBatch<const T>& d_z,
                                    const MatrixBatch<const T>& pattern,
                                    const MatrixBatch<const T>& scores,
                                    const MatrixBatch<const T>& v,
                                    const MatrixBatch<T>& d_pattern) {
  for_each_place(d_pattern.offsets, [&](std::int64_t i) {
    const MatrixView<const T> d = d_z[i], values = v[i];
    for_each_piece(d.rows, kQueries, [&](std::int64_t begin, std::int64_t end) {
      kernels::scalar::weighted_sum_backward_pattern(
          end - begin, values.rows, values.columns, &d.at(begin, 0), &pattern[i].at(begin, 0),
          &scores[i].at(begin, 0), values.data, values.row_stride, &d_pattern[i].at(begin, 0));
    });
  });
}

template <typename T>
void weighted_sums_backward_v(const MatrixBatch<const T>& pattern,
                              const MatrixBatch<const T>& scores, const MatrixBatch<const T>& d_z,
                              const MatrixBatch<T>& d_v) {
  for_each_place(d_v.offsets, [&](std::int64_t i) {
    kernels::scalar::weighted_sum_backward_v(pattern[i].rows, d_v[i].rows, d_v[i].columns,
                                             pattern[i].data, scores[i].data, d_z[i].data,
                                             d_v[i].data);
  });
}

#define CLEARHEAD_INSTANTIATE(T)                                                                   \
  template void weighted_sums(const MatrixBatch<const T>&, const MatrixBatch<const T>&,            \
                              const MatrixBatch<const T>&, const MatrixBatch<T>&);                 \
  template void weighted_sums_backward_pattern(                                                    \
      const MatrixBatch<const T>&, const MatrixBatch<const T>&, const MatrixBatch<const T>&,       \
      const MatrixBatch<const T>&, const MatrixBatch<T>&);                                         \
  template void weighted_sums_backward_v(const MatrixBatch<const T>&, const MatrixBatch<const T>&, \
                                         const MatrixBatch<const T>&, const MatrixBatch<T>&);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::compute
