// c is made in tiles that stay in registers while they grow, a slice of K at a time:
//
//     for each slice of K
//       pack its rows of b                                1.1 MiB, stay in the second-level cache
//       for each panel of rows of a
//         pack the panel                                  18 KiB, stays in the first-level cache
//         for each panel of columns of b: a tile of c     48 KiB stream by from the second level
//
// (sizes for AVX-512). A tile takes 4,600 cycles. Whatever comes from further away is asked for
// that long before it is used: the tile's own place in c when it begins, the next panel of a during
// the tiles of this one. So rows of c are gone through from left to right, 12 pages of memory at a
// time; from top to bottom each tile would open 12 new ones, and cost a quarter of the speed.
#include "clearhead/kernels/products/matmul_simd.h"

#include <algorithm>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/products/matmul_scalar.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/products/matmul_simd.cc"
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

// 32 registers: 12 × 2 sums, 2 vectors and a broadcast number. Each step issues 24 multiply-adds,
// 12 cycles of 2 ports, for 14 loads, 7 cycles, of which 128 bytes come from the second-level
// cache: a quarter of what it can give. 16 registers: 6 × 2 + 2 + 1.
constexpr std::int64_t kPanelRows = kMaxVectors == 4 ? 12 : 6;
constexpr std::int64_t kPanelVectors = 2;
constexpr std::int64_t kPanelColumns = kPanelVectors * kLanes;

// A slice of b, 384 × 768, takes 1.1 MiB of a second-level cache of 2; 256 KiB where vectors are
// shorter and caches older. c is read and written once for each slice, a packed once for all
// columns of a part.
constexpr std::int64_t kDepth = kMaxVectors == 4 ? 384 : 256;
constexpr std::int64_t kColumns = kMaxVectors == 4 ? 512 : 256;
constexpr std::int64_t kMostColumns = kMaxVectors == 4 ? 768 : 256;

// Steps for each cache line that a tile asks for on behalf of the next panel of a.
constexpr std::int64_t kStepsPerLine = 16;

// Panels of b are asked for 32 steps, 384 cycles, before they are used: while a tile's 24 lines of
// c come from the third level, nothing else does, and 8 steps would not last.
constexpr std::int64_t kStepsAhead = 32;

// Steps of a slice: all slices of a product are equal but for the last, and whole lines long.
std::int64_t slice_depth(std::int64_t K) {
  return round_up(ceil_div(K, ceil_div(K, kDepth)), kStepsPerLine);
}

// Cache lines to ask for, `stride` numbers apart.
struct Lines {
  const float* data;
  std::int64_t stride;
  std::int64_t count;
};

// Every 4 numbers of x to a place of their own, `stride` numbers apart.
template <typename V>
HWY_INLINE void store_blocks(V x, float* to, std::int64_t stride) {
  const hn::DFromV<V> d;
  if constexpr (hn::MaxLanes(d) == 4) {
    hn::StoreU(x, d, to);
  } else {
    const hn::Half<decltype(d)> half;
    store_blocks(hn::LowerHalf(half, x), to, stride);
    store_blocks(hn::UpperHalf(half, x), to + MaxLanes(half) / 4 * stride, stride);
  }
}

// to[k·to_stride + i] = from[i·from_stride + k] for 4 of i and a vector of k: a square of 4 × 4 in
// each 128 bits of the vectors.
HWY_INLINE void transpose_four(const float* HWY_RESTRICT from, std::int64_t from_stride,
                               float* HWY_RESTRICT to, std::int64_t to_stride) {
  const Floats d;
  const hn::RepartitionToWide<Floats> dw;
  const auto pair = [&](Vec x) HWY_ATTR { return hn::BitCast(dw, x); };
  const Vec r0 = hn::LoadU(d, from);
  const Vec r1 = hn::LoadU(d, from + from_stride);
  const Vec r2 = hn::LoadU(d, from + 2 * from_stride);
  const Vec r3 = hn::LoadU(d, from + 3 * from_stride);
  const auto low01 = pair(hn::InterleaveLower(d, r0, r1));  // r0[0] r1[0] r0[1] r1[1]
  const auto low23 = pair(hn::InterleaveLower(d, r2, r3));
  const auto high01 = pair(hn::InterleaveUpper(d, r0, r1));  // r0[2] r1[2] r0[3] r1[3]
  const auto high23 = pair(hn::InterleaveUpper(d, r2, r3));
  const auto store = [&](auto squares, std::int64_t k) HWY_ATTR {
    store_blocks(hn::BitCast(d, squares), to + k * to_stride, 4 * to_stride);
  };
  store(hn::InterleaveLower(dw, low01, low23), 0);
  store(hn::InterleaveUpper(dw, low01, low23), 1);
  store(hn::InterleaveLower(dw, high01, high23), 2);
  store(hn::InterleaveUpper(dw, high01, high23), 3);
}

