// c_ij = Σ_k a_ik·b_kj, with the numbers of b in the lanes as they lie: steps k where it is stored
// column after column, columns j where row after row.
#include "clearhead/kernels/products/few_rows_simd.h"

#include <algorithm>
#include <type_traits>

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

// How many columns, or vectors of columns, meet all rows of a at once: each sum in a register of
// its own, since a multiply-add waits 4 cycles for the one before. With them, as many numbers of b
// and one of a.
constexpr int across(int rows) {
  if (kMaxVectors == 4) return rows <= 6 ? 4 : 3;            // 8 × 3 + 3 + 1 = 28 of 32
  return rows <= 2 ? 4 : rows <= 4 ? 3 : rows <= 6 ? 2 : 1;  // 4 × 3 + 3 + 1 = 16
}

// The first `count` numbers, then zeros.
template <typename T>
HWY_INLINE Vec load_part(const T* x, std::int64_t count) {
  T numbers[kLanes] = {};
  std::copy_n(x, count, numbers);
  return load(numbers);
}

// Operands of a block of c: kRows rows and a few columns. `b_stride` and `ahead` are of what lies
// together, columns or rows.
template <typename T>
struct Block {
  std::int64_t depth;
  const float* a;
  std::int64_t a_stride;
  const T* b;
  std::int64_t b_stride;
  const T* ahead;  // what of b will be read after this
  float* c;
  std::int64_t c_stride;
  bool accumulate;
};

HWY_INLINE void put(float* c, bool accumulate, float sum) { *c = accumulate ? *c + sum : sum; }

// kColumns columns of b, stored one after the other. What is to be read next is asked for: the
// processor itself looks ahead no further than to the end of a page.
template <int kRows, int kColumns, typename T>
HWY_INLINE void multiply_columns(const Block<T>& block) {
  constexpr std::int64_t kStep = kCacheLine / static_cast<std::int64_t>(sizeof(T));
  constexpr int kSums = kRows * kColumns;
  const Floats d;
  const std::int64_t K = block.depth, lda = block.a_stride, ldb = block.b_stride;
  const float* const a = block.a;
  const T* const b = block.b;
  Vec sums[round_up(kSums, 4)];
#pragma GCC unroll 32
  for (Vec& sum : sums) sum = hn::Zero(d);
  const auto add = [&](std::int64_t k, auto load_a, auto load_b) HWY_ATTR {
    Vec column[kColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) column[j] = load_b(b + j * ldb + k);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec row = load_a(a + r * lda + k);
#pragma GCC unroll 4
      for (int j = 0; j < kColumns; ++j) {
        sums[r * kColumns + j] = hn::MulAdd(row, column[j], sums[r * kColumns + j]);
      }
    }
  };
  const auto whole = [](const auto* x) HWY_ATTR { return load(x); };
  std::int64_t k = 0;
  for (; k + kStep <= K; k += kStep) {
#pragma GCC unroll 4
    for (int j = 0; j < kColumns; ++j) hwy::Prefetch(block.ahead + j * ldb + k);
#pragma GCC unroll 2
    for (std::int64_t i = 0; i < kStep; i += kLanes) add(k + i, whole, whole);
  }
  for (; k < K; k += kLanes) {
    const std::int64_t count = std::min(kLanes, K - k);
    const auto part = [count](const auto* x) HWY_ATTR { return load_part(x, count); };
    add(k, part, part);
  }
  float totals[round_up(kSums, 4)];
#pragma GCC unroll 8
  for (int i = 0; i < kSums; i += 4) {
    hn::StoreU(sums_of_lanes(sums[i], sums[i + 1], sums[i + 2], sums[i + 3]),
               hn::FixedTag<float, 4>(), totals + i);
  }
  for (int r = 0; r < kRows; ++r) {
    for (int j = 0; j < kColumns; ++j) {
      put(block.c + r * block.c_stride + j, block.accumulate, totals[r * kColumns + j]);
    }
  }
}

