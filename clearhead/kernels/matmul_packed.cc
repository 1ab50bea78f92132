#include "clearhead/kernels/matmul_packed.h"

#include <algorithm>

#include "clearhead/kernels/dispatch-inl.h"
#include "clearhead/kernels/matmul.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/matmul_packed.cc"
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

// 32 registers: 12 × 2 sums, 2 vectors and a broadcast number. Each step issues 24 multiply-adds,
// 12 cycles of 2 ports, for 14 loads, 7 cycles; a panel of 6 × 4 sums would take twice the
// first-level cache, and 14 rows are no whole number of the squares of 4 that packing transposes.
// 16 registers: 6 × 2 + 2 + 1.
constexpr std::int64_t kPanelRows = kMaxVectors == 4 ? 12 : 6;
constexpr std::int64_t kPanelVectors = 2;
constexpr std::int64_t kPanelColumns = kPanelVectors * kLanes;

// kCount numbers, a an even number.
template <std::int64_t kCount>
HWY_INLINE void copy_numbers(const float* from, float* to) {
  const hn::CappedTag<float, kCount % kLanes == 0 ? kLanes : kCount % 4 == 0 ? 4 : 2> d;
  for (std::int64_t i = 0; i < kCount; i += hn::Lanes(d)) {
    hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  }
}

// Panels [count][depth][width] of x, whose element (i, k) lies at data[i·across + k·along], i < n.
template <std::int64_t kWidth>
void pack(std::int64_t n, std::int64_t depth, const float* data, std::int64_t across,
          std::int64_t along, float* packed) {
  if (n % kWidth != 0) std::fill_n(packed + n / kWidth * kWidth * depth, kWidth * depth, 0.0F);
  if (along == 1) {
    for (std::int64_t i = 0; i < n; i += kWidth) {
      transpose(std::min(kWidth, n - i), depth, data + i * across, across, packed + i * depth,
                kWidth);
    }
    return;
  }
  // Several panels side by side, so that a stored row gives whole cache lines and few pages are
  // open; more than 8 would compete for the same sets of the first-level cache.
  constexpr std::int64_t kTogether = 8 * kWidth;
  for (std::int64_t i = 0; i < n; i += kTogether) {
    const std::int64_t end = std::min(i + kTogether, n);
    for (std::int64_t k = 0; k < depth; ++k) {
      std::int64_t at = i;
      for (; at + kWidth <= end; at += kWidth) {
        copy_numbers<kWidth>(data + k * along + at, packed + at * depth + k * kWidth);
      }
      std::copy(data + k * along + at, data + k * along + end, packed + at * depth + k * kWidth);
    }
  }
}

void pack_a(std::int64_t rows, std::int64_t depth, const StoredMatrix& a, float* packed) {
  pack<kPanelRows>(rows, depth, a.data, a.row, a.column, packed);
}

void pack_b(std::int64_t depth, std::int64_t columns, const StoredMatrix& b, float* packed) {
  pack<kPanelColumns>(columns, depth, b.data, b.column, b.row, packed);
}

template <int kRows>
HWY_INLINE void multiply_panels(std::int64_t columns, std::int64_t depth, const float* a,
                                const float* b, float* c, std::int64_t ldc, bool accumulate) {
  const Broadcast rows{a, 1, kPanelRows};
  // The sums meet c only after the last step; it is fetched while they grow.
  for (int i = 0; i < kRows; ++i) {
    hwy::Prefetch(c + i * ldc);
    hwy::Prefetch(c + i * ldc + columns - 1);
  }
  const Vectors vectors{b, kPanelColumns};
  if (columns == kPanelColumns) {
    const Sums sums{c, ldc, 1.0F, nullptr};
    if (accumulate) {
      multiply_registers<kRows, kPanelVectors, Finish::kAdd>(rows, vectors, depth, sums);
    } else {
      multiply_registers<kRows, kPanelVectors, Finish::kSet>(rows, vectors, depth, sums);
    }
    return;
  }
  HWY_ALIGN float edge[kRows * kPanelColumns];
  const Sums sums{edge, kPanelColumns, 1.0F, nullptr};
  if (columns <= kLanes) {
    multiply_registers<kRows, 1, Finish::kSet>(rows, vectors, depth, sums);
  } else {
    multiply_registers<kRows, kPanelVectors, Finish::kSet>(rows, vectors, depth, sums);
  }
  for (std::int64_t i = 0; i < kRows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const float sum = edge[i * kPanelColumns + j];
      c[i * ldc + j] = accumulate ? c[i * ldc + j] + sum : sum;
    }
  }
}

void multiply_ab(std::int64_t rows, std::int64_t columns, std::int64_t depth, const float* a,
                 const float* b, float* c, std::int64_t ldc, bool accumulate) {
  for (std::int64_t j = 0; j < columns; j += kPanelColumns) {
    const std::int64_t width = std::min(kPanelColumns, columns - j);
    const float* panel = b + j * depth;
    std::int64_t i = 0;
    const auto multiply_rows = [&]<int kRows>() HWY_ATTR {
      multiply_panels<kRows>(width, depth, a + i / kPanelRows * kPanelRows * depth + i % kPanelRows,
                             panel, c + i * ldc + j, ldc, accumulate);
      i += kRows;
    };
    while (i + kPanelRows <= rows) multiply_rows.template operator()<kPanelRows>();
    if (kPanelRows > 8 && i + 8 <= rows) multiply_rows.template operator()<8>();
    if (i + 4 <= rows) multiply_rows.template operator()<4>();
    if (i + 2 <= rows) multiply_rows.template operator()<2>();
    if (i + 1 <= rows) multiply_rows.template operator()<1>();
  }
}

MatmulTiling tiling() { return {kPanelRows, kPanelColumns, 16 * kPanelRows, 512}; }

#else

// Without vectors, packed means copied: rows [rows, depth] and columns [depth, columns].
void pack_a(std::int64_t rows, std::int64_t depth, const StoredMatrix& a, float* packed) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t k = 0; k < depth; ++k) *packed++ = a.data[i * a.row + k * a.column];
  }
}

void pack_b(std::int64_t depth, std::int64_t columns, const StoredMatrix& b, float* packed) {
  for (std::int64_t j = 0; j < columns; ++j) {
    for (std::int64_t k = 0; k < depth; ++k) *packed++ = b.data[k * b.row + j * b.column];
  }
}

void multiply_ab(std::int64_t rows, std::int64_t columns, std::int64_t depth, const float* a,
                 const float* b, float* c, std::int64_t ldc, bool accumulate) {
  matmul(rows, columns, depth, a, depth, b, depth, c, ldc, false, true, accumulate);
}

MatmulTiling tiling() { return {1, 1, 128, 256}; }

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

MatmulTiling matmul_tiling() { return CLEARHEAD_CHOOSE(tiling)(); }

void pack_rows(std::int64_t rows, std::int64_t depth, const StoredMatrix& a, float* packed) {
  CLEARHEAD_CHOOSE(pack_a)(rows, depth, a, packed);
}

void pack_columns(std::int64_t depth, std::int64_t columns, const StoredMatrix& b, float* packed) {
  CLEARHEAD_CHOOSE(pack_b)(depth, columns, b, packed);
}

void multiply_packed(std::int64_t rows, std::int64_t columns, std::int64_t depth,
                     const float* packed_a, const float* packed_b, float* c, std::int64_t ldc,
                     bool accumulate) {
  CLEARHEAD_CHOOSE(multiply_ab)
  (rows, columns, depth, packed_a, packed_b, c, ldc, accumulate);
}

}  // namespace clearhead::kernels
#endif
