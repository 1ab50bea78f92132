// Looks up rows of a table, and adds gradients to those rows, on all threads.
#include "clearhead/compute/embedding.h"

#include "clearhead/base/half.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/rows/embedding.h"

namespace clearhead::compute {

template <typename T>
void embedding(std::int64_t n, std::int64_t C, const std::int64_t* tokens, const T* table, T* y) {
  for_each_rows(n, C, [&](std::int64_t begin, std::int64_t end) {
    kernels::embedding(end - begin, C, tokens + begin, table, y + begin * C);
  });
}

// Each thread takes some columns of all rows, so that no two of them add to the same number.
template <typename T>
void embedding_backward(std::int64_t n, std::int64_t C, const std::int64_t* tokens, const T* d_y,
                        T* d_table) {
  constexpr std::int64_t kColumns = 64;  // 256 bytes of f32: some cache lines of a row at a time
  for_each_piece(C, kColumns, [&](std::int64_t begin, std::int64_t end) {
    kernels::embedding_backward(n, C, begin, end, tokens, d_y, d_table);
  });
}

template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const float*, float*);
template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const double*, double*);
template void embedding(std::int64_t, std::int64_t, const std::int64_t*, const bf16*, bf16*);
template void embedding_backward(std::int64_t, std::int64_t, const std::int64_t*, const float*,
                                 float*);
template void embedding_backward(std::int64_t, std::int64_t, const std::int64_t*, const double*,
                                 double*);

}  // namespace clearhead::compute
