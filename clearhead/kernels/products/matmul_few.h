// The matrix product of a few rows, such as those of a text that grows token by token: as matmul.h, but
// nothing is packed, since each number of b serves once. It passes by as it lies in memory, f32 or bf16,
// and takes as long as reading it.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_FEW_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_FEW_H_

#include <cstdint>

#include "clearhead/base/half.h"

namespace clearhead::kernels {

inline constexpr std::int64_t kFewRows = 4;

/// c = a·bᵀ, or c += a·bᵀ if `accumulate`, for a [rows, K], 1 ≤ rows ≤ kFewRows, b [columns, K] and
/// c [rows, columns], whose rows lie lda, ldb and ldc elements apart. bf16 is widened. An element of c
/// depends on its row of a and its row of b alone, to the last bit.
void matmul_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc,
                bool accumulate);
void matmul_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                std::int64_t lda, const bf16* b, std::int64_t ldb, float* c, std::int64_t ldc,
                bool accumulate);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_FEW_H_
