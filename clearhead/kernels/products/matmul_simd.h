// The matrix product in f32 on the processor's vectors, for a part of c that one thread makes at a
// time. scalar::matmul is its reference, and runs where there are no vectors.
//
// Both factors, however they are stored, are packed just before they are used: b in panels of a few
// vectors of columns, a in panels of a few rows, step by step along K. So the innermost loop reads
// them in order and from a near cache.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SIMD_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SIMD_H_

#include "clearhead/base/matrix_view.h"

namespace clearhead::kernels::simd {

/// A part of c that suits the target: rows in multiples of `rows`, and `columns` columns, or up to
/// `most_columns` if its rows are many, so that a is packed less often.
struct MatmulPart {
  std::int64_t rows, columns, most_columns;
};
MatmulPart matmul_part();

/// Numbers of workspace for a part of c with `columns` columns.
std::int64_t matmul_workspace(std::int64_t columns, std::int64_t K);

/// c = a·b for a [M, K], b [K, N], K > 0, with `workspace` aligned to 64 bytes. Added to it is what
/// lies in c if `accumulate`, else `row` [N] in each row unless that is nullptr. An element of c
/// depends on its row of a and its column of b alone, to the last bit.
void matmul(const MatrixView<const float>& a, const MatrixView<const float>& b,
            const MatrixView<float>& c, bool accumulate, const float* row, float* workspace);

}  // namespace clearhead::kernels::simd

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_SIMD_H_
