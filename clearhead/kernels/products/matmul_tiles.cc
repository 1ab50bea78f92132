// c is made in groups of 2 × 2 tiles, 32 × 32 elements, a slice of K of some 512 steps at a time:
//
//     for each slice of K
//       for each panel of b                    32 KiB and more, stays in the first-level cache
//         for each panel of a: a group of c    256 KiB in all, stream by from the second
//
// A step is 4 products, 64 cycles, for 4 loads. With those of b from the first level and those of a
// as a stream from the second that is the full speed of the tiles; with all from the second 83 %.
// Between slices of K the groups wait in the second level as tiles (512 KiB), which takes longer
// than the last steps of b as a stream; so slices are deeper where that makes them fewer.
//
// The rest happens between the products, a little each step: the last group is written to c row by
// row, and the next panels of a and b are fetched from the third level, 6 bytes a cycle together;
// it can give 10 to one core.
#include "clearhead/kernels/products/matmul_tiles.h"

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/products/panels_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// Slices of K of so many steps, of 32 each: as many as where a panel of b takes at most 32 KiB; in
// one part on AMX one less, so that of up to 1024 only one is left.
template <typename Unit, int Parts>
constexpr std::int64_t slices_of(std::int64_t steps) {
  const std::int64_t slices = ceil_div(steps, std::int64_t{16} / Parts);
  return std::is_same_v<Unit, Amx> && Parts == 1 && slices > 1 ? slices - 1 : slices;
}

// 16 × 32 numbers as bf16 in 16 vectors: the rounded numbers, or the rest that rounding leaves
// over.
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
  const __m512i pairs = pair_order();
  for (int p = 0; p < 16; ++p) {
    const float* const from = x + 2 * p * stride;
    convert<Parts>(_mm512_maskz_loadu_ps(2 * p < lines ? first_lanes(n) : 0, from),
                   _mm512_maskz_loadu_ps(2 * p + 1 < lines ? first_lanes(n) : 0, from + stride), p,
                   t);
    t->high[p] = _mm512_permutexvar_epi16(pairs, t->high[p]);
    if constexpr (Parts == 2) t->low[p] = _mm512_permutexvar_epi16(pairs, t->low[p]);
  }
}

// One tile: 16 lines by 32 steps of K. A tile of a has its lines of c as rows, a tile of b as
// columns, so that what lies along lines has to be transposed for b, and what lies across lines for
// a.
template <int Parts, bool ForA>
void pack_tile(const float* x, std::int64_t stride, bool across, std::int64_t lines,
               std::int64_t depth, bool past_caches, char* to) {
  TilePair t;
  if (across) {
    across_lines<Parts>(x, stride, depth, lines, &t);
  } else {
    along_lines<Parts>(x, stride, lines, depth, &t);
  }
  const bool transpose = across == ForA;
  store_tile(t.high, transpose, past_caches, to);
  if constexpr (Parts == 2) store_tile(t.low, transpose, past_caches, to + 2 * kTileBytes);
}

// Panels of the rows of x, as rows of a or as columns of b, in the order in which x is stored.
template <int Parts, bool ForA>
void pack_panels(const MatrixView<const float>& x, const Panels& panels) {
  const bool across = x.by_columns();
  const std::int64_t stride = across ? x.column_stride : x.row_stride;
  const std::int64_t tiles = ceil_div(x.rows, kPanel) * 2;
  const std::int64_t steps = ceil_div(x.columns, kDepthStep);
  for (std::int64_t i = 0; i < tiles * steps; ++i) {
    const std::int64_t tile = across ? i % tiles : i / steps;
    const std::int64_t step = across ? i / tiles : i % steps;
    const std::int64_t line = tile * 16;
    const std::int64_t k = step * kDepthStep;
    pack_tile<Parts, ForA>(
        x.data + (across ? k * stride + line : line * stride + k), stride, across, x.rows - line,
        x.columns - k, panels.past_caches,
        panels.at + tile / 2 * panels.bytes + (step * 2 * Parts + tile % 2) * kTileBytes);
  }
  _mm_sfence();  // what went past the caches is seen by whoever learns that this is done
}

