// Matrix product in tiles of c that stay in registers: for each block of K, a panel of kColumns
// columns of op(b) is packed row by row, so that the innermost loop runs over neighbours whether b
// is transposed or not; then every kRows rows of op(a) meet that panel.
#include "clearhead/kernels/matmul.h"

#include <algorithm>
#include <cassert>

namespace clearhead {
namespace {

// 4 × 8 sums of f32 are 8 of the 16 registers of 4 lanes that every x86-64 and ARMv8 has, which
// leaves room for the panel's row and the broadcast element of a.
constexpr std::int64_t kRows = 4;
constexpr std::int64_t kColumns = 8;
// A panel of 256 rows takes 8 KiB of f32: it stays in the first-level cache beside the rows of a.
constexpr std::int64_t kDepth = 256;

// Elements `row` and `column` apart; a transposed matrix has the two exchanged.
template <typename T>
struct Matrix {
  const T* data;
  std::int64_t row;
  std::int64_t column;
};

template <typename T>
void pack_panel(const Matrix<T>& b, std::int64_t depth, std::int64_t columns, T* panel) {
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t j = 0; j < kColumns; ++j) {
      panel[k * kColumns + j] = j < columns ? b.data[k * b.row + j * b.column] : T{0};
    }
  }
}

// Rows × kColumns elements of c, of which the first `columns` are written.
template <std::int64_t Rows, typename T>
void multiply_tile(const Matrix<T>& a, const T* panel, std::int64_t depth, std::int64_t columns,
                   T* c, std::int64_t ldc, bool accumulate) {
  T sums[Rows][kColumns] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t i = 0; i < Rows; ++i) {
      const T factor = a.data[i * a.row + k * a.column];
      for (std::int64_t j = 0; j < kColumns; ++j) sums[i][j] += factor * panel[k * kColumns + j];
    }
  }
  for (std::int64_t i = 0; i < Rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      T& element = c[i * ldc + j];
      element = accumulate ? element + sums[i][j] : sums[i][j];
    }
  }
}

}  // namespace

template <typename T>
void matmul(std::int64_t M, std::int64_t N, std::int64_t K, const T* a, std::int64_t lda,
            const T* b, std::int64_t ldb, T* c, std::int64_t ldc, bool transpose_a,
            bool transpose_b, bool accumulate) {
  assert(M >= 0 && N >= 0 && K >= 0);
  const std::int64_t a_row = transpose_a ? 1 : lda;
  const std::int64_t a_column = transpose_a ? lda : 1;
  const std::int64_t b_row = transpose_b ? 1 : ldb;
  const std::int64_t b_column = transpose_b ? ldb : 1;
  if (K == 0 && !accumulate) {
    for (std::int64_t i = 0; i < M; ++i) std::fill_n(c + i * ldc, N, T{0});
  }
  T panel[kDepth * kColumns];
  for (std::int64_t k = 0; k < K; k += kDepth) {
    const std::int64_t depth = std::min(kDepth, K - k);
    const bool add = accumulate || k > 0;
    for (std::int64_t j = 0; j < N; j += kColumns) {
      const std::int64_t columns = std::min(kColumns, N - j);
      pack_panel(Matrix<T>{b + k * b_row + j * b_column, b_row, b_column}, depth, columns, panel);
      std::int64_t i = 0;
      for (; i + kRows <= M; i += kRows) {
        const Matrix<T> rows{a + i * a_row + k * a_column, a_row, a_column};
        multiply_tile<kRows>(rows, panel, depth, columns, c + i * ldc + j, ldc, add);
      }
      for (; i < M; ++i) {
        const Matrix<T> rows{a + i * a_row + k * a_column, a_row, a_column};
        multiply_tile<1>(rows, panel, depth, columns, c + i * ldc + j, ldc, add);
      }
    }
  }
}

template void matmul(std::int64_t, std::int64_t, std::int64_t, const float*, std::int64_t,
                     const float*, std::int64_t, float*, std::int64_t, bool, bool, bool);
template void matmul(std::int64_t, std::int64_t, std::int64_t, const double*, std::int64_t,
                     const double*, std::int64_t, double*, std::int64_t, bool, bool, bool);

}  // namespace clearhead
