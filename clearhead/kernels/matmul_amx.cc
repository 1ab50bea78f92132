// c is made in groups of 2 × 2 tiles, 32 × 32 elements, over a block of K at a time: the panel of b
// stays in the first-level cache for all panels of a, which stream by from the second.
#include "clearhead/kernels/matmul_amx.h"

#include "clearhead/kernels/amx-inl.h"

namespace clearhead::kernels::amx {
namespace {

// Steps of a block of K: a panel of b of 16 steps takes 32 KiB with one part, of 8 steps with two.
constexpr std::int64_t block_steps(int parts) { return parts == 2 ? 8 : 16; }

// 16 × 32 numbers as bf16 in 16 vectors: the rounded numbers, or the rest that rounding leaves over.
struct TilePair {
  __m512i high[16];
  __m512i low[16];
};

// What rounding to bf16 leaves over, 0 for what is not finite.
CLEARHEAD_ALWAYS_INLINE __m512 rest_of(__m512 x, __m512 rounded) {
  const __mmask16 finite =
      _mm512_cmp_ps_mask(_mm512_abs_ps(rounded), _mm512_set1_ps(__builtin_inff()), _CMP_LT_OQ);
  return _mm512_maskz_sub_ps(finite, x, rounded);
}

template <int Parts>
CLEARHEAD_ALWAYS_INLINE void convert(__m512 x, __m512 y, int i, TilePair* t) {
  t->high[i] = to_bf16(x, y);
  if constexpr (Parts == 2) {
    t->low[i] = to_bf16(rest_of(x, lower_f32(t->high[i])), rest_of(y, upper_f32(t->high[i])));
  }
}

// Vector i: 32 neighbours of line i, for 16 lines.
template <int Parts>
CLEARHEAD_ALWAYS_INLINE void along_lines(const float* x, std::int64_t stride, std::int64_t lines,
                                         std::int64_t n, TilePair* t) {
  for (int i = 0; i < 16; ++i) {
    const bool inside = i < lines;
    const float* const from = x + i * stride;
    convert<Parts>(_mm512_maskz_loadu_ps(inside ? first_lanes(n) : 0, from),
                   _mm512_maskz_loadu_ps(inside ? first_lanes(n - 16) : 0, from + 16), i, t);
  }
}

// Vector p: pairs of lines 2p and 2p + 1, for 16 neighbours of 32 lines.
template <int Parts>
CLEARHEAD_ALWAYS_INLINE void across_lines(const float* x, std::int64_t stride, std::int64_t lines,
                                          std::int64_t n, TilePair* t) {
  const __m512i pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  for (int p = 0; p < 16; ++p) {
    const float* const from = x + 2 * p * stride;
    convert<Parts>(_mm512_maskz_loadu_ps(2 * p < lines ? first_lanes(n) : 0, from),
                   _mm512_maskz_loadu_ps(2 * p + 1 < lines ? first_lanes(n) : 0, from + stride), p,
                   t);
    t->high[p] = _mm512_permutexvar_epi16(pairs, t->high[p]);
    if constexpr (Parts == 2) t->low[p] = _mm512_permutexvar_epi16(pairs, t->low[p]);
  }
}

template <int Parts>
CLEARHEAD_ALWAYS_INLINE void store_tile(TilePair* t, bool transpose, char* to) {
  if (transpose) transpose_16x16(t->high);
  for (int i = 0; i < 16; ++i) _mm512_store_si512(to + i * 64, t->high[i]);
  if constexpr (Parts == 2) {
    if (transpose) transpose_16x16(t->low);
    for (int i = 0; i < 16; ++i) _mm512_store_si512(to + 2 * kTileBytes + i * 64, t->low[i]);
  }
}

// One panel. A tile of a has its 16 lines of c as rows, a tile of b as columns, so that what lies
// along lines has to be transposed for b, and what lies across lines for a.
template <int Parts, bool ForA>
void pack_panel(const float* x, std::int64_t stride, bool across, std::int64_t lines,
                std::int64_t K, char* panel) {
  TilePair t;
  for (std::int64_t k = 0; k < K; k += kDepthStep) {
    for (std::int64_t half = 0; half < 2; ++half) {
      char* const to = panel + (k / kDepthStep * 2 * Parts + half) * kTileBytes;
      const std::int64_t left = lines - half * 16;
      if (across) {
        across_lines<Parts>(x + k * stride + half * 16, stride, K - k, left, &t);
        store_tile<Parts>(&t, ForA, to);
      } else {
        along_lines<Parts>(x + half * 16 * stride + k, stride, left, K - k, &t);
        store_tile<Parts>(&t, !ForA, to);
      }
    }
  }
}

// One product of 2 × 2 tiles; a streams, b stays.
CLEARHEAD_ALWAYS_INLINE void step(const char* a, const char* b) {
  CLEARHEAD_TILE_STREAM(4, a);
  CLEARHEAD_TILE_LOAD(6, b);
  _tile_dpbf16ps(0, 4, 6);
  CLEARHEAD_TILE_LOAD(7, b + kTileBytes);
  _tile_dpbf16ps(1, 4, 7);
  CLEARHEAD_TILE_STREAM(5, a + kTileBytes);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

// 32 × 32 sums along a block of K.
template <int Parts>
CLEARHEAD_ALWAYS_INLINE void multiply_group(const char* a, const char* b, std::int64_t steps) {
  for (std::int64_t k = 0; k < steps; ++k) {
    if constexpr (Parts == 1) {
      step(a, b);
    } else {
      // high·high, high·low with a's tiles still there, then low·high.
      const char* const a_low = a + 2 * kTileBytes;
      const char* const b_low = b + 2 * kTileBytes;
      step(a, b);
      CLEARHEAD_TILE_LOAD(6, b_low);
      _tile_dpbf16ps(0, 4, 6);
      CLEARHEAD_TILE_LOAD(7, b_low + kTileBytes);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      step(a_low, b);
    }
    a += 2 * Parts * kTileBytes;
    b += 2 * Parts * kTileBytes;
  }
}

// Stores the four tiles of a group at `before`, if there was one, and begins the next with zeros or
// with what lies at `from`. A group in memory is its tiles, one after the other: rows of c may lie
// 4 KiB apart, and then 16 of them do not fit into the set of the cache that they share.
CLEARHEAD_ALWAYS_INLINE void exchange_groups(float* before, const float* from) {
#define CLEARHEAD_EXCHANGE(i)                                               \
  if (before != nullptr) CLEARHEAD_TILE_STORE(i, before + i * kTileFloats); \
  if (from != nullptr) {                                                    \
    CLEARHEAD_TILE_LOAD(i, from + i * kTileFloats);                         \
  } else {                                                                  \
    _tile_zero(i);                                                          \
  }
  CLEARHEAD_EXCHANGE(0)
  CLEARHEAD_EXCHANGE(1)
  CLEARHEAD_EXCHANGE(2)
  CLEARHEAD_EXCHANGE(3)
#undef CLEARHEAD_EXCHANGE
}

constexpr std::int64_t kGroupFloats = 4 * kTileFloats;

// rows × columns elements of c, at most 32 × 32, to or from the tiles of a group.
template <bool ToC>
void copy_group(float* group, float* c, std::int64_t ldc, std::int64_t rows, std::int64_t columns) {
  const __mmask16 lanes[2] = {first_lanes(columns), first_lanes(columns - 16)};
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t half = 0; half < 2; ++half) {
      float* const tile = group + (i / 16 * 2 + half) * kTileFloats + i % 16 * 16;
      float* const at = c + i * ldc + half * 16;
      if constexpr (ToC) {
        _mm512_mask_storeu_ps(at, lanes[half], _mm512_load_ps(tile));
      } else {
        _mm512_store_ps(tile, _mm512_maskz_loadu_ps(lanes[half], at));
      }
    }
  }
}

// The groups of a column of c, from top to bottom, along one block of K.
struct Column {
  std::int64_t rows, columns;  // of c
  float* c;
  std::int64_t ldc;
  float* sums;                   // its groups between blocks of K
  bool first, last, accumulate;  // block of K; whether to add to c
};

template <int Parts>
void multiply_column(const Column& column, const char* a, std::int64_t panel, const char* b,
                     std::int64_t steps) {
  alignas(64) float old[kGroupFloats];
  alignas(64) float done[2][kGroupFloats];
  const std::int64_t groups = (column.rows + kPanel - 1) / kPanel;
  const auto rows_of = [&](std::int64_t g) {
    return column.rows - g * kPanel < kPanel ? column.rows - g * kPanel : kPanel;
  };
  const auto target = [&](std::int64_t g) {
    return column.last ? done[g % 2] : column.sums + g * kGroupFloats;
  };
  const auto copy_out = [&](std::int64_t g) {
    if (!column.last) return;
    copy_group<true>(done[g % 2], column.c + g * kPanel * column.ldc, column.ldc, rows_of(g),
                     column.columns);
  };
  for (std::int64_t g = 0; g < groups; ++g) {
    const float* from = column.first ? nullptr : column.sums + g * kGroupFloats;
    if (column.first && column.accumulate) {
      copy_group<false>(old, column.c + g * kPanel * column.ldc, column.ldc, rows_of(g),
                        column.columns);
      from = old;
    }
    memory_barrier();
    exchange_groups(g > 0 ? target(g - 1) : nullptr, from);
    multiply_group<Parts>(a + g * panel, b, steps);
    memory_barrier();
    if (g > 0) copy_out(g - 1);  // only now: its tiles have had time to arrive in the cache
  }
  exchange_groups(target(groups - 1), nullptr);
  memory_barrier();
  copy_out(groups - 1);
}

template <int Parts>
void multiply(std::int64_t rows, std::int64_t columns, std::int64_t K, const char* a, const char* b,
              float* c, std::int64_t ldc, bool accumulate, float* sums) {
  const std::int64_t panel = panel_bytes(K, Parts);
  const std::int64_t steps = (K + kDepthStep - 1) / kDepthStep;
  const std::int64_t groups = (rows + kPanel - 1) / kPanel;
  const TileScope tiles;
  for (std::int64_t k = 0; k < steps; k += block_steps(Parts)) {
    const std::int64_t n = steps - k < block_steps(Parts) ? steps - k : block_steps(Parts);
    const std::int64_t from = k * 2 * Parts * kTileBytes;
    for (std::int64_t j = 0; j < columns; j += kPanel) {
      const std::int64_t across = columns - j < kPanel ? columns - j : kPanel;
      const Column column = {
          rows,   across,         c + j,     ldc, sums + j / kPanel * groups * kGroupFloats,
          k == 0, k + n == steps, accumulate};
      multiply_column<Parts>(column, a + from, panel, b + j / kPanel * panel + from, n);
    }
  }
}

}  // namespace