// The place of a group in c, at most 32 × 32 elements.
struct Place {
  float* c;
  std::int64_t row_stride, rows, columns;
  bool add;
  // Past the caches: rows of c that lie 4 KiB apart share one set of them, and each line, stored
  // there, would first be fetched and later pushed out again: 1500 instead of 2100 GFLOP/s.
  bool past_caches;
};

// Writes row i of the group whose tiles lie at `sums`.
CLEARHEAD_ALWAYS_INLINE void write_row(const Place& place, const float* sums, std::int64_t i) {
  for (std::int64_t half = 0; half < 2; ++half) {
    const __mmask16 lanes = first_lanes(place.columns - half * 16);
    float* const at = place.c + i * place.row_stride + half * 16;
    __m512 sum = _mm512_load_ps(sums + half_row(i, half));
    if (place.add) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, at), sum);
    if (place.past_caches) {
      _mm512_stream_ps(at, sum);
    } else {
      _mm512_mask_storeu_ps(at, lanes, sum);
    }
  }
}

// Whether all rows of c begin on a cache line, as streaming needs.
bool is_aligned(const MatrixView<float>& c) {
  return c.row_stride % 16 == 0 && reinterpret_cast<std::uintptr_t>(c.data) % 64 == 0;
}

// What happens between the products of a group.
struct Between {
  Place write;  // the last group, whose tiles lie at `sums`; no rows if there is nothing to write
  const float* sums;
  Share next_a, next_b;
};

// Writes `rows` rows of the last group, from row `row` on.
CLEARHEAD_ALWAYS_INLINE void write_rows(const Between& between, std::int64_t row,
                                        std::int64_t rows) {
  for (std::int64_t i = row; i < row + rows && i < between.write.rows; ++i) {
    write_row(between.write, between.sums, i);
  }
}

template <typename Unit, int Parts>
void multiply(const Block& block, std::int64_t K, const char* a, const char* b, float* sums) {
  constexpr std::int64_t kStepBytes = 2 * Parts * kTileBytes;
  const MatrixView<float>& c = block.c;
  const std::int64_t panel = panel_bytes(K, Parts);
  const std::int64_t all_steps = ceil_div(K, kDepthStep);
  const std::int64_t deepest = ceil_div(all_steps, slices_of<Unit, Parts>(all_steps));
  const std::int64_t groups = ceil_div(c.rows, kPanel);
  const std::int64_t across = ceil_div(c.columns, kPanel);
  // Each group fetches as much of the next panel of b, and of its own panel of a in the next slice.
  const std::int64_t share_of_b = in_lines(kStepBytes / groups);
  const std::int64_t share_of_a = in_lines(kStepBytes / across);
  const auto at_most_panel = [](std::int64_t n) { return n < kPanel ? n : kPanel; };
  const bool streams = block.past_caches && is_aligned(c);
  alignas(64) float done[kGroupFloats];
  Between between = {{nullptr, 0, 0, 0, false, false}, done, {}, {}};
  typename Unit::template Products<Parts, Near::start_of_b> products;
  for (std::int64_t first = 0; first < all_steps; first += deepest) {
    const std::int64_t steps = all_steps - first < deepest ? all_steps - first : deepest;
    const bool last = first + steps == all_steps;
    for (std::int64_t j = 0; j < across; ++j) {
      const char* const panel_b = b + j * panel + first * kStepBytes;
      const char* const next_b =
          j + 1 < across ? panel_b + panel : b + (first + steps) * kStepBytes;
      for (std::int64_t g = 0; g < groups; ++g) {
        const char* const panel_a = a + g * panel + first * kStepBytes;
        const Groups waiting = {sums + (j * groups + g) * kGroupFloats};
        const Group mine = waiting.group(0);
        between.next_b = {next_b + g * share_of_b * steps,
                          last && j + 1 == across ? 0 : share_of_b};
        between.next_a = {panel_a + steps * kStepBytes + j * share_of_a * steps,
                          last ? 0 : share_of_a};
        if (first == 0 && j == 0) between.next_a = {panel_a + panel, kStepBytes};
        const std::int64_t rows_a_step = ceil_div(between.write.rows, steps);
        products.multiply({panel_a, kTileBytes, 2 * kTileBytes, kStepBytes},
                          {panel_b, kTileBytes, 2 * kTileBytes, kStepBytes}, steps,
                          last ? Groups{done}.group(0) : mine, first > 0 ? &mine : nullptr,
                          [&](std::int64_t k) {
                            fetch(between.next_a, k);
                            fetch(between.next_b, k);
                            write_rows(between, k * rows_a_step, rows_a_step);
                          });
        if (last) {
          const std::int64_t columns = at_most_panel(c.columns - j * kPanel);
          between.write = {&c.at(g * kPanel, j * kPanel),
                           c.row_stride,
                           at_most_panel(c.rows - g * kPanel),
                           columns,
                           block.accumulate,
                           streams && columns == kPanel};
        }
      }
    }
  }
  products.finish();
  write_rows(between, 0, between.write.rows);
  _mm_sfence();  // what went past the caches is seen by whoever learns that this is done
}

