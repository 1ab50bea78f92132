// Matrix product in tiles of c that stay in registers: for each slice of K and of rows, a panel of
// kColumns columns of b is packed row by row, so that the innermost loop runs over neighbours
// however b is stored; then every kRows rows of a meet that panel.
#include "clearhead/kernels/products/matmul_scalar.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace clearhead::kernels::scalar {
namespace {

// Vectors of 16 bytes are what every x86-64 and ARMv8 processor has, 16 registers of them or more.
// 2 × 16 sums of f32 take 8, enough to overlap the latency of their additions (4 cycles, 2 a
// cycle), a row of the panel takes 4.
constexpr std::int64_t kVectorBytes = 16;
constexpr std::int64_t kRows = 2;
constexpr std::int64_t kColumns = 16;
// A panel of 256 rows takes 16 KiB of f32: it stays in the first-level cache beside the rows of a.
constexpr std::int64_t kDepth = 256;
// 128 rows of 256 elements take 128 KiB of f32: they stay in the second-level cache while one panel
// after the other meets them, and packing a panel costs little beside its 128 uses.
constexpr std::int64_t kSliceRows = 128;

// Columns of b, with zeros after the last.
template <typename T>
void pack_panel(const MatrixView<const T>& b, T* panel) {
  for (std::int64_t k = 0; k < b.rows; ++k) {
    for (std::int64_t j = 0; j < kColumns; ++j) {
      panel[k * kColumns + j] = j < b.columns ? b.at(k, j) : T{0};
    }
  }
}

// c from Rows rows of a and a panel of b.
template <std::int64_t Rows, typename T>
void multiply_tile(const MatrixView<const T>& a, const T* panel, const MatrixView<T>& c,
                   bool accumulate) {
  constexpr std::int64_t kLanes = kVectorBytes / sizeof(T);
  constexpr std::int64_t kVectors = kColumns / kLanes;
  typedef T Vector __attribute__((vector_size(kVectorBytes)));
  Vector sums[Rows][kVectors] = {};
  for (std::int64_t k = 0; k < a.columns; ++k) {
    Vector row[kVectors];
    std::memcpy(row, panel + k * kColumns, sizeof row);
    for (std::int64_t i = 0; i < Rows; ++i) {
      const T factor = a.at(i, k);
      for (std::int64_t j = 0; j < kVectors; ++j) sums[i][j] += factor * row[j];
    }
  }
  for (std::int64_t i = 0; i < Rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      const T sum = sums[i][j / kLanes][j % kLanes];
      T& element = c.at(i, j);
      element = accumulate ? element + sum : sum;
    }
  }
}

// Some rows of c from a slice of K, at most kDepth deep.
template <typename T>
void multiply_slice(const MatrixView<const T>& a, const MatrixView<const T>& b,
                    const MatrixView<T>& c, bool accumulate) {
  alignas(kVectorBytes) T panel[kDepth * kColumns];
  for (std::int64_t j = 0; j < c.columns; j += kColumns) {
    const std::int64_t columns = std::min(kColumns, c.columns - j);
    pack_panel(b.part(0, j, b.rows, columns), panel);
    std::int64_t i = 0;
    for (; i + kRows <= c.rows; i += kRows) {
      multiply_tile<kRows>(a.part(i, 0, kRows, a.columns), panel, c.part(i, j, kRows, columns),
                           accumulate);
    }
    for (; i < c.rows; ++i) {
      multiply_tile<1>(a.part(i, 0, 1, a.columns), panel, c.part(i, j, 1, columns), accumulate);
    }
  }
}

}  // namespace

template <typename T>
void matmul(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c,
            bool accumulate) {
  const std::int64_t K = a.columns;
  assert(a.rows == c.rows && b.rows == K && b.columns == c.columns);
  if (K == 0 && !accumulate) {
    for (std::int64_t i = 0; i < c.rows; ++i) std::fill_n(&c.at(i, 0), c.columns, T{0});
  }
  for (std::int64_t k = 0; k < K; k += kDepth) {
    const std::int64_t depth = std::min(kDepth, K - k);
    for (std::int64_t i = 0; i < c.rows; i += kSliceRows) {
      const std::int64_t rows = std::min(kSliceRows, c.rows - i);
      multiply_slice(a.part(i, k, rows, depth), b.part(k, 0, depth, b.columns),
                     c.part(i, 0, rows, c.columns), accumulate || k > 0);
    }
  }
}

template void matmul(const MatrixView<const float>&, const MatrixView<const float>&,
                     const MatrixView<float>&, bool);
template void matmul(const MatrixView<const double>&, const MatrixView<const double>&,
                     const MatrixView<double>&, bool);

}  // namespace clearhead::kernels::scalar
