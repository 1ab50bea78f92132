// The product of a few rows in f32 with a matrix stored in bf16, column after column, on AMX. To be
// called only if amx_in_use().
//
// An f32 is the sum of three bf16, its parts, and products of bf16 are exact. A row of a tile holds
// 16 parts: all three of five rows, or the upper two of eight. So the product takes a tile no
// longer than one in bf16 of a single row would. The matrix is the left factor of the tiles, since
// these read its columns where they lie.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_

#include <cstdint>

#include "clearhead/base/half.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"

namespace clearhead::kernels::tiles {

/// Columns of b that are taken together.
inline constexpr std::int64_t kFewRowsColumns = 32;

/// How many bf16 stand for an f32: all 24 bits as 8 each at `highest`, else 16, an error of 2⁻¹⁶.
constexpr std::int64_t parts_of_f32(Precision precision) {
  return precision == Precision::highest ? 3 : 2;
}

/// The bytes of M ≤ 8 rows of K numbers, each in `parts`.
std::int64_t packed_rows_bytes(std::int64_t M, std::int64_t K, std::int64_t parts);

/// Divides the numbers of a [M, K], stored row after row, into parts, at a multiple of 64 bytes.
void pack_few_rows(const MatrixView<const float>& a, std::int64_t parts, char* packed);

/// c = a·b, or c += a·b if `accumulate`, for b [K, N] stored column after column and c [M, N]. An
/// element of c depends on its row of a and its column of b alone, to the last bit.
void few_rows(const char* packed, std::int64_t parts, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_