std::int64_t panel_bytes(std::int64_t K, int parts) {
  return (K + kDepthStep - 1) / kDepthStep * 2 * parts * kTileBytes;
}

void pack_rows(const float* a, std::int64_t stride, bool transposed, std::int64_t rows,
               std::int64_t K, int parts, char* panel) {
  return parts == 2 ? pack_panel<2, true>(a, stride, transposed, rows, K, panel)
                    : pack_panel<1, true>(a, stride, transposed, rows, K, panel);
}

void pack_columns(const float* b, std::int64_t stride, bool transposed, std::int64_t columns,
                  std::int64_t K, int parts, char* panel) {
  return parts == 2 ? pack_panel<2, false>(b, stride, !transposed, columns, K, panel)
                    : pack_panel<1, false>(b, stride, !transposed, columns, K, panel);
}

void multiply_panels(std::int64_t rows, std::int64_t columns, std::int64_t K, const char* a,
                     const char* b, float* c, std::int64_t ldc, bool accumulate, int parts,
                     float* sums) {
  return parts == 2 ? multiply<2>(rows, columns, K, a, b, c, ldc, accumulate, sums)
                    : multiply<1>(rows, columns, K, a, b, c, ldc, accumulate, sums);
}

}  // namespace clearhead::kernels::amx
