// Sums and other calculations with rows of numbers, on all threads.
#include "clearhead/compute/rows.h"

#include <algorithm>
#include <vector>

#include "clearhead/base/half.h"
#include "clearhead/base/parallel.h"

namespace clearhead::compute {

template <typename T>
void add(std::int64_t n, const T* x, T* y) {
  for_each_piece(n, kPiece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) add_to(y[i], x[i]);
  });
}

// Pieces of rows are summed in f32, the pieces' sums in f64, so that the order does not depend on
// the number of threads. Few long rows are cut the other way.
template <typename T>
void sum_rows(std::int64_t R, std::int64_t C, const T* x, T* sums) {
  constexpr std::int64_t kLongRow = 4096;
  if (C >= kLongRow) {
    for_each_piece(C, kLongRow / 4, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = 0; r < R; ++r) {
        for (std::int64_t c = begin; c < end; ++c) add_to(sums[c], x[r * C + c]);
      }
    });
    return;
  }
  const std::int64_t rows_each = std::max<std::int64_t>(1, kPiece / C);
  const std::int64_t pieces = ceil_div(R, rows_each);
  std::vector<Wide<T>> partial(static_cast<std::size_t>(pieces * C));
  for_each_piece(R, rows_each, [&](std::int64_t begin, std::int64_t end) {
    Wide<T>* to = partial.data() + begin / rows_each * C;
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c < C; ++c) to[c] += static_cast<Wide<T>>(x[r * C + c]);
    }
  });
  for (std::int64_t c = 0; c < C; ++c) {
    double sum = 0;
    for (std::int64_t i = 0; i < pieces; ++i) {
      sum += static_cast<double>(partial[static_cast<std::size_t>(i * C + c)]);
    }
    add_to(sums[c], static_cast<T>(static_cast<Wide<T>>(sum)));
  }
}

#define CLEARHEAD_INSTANTIATE(T)                 \
  template void add(std::int64_t, const T*, T*); \
  template void sum_rows(std::int64_t, std::int64_t, const T*, T*);
CLEARHEAD_INSTANTIATE(f16)
CLEARHEAD_INSTANTIATE(bf16)
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)

}  // namespace clearhead::compute
