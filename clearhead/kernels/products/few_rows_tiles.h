// The product of a few rows in f32 with a matrix stored in bf16, column after column, on AMX. To be
// called only if amx_in_use().
//
// An f32 is the sum of three bf16, its parts, and products of bf16 are exact. A row of a tile holds
// 16 parts: all three of five rows, or the upper two of eight. So the product takes a tile no
// longer than one in bf16 of a single row would; with all parts of six to eight rows it takes two.
// The matrix is the left factor of the tiles, since these read its columns where they lie.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_

#include <cstdint>

#include "clearhead/base/half.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"

namespace clearhead::kernels::tiles {

/// Columns of b that are taken together.
inline constexpr std::int64_t kFewRowsColumns = 32;

/// How many parts of a number of M rows count: all three, 24 bits, at `highest` and where they cost
/// nothing more; else two, with an error below 2⁻¹⁶ of the number.
constexpr std::int64_t parts_of_f32(std::int64_t M, Precision precision) {
  return precision == Precision::highest || 3 * M <= 16 ? 3 : 2;
}

/// The bytes of M ≤ 8 rows of K numbers, each in `parts`.
std::int64_t few_rows_bytes(std::int64_t M, std::int64_t K, std::int64_t parts);

/// Divides the numbers of a [M, K], stored row after row, into `packed`, aligned to 64 bytes.
void pack_few_rows(const MatrixView<const float>& a, std::int64_t parts, char* packed);

/// c = a·b, or c += a·b if `accumulate`, for b [K, N] stored column after column and c [M, N]. An
/// element of c depends on its row of a and its column of b alone, to the last bit. An infinity in
/// b may give NaN where simd::few_rows gives an infinity, since a part may be 0. Parts below
/// 1.2e-38 count as 0.
void few_rows(const char* packed, std::int64_t parts, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEW_ROWS_TILES_H_
