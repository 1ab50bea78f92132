// c_ij = Σ_k a_ik·b_jk, the numbers of a row in the lanes.
#include "clearhead/kernels/matmul_few.h"

#include <algorithm>

#include "clearhead/kernels/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/matmul_few.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include <hwy/cache_control.h>

#include "clearhead/kernels/simd-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

// The first `count` numbers, then zeros.
template <typename T>
HWY_INLINE Vec load_part(const T* x, std::int64_t count) {
  T numbers[kLanes] = {};
  std::copy_n(x, count, numbers);
  return load(numbers);
}

// A row of b with all rows of a. Two sums each: a multiply-add waits 4 cycles for the one before, and
// reading from beyond the second-level cache gives a vector in 8 or more.
template <int kRows, typename T>
HWY_INLINE void multiply_row(std::int64_t K, const float* HWY_RESTRICT a, std::int64_t lda,
                             const T* HWY_RESTRICT b, float* HWY_RESTRICT c, std::int64_t ldc,
                             bool accumulate) {
  // Lines so far ahead, in rows to come, are asked for: the processor itself looks ahead no further
  // than to the end of a page.
  constexpr std::int64_t kAhead = 2048 / static_cast<std::int64_t>(sizeof(T));
  const Floats d;
  Vec sums[kRows][2];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + 2 * kLanes <= K; k += 2 * kLanes) {
    hwy::Prefetch(b + k + kAhead);
    if (sizeof(T) == sizeof(float)) hwy::Prefetch(b + k + kLanes + kAhead);
    const Vec b0 = load(b + k), b1 = load(b + k + kLanes);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] = hn::MulAdd(load(a + r * lda + k), b0, sums[r][0]);
      sums[r][1] = hn::MulAdd(load(a + r * lda + k + kLanes), b1, sums[r][1]);
    }
  }
  for (; k < K; k += kLanes) {
    const std::int64_t count = std::min(kLanes, K - k);
    const Vec rest = load_part(b + k, count);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      sums[r][0] = hn::MulAdd(load_part(a + r * lda + k, count), rest, sums[r][0]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    const float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(sums[r][0], sums[r][1])));
    c[r * ldc] = accumulate ? c[r * ldc] + sum : sum;
  }
}

template <int kRows, typename T>
HWY_NOINLINE void multiply_rows(std::int64_t columns, std::int64_t K, const float* a,
                                std::int64_t lda, const T* b, std::int64_t ldb, float* c,
                                std::int64_t ldc, bool accumulate) {
  for (std::int64_t j = 0; j < columns; ++j) {
    multiply_row<kRows>(K, a, lda, b + j * ldb, c + j, ldc, accumulate);
  }
}

template <typename T>
void multiply_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                  std::int64_t lda, const T* b, std::int64_t ldb, float* c, std::int64_t ldc,
                  bool accumulate) {
  const auto multiply = rows == 1   ? multiply_rows<1, T>
                        : rows == 2 ? multiply_rows<2, T>
                        : rows == 3 ? multiply_rows<3, T>
                                    : multiply_rows<4, T>;
  multiply(columns, K, a, lda, b, ldb, c, ldc, accumulate);
}

#else

template <typename T>
void multiply_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                  std::int64_t lda, const T* b, std::int64_t ldb, float* c, std::int64_t ldc,
                  bool accumulate) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (std::int64_t k = 0; k < K; ++k) {
        sum += a[i * lda + k] * static_cast<float>(b[j * ldb + k]);
      }
      c[i * ldc + j] = accumulate ? c[i * ldc + j] + sum : sum;
    }
  }
}

#endif

void multiply_few_f32(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                      std::int64_t lda, const float* b, std::int64_t ldb, float* c,
                      std::int64_t ldc, bool accumulate) {
  multiply_few(rows, columns, K, a, lda, b, ldb, c, ldc, accumulate);
}

void multiply_few_bf16(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                       std::int64_t lda, const bf16* b, std::int64_t ldb, float* c,
                       std::int64_t ldc, bool accumulate) {
  multiply_few(rows, columns, K, a, lda, b, ldb, c, ldc, accumulate);
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

void matmul_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                std::int64_t lda, const float* b, std::int64_t ldb, float* c, std::int64_t ldc,
                bool accumulate) {
  CLEARHEAD_CHOOSE(multiply_few_f32)
  (rows, columns, K, a, lda, b, ldb, c, ldc, accumulate);
}

void matmul_few(std::int64_t rows, std::int64_t columns, std::int64_t K, const float* a,
                std::int64_t lda, const bf16* b, std::int64_t ldb, float* c, std::int64_t ldc,
                bool accumulate) {
  CLEARHEAD_CHOOSE(multiply_few_bf16)
  (rows, columns, K, a, lda, b, ldb, c, ldc, accumulate);
}

}  // namespace clearhead::kernels
#endif
