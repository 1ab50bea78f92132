// The matrix product in f32 at the speed of the processor: matmul.h, whose scalar text is the
// reference, for a part of c that ops/ gives to one thread at a time.
//
// Both factors are packed just before they are used, so that the innermost loop reads them in order
// and from near, however they are stored: op(b) in panels of a few vectors of columns, op(a) in
// panels of a few rows, each step by step.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_PACKED_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_PACKED_H_

#include <cstdint>

namespace clearhead::kernels {

/// A matrix as it is stored: element (i, j) of op(x) at data[i·row + j·column].
struct StoredMatrix {
  const float* data;
  std::int64_t row, column;  // one of them is 1
};

/// A part of c that suits the target: `columns`, and rows in multiples of `rows`.
struct MatmulBlock {
  std::int64_t rows, columns;
};
MatmulBlock matmul_block();

/// Numbers of workspace for a part of c of so many columns.
std::int64_t matmul_workspace(std::int64_t columns, std::int64_t K);

/// c = a·b, or c += a·b if `accumulate`, for a [rows, K], b [K, columns], and `workspace` from a
/// multiple of 64 bytes on. K > 0. An element of c depends on its row of a and its column of b
/// alone, to the last bit.
void matmul_packed(std::int64_t rows, std::int64_t columns, std::int64_t K, const StoredMatrix& a,
                   const StoredMatrix& b, float* c, std::int64_t ldc, bool accumulate,
                   float* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_PACKED_H_