// x as panel [depth][kWidth], whose element (i, k) lies at data[i·stride + k], i < n ≤ kWidth.
template <std::int64_t kWidth>
void pack_across(std::int64_t n, std::int64_t depth, const float* data, std::int64_t stride,
                 float* panel) {
  // The processor follows no more than a few rows by itself, so those of the next panel are asked
  // for while this one is packed.
  const std::int64_t whole_rows = n / 4 * 4;
  const std::int64_t whole = depth / kLanes * kLanes;
  for (std::int64_t k = 0; k < whole; k += kLanes) {
    for (std::int64_t i = 0; i < whole_rows; i += 4) {
      const float* from = data + i * stride + k;
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) hwy::Prefetch(from + (kWidth + r) * stride);
      transpose_four(from, stride, panel + k * kWidth + i, kWidth);
    }
  }
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = i < whole_rows ? whole : 0; k < depth; ++k) {
      panel[k * kWidth + i] = data[i * stride + k];
    }
  }
}

// kCount numbers, an even number.
template <std::int64_t kCount>
HWY_INLINE void copy_numbers(const float* from, float* to) {
  const hn::CappedTag<float, kCount % kLanes == 0 ? kLanes : kCount % 4 == 0 ? 4 : 2> d;
  for (std::int64_t i = 0; i < kCount; i += hn::Lanes(d)) {
    hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  }
}

// x as panels [count][depth][kWidth], whose element (i, k) lies at data[i + k·stride], i < n.
template <std::int64_t kWidth>
void pack_along(std::int64_t n, std::int64_t depth, const float* data, std::int64_t stride,
                float* packed) {
  // Several panels side by side, so that a stored row gives whole cache lines and few pages are
  // open; more than 8 would compete for the same sets of the first-level cache.
  constexpr std::int64_t kTogether = 8 * kWidth;
  for (std::int64_t i = 0; i < n; i += kTogether) {
    const std::int64_t end = std::min(i + kTogether, n);
    for (std::int64_t k = 0; k < depth; ++k) {
      const float* row = data + k * stride;
      std::int64_t at = i;
      for (; at + kWidth <= end; at += kWidth) {
        copy_numbers<kWidth>(row + at, packed + at * depth + k * kWidth);
      }
      std::copy(row + at, row + end, packed + at * depth + k * kWidth);
    }
  }
}

// Panels of the rows of x, with zeros after the last.
template <std::int64_t kWidth>
void pack(const MatrixView<const float>& x, float* packed) {
  const std::int64_t n = x.rows, depth = x.columns;
  if (n % kWidth != 0) std::fill_n(packed + n / kWidth * kWidth * depth, kWidth * depth, 0.0F);
  if (x.by_columns()) return pack_along<kWidth>(n, depth, x.data, x.column_stride, packed);
  for (std::int64_t i = 0; i < n; i += kWidth) {
    pack_across<kWidth>(std::min(kWidth, n - i), depth, x.data + i * x.row_stride, x.row_stride,
                        packed + i * depth);
  }
}

template <int kRows, int kVectors>
HWY_INLINE void add_step(const float* a, const float* b, Vec (&sums)[kRows][kVectors]) {
  const Floats d;
  Vec row[kVectors];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    row[v] = hn::LoadU(d, b + v * kLanes);
    hwy::Prefetch(b + kStepsAhead * kPanelColumns + v * kLanes);
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
    const Vec x = hn::Set(d, a[r]);
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(x, row[v], sums[r][v]);
  }
}

