// Backward attention on tiles: from the scores and dp of a strip of keys and a group of queries to
// their weights and ds. Part of backward_tiles.cc.
#ifndef CLEARHEAD_KERNELS_ATTENTION_DIFFERENTIATE_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_DIFFERENTIATE_TILES_INL_H_

#include "clearhead/kernels/attention/backward_memory_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// The place of key j of a strip and 16 queries of a group, the first or the second.
CLEARHEAD_ALWAYS_INLINE std::int64_t place(std::int64_t g, std::int64_t j, std::int64_t half) {
  return (g * 4 + half * 2 + j / 16) * kTileFloats + j % 16 * 16;
}

// Which of 16 queries see key s by position.
CLEARHEAD_ALWAYS_INLINE __mmask16 seeing(const BackwardQueries& queries, std::int64_t query,
                                         std::int64_t s) {
  const __m512i key = _mm512_set1_epi32(static_cast<int>(s));
  return _mm512_cmple_epi32_mask(_mm512_loadu_si512(queries.begin + query), key) &
         _mm512_cmpgt_epi32_mask(_mm512_loadu_si512(queries.end + query), key);
}

// Hides from a group the keys of a strip that it does not see by position: with a score whose
// weight is 0.
void hide_outside(const BackwardQueries& queries, const Memory& m, std::int64_t s, std::int64_t g) {
  const __m512 hidden = _mm512_set1_ps(queries.scale < 0 ? kInfinity : -kInfinity);
  for (std::int64_t j = 0; j < kStrip; ++j) {
    for (std::int64_t half = 0; half < 2; ++half) {
      const __mmask16 seen = seeing(queries, g * kGroup + half * 16, s + j);
      _mm512_mask_storeu_ps(m.scores + place(g, j, half), static_cast<__mmask16>(~seen), hidden);
    }
  }
}

// Scale, cap and mask of the scores of a group; with a cap dp becomes (dp − delta)·slope. A score
// that a mask hides by −∞ becomes −∞.
void finish_scores(const BackwardQueries& queries, const Memory& m, std::int64_t s,
                   std::int64_t g) {
  const __m512 scale = _mm512_set1_ps(queries.scale);
  const __m512 cap = _mm512_set1_ps(queries.softcap);
  const __m512 one_over_cap = _mm512_set1_ps(1 / queries.softcap);
  const __m512i lanes =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(static_cast<int>(queries.mask_stride_t)));
  for (std::int64_t j = 0; j < kStrip; ++j) {
    for (std::int64_t half = 0; half < 2; ++half) {
      const std::int64_t query = g * kGroup + half * 16;
      const std::int64_t at = place(g, j, half);
      // Where a query does not see a key by position, there may be no mask to read.
      __mmask16 seen = seeing(queries, query, s + j);
      const std::int64_t mask = query * queries.mask_stride_t + (s + j) * queries.mask_stride_s;
      __m512 x = _mm512_mul_ps(_mm512_load_ps(m.scores + at), scale);
      if (queries.softcap != 0) {
        const __m512 tanh = tanh_f32(_mm512_mul_ps(x, one_over_cap));
        x = _mm512_mul_ps(cap, tanh);
        const __m512 slope = _mm512_fnmadd_ps(tanh, tanh, _mm512_set1_ps(1));
        const __m512 dp =
            _mm512_sub_ps(_mm512_load_ps(m.products + at), _mm512_load_ps(m.delta + query));
        _mm512_store_ps(m.products + at, _mm512_mul_ps(dp, slope));
      }
      if (queries.bias != nullptr && seen != 0) {
        const __m512 bias =
            _mm512_mask_i32gather_ps(_mm512_setzero_ps(), seen, lanes, queries.bias + mask, 4);
        x = _mm512_add_ps(x, bias);
        seen = _mm512_mask_cmp_ps_mask(seen, bias, _mm512_set1_ps(-kInfinity), _CMP_NEQ_UQ);
      } else if (queries.visible != nullptr) {
        for (int i = 0; i < 16; ++i) {
          if ((seen >> i & 1) != 0 && !queries.visible[mask + i * queries.mask_stride_t]) {
            seen = static_cast<__mmask16>(seen & ~(1U << i));
          }
        }
      }
      _mm512_store_ps(m.scores + at, _mm512_mask_mov_ps(_mm512_set1_ps(-kInfinity), seen, x));
    }
  }
}

// Two keys' gradients for 32 queries, ds = p·(dp − delta), rounded to bf16: their place as left
// factors, and as pairs for the right factor. Its columns are queries in the order that unpacking
// leaves: four of each eight in the first tile, the other four in the second.
struct Gradients {
  __m512 low[2], high[2];  // of the queries 0..15 and 16..31
};

