// Attention over some keys, joined with attention of the same queries over others. With m the
// larger of both maxima,
//
//     a = row_sum·exp(row_max − m)    row_sum = a + b
//     b = part_sum·exp(part_max − m)    z = (a·z + b·part_z) / (a + b)
//
// Weights are calculated in f64, so that a part adds no more than the rounding of its results.
//
// Source: Milakov and Gimelshein (2018), "Online normalizer calculation for softmax", section 3.1.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "clearhead/base/parallel.h"
#include "clearhead/compute/attention_internal.h"

namespace clearhead::compute {
namespace {

template <typename T>
struct Rows {
  T* z;
  T* row_max;
  T* row_sum;
};

template <typename T>
void join_row(std::int64_t row, std::int64_t Dv, const Rows<T>& joined, const Rows<const T>& part) {
  if (part.row_sum[row] == 0) return;  // sees no key
  T* const z = joined.z + row * Dv;
  const T* const part_z = part.z + row * Dv;
  if (joined.row_sum[row] == 0) {
    std::copy_n(part_z, Dv, z);
    joined.row_max[row] = part.row_max[row];
    joined.row_sum[row] = part.row_sum[row];
    return;
  }
  const double max = joined.row_max[row], part_max = part.row_max[row];
  const double larger = part_max > max || std::isnan(part_max) ? part_max : max;
  const double a = static_cast<double>(joined.row_sum[row]) * std::exp(max - larger);
  const double b = static_cast<double>(part.row_sum[row]) * std::exp(part_max - larger);
  const double share = a / (a + b), part_share = b / (a + b);
  for (std::int64_t e = 0; e < Dv; ++e) {
    z[e] = static_cast<T>(share * static_cast<double>(z[e]) +
                          part_share * static_cast<double>(part_z[e]));
  }
  joined.row_max[row] = static_cast<T>(larger);
  joined.row_sum[row] = static_cast<T>(a + b);
}

template <typename T>
void join(AttentionForward& joined, const AttentionForward& part) {
  const std::int64_t rows = joined.row_sum.count(), Dv = joined.z.size(-1);
  const Rows<T> to{joined.z.mutable_data<T>(), joined.row_max.mutable_data<T>(),
                   joined.row_sum.mutable_data<T>()};
  const Rows<const T> from{part.z.data<T>(), part.row_max.data<T>(), part.row_sum.data<T>()};
  for_each_rows(rows, Dv, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) join_row(row, Dv, to, from);
  });
}

}  // namespace

void attention_join(AttentionForward& joined, const AttentionForward& part) {
  if (joined.z.dtype() == DType::f64) {
    join<double>(joined, part);
  } else {
    join<float>(joined, part);
  }
}

}  // namespace clearhead::compute