// What sums are added to: nothing, what lies in c, or a row that is the same for all rows of c.
enum class Onto { nothing, c, row };

// A tile of c from a panel of a and one of b.
template <int kRows, int kVectors, Onto kOnto>
HWY_INLINE void multiply_tile(std::int64_t depth, const float* HWY_RESTRICT a,
                              const float* HWY_RESTRICT b, Lines next, const float* row, float* c,
                              std::int64_t ldc) {
  const Floats d;
  Vec sums[kRows][kVectors];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::Zero(d);
      hwy::Prefetch(c + r * ldc + v * kLanes);
    }
  }
  std::int64_t k = 0;
  for (; k + kStepsPerLine <= depth; k += kStepsPerLine) {
    if (k < next.count * kStepsPerLine) hwy::Prefetch(next.data + k / kStepsPerLine * next.stride);
#pragma GCC unroll 4
    for (std::int64_t step = 0; step < kStepsPerLine; ++step) {
      add_step(a, b, sums);
      a += kPanelRows;
      b += kPanelColumns;
    }
  }
  for (; k < depth; ++k) {
    add_step(a, b, sums);
    a += kPanelRows;
    b += kPanelColumns;
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      float* HWY_RESTRICT place = c + r * ldc + v * kLanes;
      Vec sum = sums[r][v];
      if constexpr (kOnto == Onto::c) sum = hn::Add(hn::LoadU(d, place), sum);
      if constexpr (kOnto == Onto::row) sum = hn::Add(hn::LoadU(d, row + v * kLanes), sum);
      hn::StoreU(sum, d, place);
    }
  }
}

// A tile of which c has only `rows` × `columns`.
template <int kRows, int kVectors>
HWY_NOINLINE void multiply_edge(std::int64_t rows, std::int64_t columns, std::int64_t depth,
                                const float* a, const float* b, Lines next, Onto onto,
                                const float* row, float* c, std::int64_t ldc) {
  HWY_ALIGN float edge[kRows * kPanelColumns];
  multiply_tile<kRows, kVectors, Onto::nothing>(depth, a, b, next, nullptr, edge, kPanelColumns);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const float sum = edge[i * kPanelColumns + j];
      float& place = c[i * ldc + j];
      place = onto == Onto::c ? place + sum : onto == Onto::row ? row[j] + sum : sum;
    }
  }
}

// The rows of a for the next panel, of which each tile of this one asks for a share.
struct NextPanel {
  MatrixView<const float> a;
  std::int64_t tiles;

  Lines share(std::int64_t tile) const {
    if (!a.by_columns()) {  // one of the rows
      const std::int64_t count = tile < a.rows ? a.columns / kStepsPerLine : 0;
      return {a.data + tile * a.row_stride, kStepsPerLine, count};
    }
    const std::int64_t steps = ceil_div(a.columns, tiles);  // the rows' numbers of some steps
    const std::int64_t first = tile * steps;
    return {a.data + first * a.column_stride, a.column_stride,
            a.rows > 0 ? std::min(steps, a.columns - first) : 0};
  }
};

// A panel of a with all panels of b. kRows ≥ rows: where it is more, the others are zeros.
template <int kRows>
HWY_NOINLINE void multiply_panel(std::int64_t rows, std::int64_t columns, std::int64_t depth,
                                 const float* a, const float* b, const NextPanel& next, Onto onto,
                                 const float* all_row, float* c, std::int64_t ldc) {
  for (std::int64_t j = 0; j < columns; j += kPanelColumns) {
    const std::int64_t width = std::min(kPanelColumns, columns - j);
    const float* panel = b + j * depth;
    const float* row = onto == Onto::row ? all_row + j : nullptr;
    const Lines lines = next.share(j / kPanelColumns);
    if (width <= kLanes) {
      multiply_edge<kRows, 1>(rows, width, depth, a, panel, lines, onto, row, c + j, ldc);
    } else if (rows < kRows || width < kPanelColumns) {
      multiply_edge<kRows, kPanelVectors>(rows, width, depth, a, panel, lines, onto, row, c + j,
                                          ldc);
    } else if (onto == Onto::c) {
      multiply_tile<kRows, kPanelVectors, Onto::c>(depth, a, panel, lines, row, c + j, ldc);
    } else if (onto == Onto::row) {
      multiply_tile<kRows, kPanelVectors, Onto::row>(depth, a, panel, lines, row, c + j, ldc);
    } else {
      multiply_tile<kRows, kPanelVectors, Onto::nothing>(depth, a, panel, lines, row, c + j, ldc);
    }
  }
}

