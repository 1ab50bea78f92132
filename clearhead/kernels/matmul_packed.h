// The matrix product in f32 at the speed of the processor: matmul.h, whose scalar text is the
// reference, in three steps that ops/ spreads over threads: pack a block of op(a), pack a block of
// op(b), multiply the two.
//
// Packed, a block of kMatmulDepth steps lies in panels: of op(b) panels of a few vectors of columns,
// of op(a) panels of a few rows, each step by step, so that the innermost loop reads both in order,
// whatever was transposed. How wide panels are is the target's affair.
#ifndef CLEARHEAD_KERNELS_MATMUL_PACKED_H_
#define CLEARHEAD_KERNELS_MATMUL_PACKED_H_

#include <cstdint>

namespace clearhead::kernels {

/// Steps of the sum that are packed at a time. A panel of 32 columns (AVX-512) then takes 32 KiB and
/// one of 14 rows 14 KiB: together a first-level cache of 48 KiB.
inline constexpr std::int64_t kMatmulDepth = 256;

/// The target's tiling. A block of rows is packed in 16 panels (AVX-512: 224 × 256 numbers, 224 KiB,
/// a ninth of a second-level cache) that meet each panel of columns.
struct MatmulTiling {
  std::int64_t panel_rows, panel_columns;
  std::int64_t block_rows, block_columns;  // multiples of the panels: a thread's piece of work
};
MatmulTiling matmul_tiling();

/// A matrix as it is stored: element (i, j) of op(x) at data[i·row + j·column].
struct StoredMatrix {
  const float* data;
  std::int64_t row, column;  // one of them is 1
};

/// Packs op(a) [rows, depth] into `packed`: (rows rounded up to panels) · depth numbers.
void pack_rows(std::int64_t rows, std::int64_t depth, const StoredMatrix& a, float* packed);

/// Packs op(b) [depth, columns] into `packed`: depth · (columns rounded up to panels) numbers.
void pack_columns(std::int64_t depth, std::int64_t columns, const StoredMatrix& b, float* packed);

/// c = a·b, or c += a·b if `accumulate`, for a [rows, depth] and b [depth, columns] that were packed
/// from their first row and column. Each element is summed in the order of the steps.
void multiply_packed(std::int64_t rows, std::int64_t columns, std::int64_t depth,
                     const float* packed_a, const float* packed_b, float* c, std::int64_t ldc,
                     bool accumulate);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_MATMUL_PACKED_H_
