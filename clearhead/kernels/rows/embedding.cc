// Rows of a table looked up by number, forward and backward.
#include "clearhead/kernels/rows/embedding.h"

#include <algorithm>

#include "clearhead/base/half.h"

namespace clearhead::kernels {

template <typename T>
void embedding(std::int64_t n, std::int64_t C, const std::int64_t* indices, const T* table, T* y) {
  for (std::int64_t i = 0; i < n; ++i) std::copy_n(table + indices[i] * C, C, y + i * C);
}

template <typename T>
void embedding_backward(std::int64_t n, std::int64_t C, std::int64_t column,
                        std::int64_t column_end, const std::int64_t* indices, const T* d_y,
                        T* d_table) {
  for (std::int64_t i = 0; i < n; ++i) {
    const T* from = d_y + i * C;
    T* to = d_table + indices[i] * C;
    for (std::int64_t c = column; c < column_end; ++c) to[c] += from[c];
  }
}

template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const float*, float*);
template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const double*, double*);
template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const bf16*, bf16*);
template void embedding_backward(std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                 const std::int64_t*, const float*, float*);
template void embedding_backward(std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                                 const std::int64_t*, const double*, double*);

}  // namespace clearhead::kernels