// One slice of K, whose rows of b are packed.
void multiply_slice(const MatrixView<const float>& a, const float* packed_b,
                    const MatrixView<float>& c, Onto onto, const float* row, float* panel) {
  const std::int64_t tiles = ceil_div(c.columns, kPanelColumns);
  for (std::int64_t i = 0; i < a.rows; i += kPanelRows) {
    const std::int64_t n = std::min(kPanelRows, a.rows - i);
    pack<kPanelRows>(a.part(i, 0, n, a.columns), panel);
    const std::int64_t after = i + kPanelRows;
    const std::int64_t rows_after = std::clamp<std::int64_t>(a.rows - after, 0, kPanelRows);
    const NextPanel next{a.part(after, 0, rows_after, a.columns), tiles};
    const auto multiply_rows = n == 1                     ? multiply_panel<1>
                               : n <= 4                   ? multiply_panel<4>
                               : kPanelRows > 8 && n <= 8 ? multiply_panel<8>
                                                          : multiply_panel<kPanelRows>;
    multiply_rows(n, c.columns, a.columns, panel, packed_b, next, onto, row, &c.at(i, 0),
                  c.row_stride);
  }
}

simd::MatmulPart part() { return {kPanelRows, kColumns, kMostColumns}; }

std::int64_t workspace_count(std::int64_t columns, std::int64_t K) {
  return slice_depth(K) * (round_up(columns, kPanelColumns) + kPanelRows);
}

void multiply_f32(const MatrixView<const float>& a, const MatrixView<const float>& b,
                  const MatrixView<float>& c, bool accumulate, const float* row, float* workspace) {
  const std::int64_t K = a.columns, deepest = slice_depth(K);
  float* const panel = workspace + deepest * round_up(c.columns, kPanelColumns);
  for (std::int64_t k = 0; k < K; k += deepest) {
    const std::int64_t depth = std::min(deepest, K - k);
    pack<kPanelColumns>(b.part(k, 0, depth, b.columns).transposed(), workspace);
    const Onto onto = accumulate || k > 0 ? Onto::c : row != nullptr ? Onto::row : Onto::nothing;
    multiply_slice(a.part(0, k, a.rows, depth), workspace, c, onto, row, panel);
  }
}

#else

// Without vectors: the scalar text, which packs for itself.
simd::MatmulPart part() { return {128, 256, 256}; }

std::int64_t workspace_count(std::int64_t /*columns*/, std::int64_t /*K*/) { return 0; }

void multiply_f32(const MatrixView<const float>& a, const MatrixView<const float>& b,
                  const MatrixView<float>& c, bool accumulate, const float* row,
                  float* /*workspace*/) {
  for (std::int64_t i = 0; i < c.rows && row != nullptr; ++i) {
    std::copy_n(row, c.columns, &c.at(i, 0));
  }
  scalar::matmul(a, b, c, accumulate || row != nullptr);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels::simd {

MatmulPart matmul_part() { return CLEARHEAD_CHOOSE(part)(); }

std::int64_t matmul_workspace(std::int64_t columns, std::int64_t K) {
  return CLEARHEAD_CHOOSE(workspace_count)(columns, K);
}

void matmul(const MatrixView<const float>& a, const MatrixView<const float>& b,
            const MatrixView<float>& c, bool accumulate, const float* row, float* workspace) {
  CLEARHEAD_CHOOSE(multiply_f32)(a, b, c, accumulate, row, workspace);
}

}  // namespace clearhead::kernels::simd
#endif