template <typename Unit>
void multiply_rows(const Block& block, std::int64_t K, const char* a, const char* b,
                   const float* bias, float* sums) {
  const MatrixView<float>& c = block.c;
  const std::int64_t steps = ceil_div(K, kDepthStep);
  const std::int64_t groups = ceil_div(c.rows, kPanel);
  const bool whole = c.rows % kPanel == 0 && c.columns % kPanel == 0;
  const bool as_it_is = whole && bias == nullptr && !block.accumulate && !block.past_caches;
  for (std::int64_t j = 0; j < c.columns; j += kPanel) {
    const char* const next = b + steps * 2 * kTileBytes;
    const Groups to = as_it_is ? in_place(&c.at(0, j), c.row_stride) : Groups{sums};
    multiply_column<Unit>(a, groups, b, steps, to, false, next);
    if (!as_it_is) {
      const std::int64_t columns = c.columns - j < kPanel ? c.columns - j : kPanel;
      write_sums({c.part(0, j, c.rows, columns), block.accumulate, block.past_caches}, groups, sums,
                 bias == nullptr ? nullptr : bias + j);
      memory_barrier();
    }
    b = next;
  }
}

}  // namespace

std::int64_t panel_bytes(std::int64_t K, int parts) {
  return ceil_div(K, kDepthStep) * 2 * parts * kTileBytes;
}

void pack_rows(const MatrixView<const float>& a, const Panels& panels) {
  return panels.parts == 2 ? pack_panels<2, true>(a, panels) : pack_panels<1, true>(a, panels);
}

void pack_columns(const MatrixView<const float>& b, const Panels& panels) {
  return panels.parts == 2 ? pack_panels<2, false>(b.transposed(), panels)
                           : pack_panels<1, false>(b.transposed(), panels);
}

void multiply_panels(const Block& block, std::int64_t K, const char* a, const char* b, int parts,
                     float* sums) {
  on_unit_in_use([&](auto unit) {
    using Unit = decltype(unit);
    parts == 2 ? multiply<Amx, 2>(block, K, a, b, sums) : multiply<Unit, 1>(block, K, a, b, sums);
  });
}

void multiply_rows(const Block& block, std::int64_t K, const char* a, const char* b,
                   const float* bias, float* sums) {
  on_unit_in_use([&](auto unit) { multiply_rows<decltype(unit)>(block, K, a, b, bias, sums); });
}

void write_sums(const Block& block, std::int64_t groups, const float* sums, const float* bias) {
  const MatrixView<float>& c = block.c;
  const bool streams = block.past_caches && c.columns % 16 == 0 && is_aligned(c);
  for (std::int64_t i = 0; i < c.rows; ++i) {
    for (std::int64_t j = 0; j < c.columns; j += 16) {
      const __mmask16 lanes = first_lanes(c.columns - j);
      float* const at = &c.at(i, j);
      const float* const group = sums + (j / 32 * groups + i / 32) * kGroupFloats;
      __m512 sum = _mm512_load_ps(group + half_row(i % 32, j / 16 % 2));
      if (bias != nullptr) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, bias + j));
      if (block.accumulate) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(lanes, at));
      streams ? _mm512_stream_ps(at, sum) : _mm512_mask_storeu_ps(at, lanes, sum);
    }
  }
  _mm_sfence();  // what went past the caches is seen by whoever learns that this is done
}

}  // namespace clearhead::kernels::tiles
