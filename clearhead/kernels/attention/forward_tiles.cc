// Forward attention on tiles of bf16: for each chunk of 128 keys the scores of 32 queries, their
// softmax in place, and their products with the values.
//
// The softmax is carried online relative to a reference r of each row, an integer power of two near
// the row's largest score: weights are 2^(score·log2(e) − r). The reference moves only when a score
// passes it by a factor of 2^8; sums of weights up to 2^9 are far from any limit of f32, so nothing
// is lost, and nearly no chunk has to rescale. Since r is an integer, rescaling is exact.
//
// On AMX, `medium` calculates the softmax between products (OverlappedWalk); on vectors, with two
// parts or with pooling, one phase follows the other.
#include "clearhead/kernels/attention/forward_tiles.h"

#include <type_traits>

#include "clearhead/kernels/attention/overlap_tiles-inl.h"
#include "clearhead/kernels/attention/scores_tiles-inl.h"
#include "clearhead/kernels/attention/softmax_tiles-inl.h"
#include "clearhead/kernels/attention/walk_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// The cell `cell` of pooling is complete: its maxima and sums leave the lanes, for the next one.
void close_cell(const Rows& rows, const Walk& w, std::int64_t cell) {
  const __m512 none = _mm512_set1_ps(-kInfinity);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    float* const maximum = w.maximum + r * 16;
    float* const total = w.total + r * 16;
    w.cells->max[r * w.cells->stride + cell] = _mm512_reduce_max_ps(_mm512_load_ps(maximum));
    w.cells->sum[r * w.cells->stride + cell] = _mm512_reduce_add_ps(_mm512_load_ps(total));
    _mm512_store_ps(maximum, none);
    _mm512_store_ps(total, _mm512_setzero_ps());
  }
}

// The keys of `range`, a chunk at a time. With pooling, no chunk crosses the border of a cell.
template <typename Unit, int RowTiles, int Parts, bool Pool>
std::uint32_t walk(const Rows& rows, const Walk& w, Range range) {
  const auto [some, common] = keys_of(rows);
  const bool finish = rows.has_mask || rows.softcap != 0;
  std::uint32_t bad = 0;
  const std::int64_t first = some.begin / kKeyStep * kKeyStep;
  const std::int64_t end = range.end < some.end ? range.end : some.end;
  BringNear bring_near(rows, range.begin <= first ? ceil_div(end - first, kChunk) : 0);
  for (std::int64_t s = range.begin > first ? range.begin : first; s < end;) {
    std::int64_t left = end - s < kChunk ? end - s : kChunk;
    if constexpr (Pool) {
      const std::int64_t of_cell = w.cells->size - s % w.cells->size;
      left = left < of_cell ? left : of_cell;
    }
    const std::int64_t steps = ceil_div(left, kKeyStep);
    multiply_keys<Unit, RowTiles, Parts>(w, keys_at(rows, w, s), steps);
    if (finish) {
      for (std::int64_t r = 0; r < rows.count; ++r) {
        if (!finish_scores(rows, w, r, s, steps)) bad |= 1U << r;
      }
    } else if (s < common.begin || s + steps * kKeyStep > common.end) {
      hide_outside(rows, w, common, s, steps);
    }
    const bool has_sums = Pool || s > first;
    if (!has_sums) set_references(w, steps);
    softmax_chunk<Parts, Pool>(w, steps, has_sums, bring_near);
    memory_barrier();
    if (w.v_tiles != 0) {
      multiply_values<Unit, RowTiles, Parts>(w, values_at(rows, w, s), steps, !has_sums);
    }
    s += steps * kKeyStep;
    if constexpr (Pool) {
      if (s % w.cells->size == 0 || s >= some.end) close_cell(rows, w, (s - 1) / w.cells->size);
    }
  }
  return bad;
}