// b stored column after column. A stretch of a's rows, read again for each few columns, stays in
// the first level: 8 rows of 768 numbers are 24 KiB.
template <int kRows, typename T>
HWY_NOINLINE void multiply_by_columns(const MatrixView<const float>& a,
                                      const MatrixView<const T>& b, const MatrixView<float>& c,
                                      bool accumulate) {
  constexpr std::int64_t kMostDepth = 768;
  constexpr int kColumns = across(kRows);
  const std::int64_t K = a.columns, stretches = std::max<std::int64_t>(ceil_div(K, kMostDepth), 1);
  const std::int64_t depth =
      round_up(std::max<std::int64_t>(ceil_div(K, stretches), 1), kCacheLine);
  for (std::int64_t k = 0; k < K || k == 0; k += depth) {
    const auto block = [&](std::int64_t j, std::int64_t next) {
      return Block<T>{std::min(depth, K - k),
                      a.data + k,
                      a.row_stride,
                      &b.at(k, j),
                      b.column_stride,
                      next < c.columns ? &b.at(k, next)
                      : k + depth < K  ? &b.at(k + depth, 0)
                                       : &b.at(0, next),
                      &c.at(0, j),
                      c.row_stride,
                      accumulate || k > 0};
    };
    std::int64_t j = 0;
    for (; j + kColumns <= c.columns; j += kColumns) {
      multiply_columns<kRows, kColumns>(block(j, j + kColumns));
    }
    for (; j < c.columns; ++j) multiply_columns<kRows, 1>(block(j, j + 1));
  }
}

// kVectors vectors of columns, or the first `count` columns of one vector, of some rows of b.
template <int kRows, int kVectors, bool kPart>
HWY_INLINE void multiply_strip(const Block<float>& block, std::int64_t count = kLanes) {
  constexpr std::int64_t kLine = kCacheLine / 4;
  const Floats d;
  Vec sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (std::int64_t k = 0; k < block.depth; ++k) {
    const float* from = block.b + k * block.b_stride;
    for (std::int64_t i = 0; i < kVectors * kLanes; i += kLine) {
      hwy::Prefetch(block.ahead + k * block.b_stride + i);
    }
    Vec row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      row[v] = kPart ? load_part(from, count) : load(from + v * kLanes);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec x = hn::Set(d, block.a[r * block.a_stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(x, row[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float totals[kVectors * kLanes];
    float* const to = block.c + r * block.c_stride;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      float* const out = kPart ? totals : to + v * kLanes;
      if (kPart) {
        hn::StoreU(sums[r][v], d, out);
      } else {
        const Vec before = block.accumulate ? hn::LoadU(d, out) : hn::Zero(d);
        hn::StoreU(hn::Add(before, sums[r][v]), d, out);
      }
    }
    for (std::int64_t j = 0; kPart && j < count; ++j) put(to + j, block.accumulate, totals[j]);
  }
}

// b stored row after row: some rows at a time, each from one end to the other, since the processor
// itself fetches what follows in a few long stretches; c, in the first or second level, is then
// added to once for these rows.
template <int kRows>
HWY_NOINLINE void multiply_by_rows(const MatrixView<const float>& a,
                                   const MatrixView<const float>& b, const MatrixView<float>& c,
                                   bool accumulate) {
  constexpr std::int64_t kDepth = 8, kMostColumns = 8192, kAhead = 128;
  constexpr int kVectors = across(kRows);
  for (std::int64_t first = 0; first < c.columns; first += kMostColumns) {
    const std::int64_t end = std::min(first + kMostColumns, c.columns);
    for (std::int64_t k = 0; k < a.columns || k == 0; k += kDepth) {
      const auto block = [&](std::int64_t j) {
        return Block<float>{
            std::min(kDepth, a.columns - k),
            a.data + k,
            a.row_stride,
            &b.at(k, j),
            b.row_stride,
            j + kAhead < end ? &b.at(k, j + kAhead) : &b.at(k + kDepth, first + j + kAhead - end),
            &c.at(0, j),
            c.row_stride,
            accumulate || k > 0};
      };
      std::int64_t j = first;
      for (; j + kVectors * kLanes <= end; j += kVectors * kLanes) {
        multiply_strip<kRows, kVectors, false>(block(j));
      }
      for (; j + kLanes <= end; j += kLanes) multiply_strip<kRows, 1, false>(block(j));
      if (j < end) multiply_strip<kRows, 1, true>(block(j), end - j);
    }
  }
}

template <int kRows = simd::kFewRows, typename T>
void multiply(const MatrixView<const float>& a, const MatrixView<const T>& b,
              const MatrixView<float>& c, bool accumulate) {
  if constexpr (kRows > 0) {
    if (a.rows < kRows) return multiply<kRows - 1>(a, b, c, accumulate);
    if constexpr (std::is_same_v<T, float>) {
      if (b.row_stride != 1) return multiply_by_rows<kRows>(a, b, c, accumulate);
    }
    multiply_by_columns<kRows>(a, b, c, accumulate);
  }
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
