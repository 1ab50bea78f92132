// Matrix product in tiles of c that stay in registers: for each block of K and of rows, a panel of kColumns columns of
// op(b) is packed row by row, so that the innermost loop runs over neighbours whether b is transposed or not; then every
// kRows rows of op(a) meet that panel.
#include "clearhead/kernels/products/matmul.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace clearhead::kernels {
namespace {

// Vectors of 16 bytes are what every x86-64 and ARMv8 processor has, 16 registers of them or more. 2 × 16 sums of f32
// take 8, enough to overlap the latency of their additions (4 cycles, 2 a cycle), a row of the panel takes 4.
constexpr std::int64_t kVectorBytes = 16;
constexpr std::int64_t kRows = 2;
constexpr std::int64_t kColumns = 16;
// A panel of 256 rows takes 16 KiB of f32: it stays in the first-level cache beside the rows of a.
constexpr std::int64_t kDepth = 256;
// 128 rows of 256 elements take 128 KiB of f32: they stay in the second-level cache while one panel after the other meets
// them, and packing a panel costs little beside its 128 uses.
constexpr std::int64_t kBlockRows = 128;

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
  constexpr std::int64_t kLanes = kVectorBytes / sizeof(T);
  constexpr std::int64_t kVectors = kColumns / kLanes;
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  Vector sums[Rows][kVectors] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector row[kVectors];
    std::memcpy(row, panel + k * kColumns, sizeof row);
    for (std::int64_t i = 0; i < Rows; ++i) {
      const T factor = a.data[i * a.row + k * a.column];
      for (std::int64_t j = 0; j < kVectors; ++j) sums[i][j] += factor * row[j];
    }
  }
  for (std::int64_t i = 0; i < Rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const T sum = sums[i][j / kLanes][j % kLanes];
      T& element = c[i * ldc + j];
      element = accumulate ? element + sum : sum;
    }
  }
}

// M × N elements of c from `depth` columns of a and rows of b.
template <typename T>
void multiply_block(const Matrix<T>& a, const Matrix<T>& b, std::int64_t M, std::int64_t N,
                    std::int64_t depth, T* c, std::int64_t ldc, bool accumulate) {
  alignas(kVectorBytes) T panel[kDepth * kColumns];
  for (std::int64_t j = 0; j < N; j += kColumns) {
    const std::int64_t columns = std::min(kColumns, N - j);
    pack_panel(Matrix<T>{b.data + j * b.column, b.row, b.column}, depth, columns, panel);
    std::int64_t i = 0;
    for (; i + kRows <= M; i += kRows) {
      const Matrix<T> rows{a.data + i * a.row, a.row, a.column};
      multiply_tile<kRows>(rows, panel, depth, columns, c + i * ldc + j, ldc, accumulate);
    }
    for (; i < M; ++i) {
      const Matrix<T> row{a.data + i * a.row, a.row, a.column};
      multiply_tile<1>(row, panel, depth, columns, c + i * ldc + j, ldc, accumulate);
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
  for (std::int64_t k = 0; k < K; k += kDepth) {
    const std::int64_t depth = std::min(kDepth, K - k);
    for (std::int64_t i = 0; i < M; i += kBlockRows) {
      multiply_block(Matrix<T>{a + i * a_row + k * a_column, a_row, a_column},
                     Matrix<T>{b + k * b_row, b_row, b_column}, std::min(kBlockRows, M - i), N,
                     depth, c + i * ldc, ldc, accumulate || k > 0);
    }
  }
}

template void matmul(std::int64_t, std::int64_t, std::int64_t, const float*, std::int64_t,
                     const float*, std::int64_t, float*, std::int64_t, bool, bool, bool);
template void matmul(std::int64_t, std::int64_t, std::int64_t, const double*, std::int64_t,
                     const double*, std::int64_t, double*, std::int64_t, bool, bool, bool);

}  // namespace clearhead::kernels