template <int Parts>
CLEARHEAD_ALWAYS_INLINE void store_gradients(const Gradients& ds, float* to, char* pairs) {
  __m512i rows[2];
  for (int i = 0; i < 2; ++i) {
    rows[i] = to_bf16(ds.low[i], ds.high[i]);
    _mm512_store_si512(to + i * 16, rows[i]);
  }
  _mm512_store_si512(pairs, _mm512_unpacklo_epi16(rows[0], rows[1]));
  _mm512_store_si512(pairs + Parts * kTileBytes, _mm512_unpackhi_epi16(rows[0], rows[1]));
  if constexpr (Parts == 2) {
    for (int i = 0; i < 2; ++i) {
      rows[i] = to_bf16(_mm512_sub_ps(ds.low[i], lower_f32(rows[i])),
                        _mm512_sub_ps(ds.high[i], upper_f32(rows[i])));
      _mm512_store_si512(to + 2 * kTileFloats + i * 16, rows[i]);
    }
    _mm512_store_si512(pairs + kTileBytes, _mm512_unpacklo_epi16(rows[0], rows[1]));
    _mm512_store_si512(pairs + 3 * kTileBytes, _mm512_unpackhi_epi16(rows[0], rows[1]));
  }
}

// What stays the same for all pairs of a group.
struct GroupState {
  __m512 factor;
  __m512 offset[2], delta[2];
  __m512i table;
};

// Scores of a key and 32 queries become weights in place, as factors; returns them in f32.
template <int Parts>
CLEARHEAD_ALWAYS_INLINE void take_weights(const GroupState& state, float* at, __m512 p[2]) {
  const __m512 a = _mm512_load_ps(at);
  const __m512 b = _mm512_load_ps(at + 2 * kTileFloats);
  if constexpr (Parts == 1) {
    const __m512i x = _mm512_cvtps_epi32(_mm512_fmadd_ps(a, state.factor, state.offset[0]));
    const __m512i y = _mm512_cvtps_epi32(_mm512_fmadd_ps(b, state.factor, state.offset[1]));
    const __m512i weights = weights_of(x, y, state.table);
    _mm512_store_si512(at, weights);
    const __m512i zero = _mm512_setzero_si512();
    p[0] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(zero, weights));
    p[1] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(zero, weights));
  } else {
    p[0] = exp2_f32(_mm512_fmadd_ps(a, state.factor, state.offset[0]));
    p[1] = exp2_f32(_mm512_fmadd_ps(b, state.factor, state.offset[1]));
    const __m512i high = to_bf16(p[0], p[1]);
    _mm512_store_si512(at, high);
    _mm512_store_si512(at + 2 * kTileFloats, to_bf16(_mm512_sub_ps(p[0], lower_f32(high)),
                                                     _mm512_sub_ps(p[1], upper_f32(high))));
  }
}

// Weights and gradients of a strip and a group. `pairs`: where ds lies as right factor.
template <int Parts>
void differentiate(const Memory& m, const Exponent& exponent, bool has_delta, std::int64_t g,
                   char* pairs) {
  GroupState state;
  state.factor = _mm512_set1_ps(exponent.factor);
  state.table = _mm512_load_si512(kTooMuch);
  for (int half = 0; half < 2; ++half) {
    state.offset[half] = _mm512_load_ps(m.offset + g * kGroup + half * 16);
    state.delta[half] =
        has_delta ? _mm512_load_ps(m.delta + g * kGroup + half * 16) : _mm512_setzero_ps();
  }
  float* const scores = m.scores;
  float* const products = m.products;
  for (std::int64_t j = 0; j < kStrip; j += 2) {
    Gradients ds;
    for (int i = 0; i < 2; ++i) {
      const std::int64_t at = place(g, j, 0) + i * 16;
      __m512 p[2];
      take_weights<Parts>(state, scores + at, p);
      const __m512 low = _mm512_load_ps(products + at);
      const __m512 high = _mm512_load_ps(products + at + 2 * kTileFloats);
      ds.low[i] = _mm512_mul_ps(p[0], _mm512_sub_ps(low, state.delta[0]));
      ds.high[i] = _mm512_mul_ps(p[1], _mm512_sub_ps(high, state.delta[1]));
    }
    store_gradients<Parts>(ds, products + place(g, j, 0), pairs + j / 2 * 64);
  }
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_DIFFERENTIATE_TILES_INL_H_
