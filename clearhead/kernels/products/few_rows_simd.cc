// c_ij = Σ_k a_ik·b_jk, the numbers of a row in the lanes.
#include "clearhead/kernels/products/few_rows_simd.h"

#include <algorithm>

#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/products/few_rows_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include <hwy/cache_control.h>

#include "clearhead/kernels/targets/simd-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

constexpr std::int64_t kCacheLine = 64;

// The first `count` numbers, then zeros.
template <typename T>
HWY_INLINE Vec load_part(const T* x, std::int64_t count) {
  T numbers[kLanes] = {};
  std::copy_n(x, count, numbers);
  return load(numbers);
}

// kColumns columns of b with all rows of a: each sum of its own, since a multiply-add waits 4
// cycles for the one before, and adding up the lanes of one sum, 15 cycles, happens beside the next
// ones.
template <int kRows, int kColumns, typename T>
HWY_INLINE void multiply_tile(std::int64_t K, const float* HWY_RESTRICT a, std::int64_t lda,
                              const T* HWY_RESTRICT b, std::int64_t ldb, float* HWY_RESTRICT c,
                              std::int64_t ldc, bool accumulate) {
  // The rows to come are asked for: the processor itself looks ahead no further than to the end of
  // a page.
  constexpr std::int64_t kStep = kCacheLine / static_cast<std::int64_t>(sizeof(T));
  const Floats d;
  Vec sums[kRows][kColumns];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) sums[r][j] = hn::Zero(d);
  }
  const auto add = [&](std::int64_t k, auto load_a, auto load_b) HWY_ATTR {
    Vec row[kRows];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) row[r] = load_a(a + r * lda + k);
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) {
      const Vec x = load_b(b + j * ldb + k);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) sums[r][j] = hn::MulAdd(row[r], x, sums[r][j]);
    }
  };
  const auto whole = [](const auto* x) HWY_ATTR { return load(x); };
  std::int64_t k = 0;
  for (; k + kStep <= K; k += kStep) {
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) hwy::Prefetch(b + (j + kColumns) * ldb + k);
#pragma GCC unroll 2
    for (std::int64_t i = 0; i < kStep; i += kLanes) add(k + i, whole, whole);
  }
  for (; k < K; k += kLanes) {
    const std::int64_t count = std::min(kLanes, K - k);
    const auto part = [count](const auto* x) HWY_ATTR { return load_part(x, count); };
    add(k, part, part);
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) {
      const float sum = hn::GetLane(hn::SumOfLanes(d, sums[r][j]));
      c[r * ldc + j] = accumulate ? c[r * ldc + j] + sum : sum;
    }
  }
}

template <int kRows, typename T>
HWY_NOINLINE void multiply_rows(const MatrixView<const float>& a, const MatrixView<const T>& b,
                                const MatrixView<float>& c, bool accumulate) {
  constexpr int kColumns = 4;  // 16 sums at most, of 32 registers, or of 16 with some in memory
  std::int64_t j = 0;
  for (; j + kColumns <= c.columns; j += kColumns) {
    multiply_tile<kRows, kColumns>(a.columns, a.data, a.row_stride, &b.at(0, j), b.column_stride,
                                   &c.at(0, j), c.row_stride, accumulate);
  }
  for (; j < c.columns; ++j) {
    multiply_tile<kRows, 1>(a.columns, a.data, a.row_stride, &b.at(0, j), b.column_stride,
                            &c.at(0, j), c.row_stride, accumulate);
  }
}

template <typename T>
void multiply(const MatrixView<const float>& a, const MatrixView<const T>& b,
              const MatrixView<float>& c, bool accumulate) {
  const auto rows = a.rows == 1   ? multiply_rows<1, T>
                    : a.rows == 2 ? multiply_rows<2, T>
                    : a.rows == 3 ? multiply_rows<3, T>
                                  : multiply_rows<4, T>;
  rows(a, b, c, accumulate);
}

#else

template <typename T>
void multiply(const MatrixView<const float>& a, const MatrixView<const T>& b,
              const MatrixView<float>& c, bool accumulate) {
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; ++j) {
      float sum = 0;
      for (std::int64_t k = 0; k < a.columns; ++k) {
        sum += a.at(i, k) * static_cast<float>(b.at(k, j));
      }
      c.at(i, j) = accumulate ? c.at(i, j) + sum : sum;
    }
  }
}

#endif

void multiply_f32(const MatrixView<const float>& a, const MatrixView<const float>& b,
                  const MatrixView<float>& c, bool accumulate) {
  multiply(a, b, c, accumulate);
}

void multiply_bf16(const MatrixView<const float>& a, const MatrixView<const bf16>& b,
                   const MatrixView<float>& c, bool accumulate) {
  multiply(a, b, c, accumulate);
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels::simd {

void few_rows(const MatrixView<const float>& a, const MatrixView<const float>& b,
              const MatrixView<float>& c, bool accumulate) {
  CLEARHEAD_CHOOSE(multiply_f32)(a, b, c, accumulate);
}

void few_rows(const MatrixView<const float>& a, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate) {
  CLEARHEAD_CHOOSE(multiply_bf16)(a, b, c, accumulate);
}

}  // namespace clearhead::kernels::simd
#endif
