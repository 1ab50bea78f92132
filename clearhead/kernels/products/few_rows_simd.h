// The matrix product of a few rows, such as those of a text that grows token by token. Each number
// of b is used only once, so nothing is packed: b, in f32 or bf16, is read where it lies, and the
// product takes as long as reading it.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_SIMD_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_SIMD_H_

#include "clearhead/base/half.h"
#include "clearhead/base/matrix_view.h"

namespace clearhead::kernels::simd {

inline constexpr std::int64_t kFewRows = 8;

/// c = a·b, or c += a·b if `accumulate`, for a [M, K] stored row after row, 1 ≤ M ≤ kFewRows, and b
/// [K, N] stored in either order, of bf16 only column after column. bf16 is widened. An element of
/// c depends on its row of a and its column of b alone, to the last bit.
void few_rows(const MatrixView<const float>& a, const MatrixView<const float>& b,
              const MatrixView<float>& c, bool accumulate);
void few_rows(const MatrixView<const float>& a, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate);

}  // namespace clearhead::kernels::simd

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_SIMD_H_