template <bool Pool>
std::uint32_t walk_any(const Rows& rows, const Walk& w, Range range) {
  return on_unit_in_use([&](auto unit) {
    using Unit = decltype(unit);
    if constexpr (std::is_same_v<Unit, Amx> && !Pool) {
      if (w.rows == 32 && rows.parts == 1) return OverlappedWalk(rows, w).go(range);
    }
    if (w.rows == 32) {
      return rows.parts == 2 ? walk<Amx, 2, 2, Pool>(rows, w, range)
                             : walk<Unit, 2, 1, Pool>(rows, w, range);
    }
    return rows.parts == 2 ? walk<Amx, 1, 2, Pool>(rows, w, range)
                           : walk<Unit, 1, 1, Pool>(rows, w, range);
  });
}

}  // namespace

std::int64_t state_bytes(std::int64_t D, std::int64_t Dv, int parts) {
  return (sums_floats(Dv) + 3 * kRows * 16 + 2 * kRows) * 4 + 2 * k_tiles(D) * parts * kTileBytes;
}

std::uint32_t forward_begin(const Rows& rows, char* scratch, char* state) {
  return begin_walk(rows, make_walk(rows, nullptr, scratch, state));
}

std::uint32_t forward_keys(const Rows& rows, std::int64_t begin, std::int64_t end, char* scratch,
                           char* state) {
  return walk_any<false>(rows, make_walk(rows, nullptr, scratch, state), {begin, end});
}

std::uint32_t forward_end(const Rows& rows, float* z, float* row_max, float* row_sum, char* scratch,
                          char* state) {
  return write_rows(rows, make_walk(rows, nullptr, scratch, state), z, row_max, row_sum);
}

std::uint32_t pool_begin(const Rows& rows, const Cells& cells, char* scratch, char* state) {
  const Walk w = make_walk(rows, &cells, scratch, state);
  for (std::int64_t i = 0; i < sums_floats(rows.Dv); ++i) w.sums[i] = 0;
  for (std::int64_t i = 0; i < kRows * 16; ++i) w.moment[i] = 0;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    for (std::int64_t c = cells.begin; c < cells.end; ++c) {
      cells.max[r * cells.stride + c] = -kInfinity;
      cells.sum[r * cells.stride + c] = 0;
    }
  }
  return begin_walk(rows, w);
}

std::uint32_t pool_keys(const Rows& rows, const Cells& cells, std::int64_t begin, std::int64_t end,
                        char* scratch, char* state) {
  return walk_any<true>(rows, make_walk(rows, &cells, scratch, state), {begin, end});
}

std::uint32_t pool_end(const Rows& rows, const Cells& cells, float* z, float* row_max,
                       float* row_sum, float* mean_score, char* scratch, char* state) {
  const Walk w = make_walk(rows, &cells, scratch, state);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const float* const max = cells.max + r * cells.stride;
    const float* const sum = cells.sum + r * cells.stride;
    __m512 top = _mm512_set1_ps(-kInfinity);
    __m512 total = _mm512_setzero_ps();
    for (std::int64_t c = cells.begin; c < cells.end; c += 16) {
      const __mmask16 lanes = first_lanes(cells.end - c);
      top = _mm512_mask_max_ps(top, lanes, top, _mm512_maskz_loadu_ps(lanes, max + c));
      total = _mm512_add_ps(total, _mm512_maskz_loadu_ps(lanes, sum + c));
    }
    _mm512_store_ps(w.maximum + r * 16, top);
    _mm512_store_ps(w.total + r * 16, total);
  }
  const std::uint32_t bad = write_rows(rows, w, z, row_max, row_sum);
  const float to_score = rows.has_mask || rows.softcap != 0 ? 1 : __builtin_fabsf(rows.scale);
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const float total = _mm512_reduce_add_ps(_mm512_load_ps(w.total + r * 16));
    const float moment = _mm512_reduce_add_ps(_mm512_load_ps(w.moment + r * 16));
    mean_score[r] = row_sum[r] == 0 ? 0 : moment / total * to_score;
    // Weights were relative to the reference; row_sum is relative to row_max.
    const float factor = row_sum[r] == 0 ? 0 : row_sum[r] / total;
    for (std::int64_t c = cells.begin; c < cells.end; ++c) {
      float& max = cells.max[r * cells.stride + c];
      max = max <= w.hidden ? -kInfinity : max * to_score;
      cells.sum[r * cells.stride + c] *= factor;
    }
  }
  return bad;
}

}  // namespace clearhead::kernels::tiles
