// Forward attention on tiles: turns the scores of a chunk into weights, in place. Part of
// forward_tiles.cc, which says what the reference of a row is.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SOFTMAX_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_SOFTMAX_TILES_INL_H_

#include "clearhead/kernels/attention/walk_tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

constexpr float kMaxGrowth = 8;  // of a score past the reference, in powers of two

// The place of row r in the tile of 16 keys `tile`.
CLEARHEAD_ALWAYS_INLINE float* score_row(const Walk& w, std::int64_t r, std::int64_t tile) {
  return w.scores + (tile * 2 + r / 16) * kTileFloats + r % 16 * 16;
}

// Scale, cap and mask of the scores of row r at keys [s, s + 32·steps). Returns whether all are
// numbers below kTooLarge.
bool finish_scores(const Rows& rows, const Walk& w, std::int64_t r, std::int64_t s,
                   std::int64_t steps) {
  const __m512 scale = _mm512_set1_ps(__builtin_fabsf(rows.scale));
  const __m512 cap = _mm512_set1_ps(rows.softcap);
  const __m512 one_over_cap = _mm512_set1_ps(1 / rows.softcap);
  const __m512i lanes =
      _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                         _mm512_set1_epi32(static_cast<int>(rows.mask_stride)));
  const bool dense = rows.mask_stride == 1;
  // A score below this could not be told from a hidden one.
  const __m512 lowest = _mm512_set1_ps(w.cells != nullptr ? -kTooLarge : -kInfinity);
  __mmask16 good = 0xffff;
  for (std::int64_t tile = 0; tile < steps * 2; ++tile) {
    const std::int64_t key = s + tile * 16;
    // Past the row's end a mask may not be read.
    const __mmask16 inside = first_lanes(rows.end[r] - key) & ~first_lanes(rows.begin[r] - key);
    float* const at = score_row(w, r, tile);
    __m512 x = _mm512_mul_ps(_mm512_load_ps(at), scale);
    if (rows.softcap != 0) x = _mm512_mul_ps(cap, tanh_f32(_mm512_mul_ps(x, one_over_cap)));
    __mmask16 seen = inside;
    if (rows.bias[r] != nullptr && inside != 0) {
      const float* const from = rows.bias[r] + key * rows.mask_stride;
      const __m512 bias =
          dense ? _mm512_maskz_loadu_ps(inside, from)
                : _mm512_mask_i32gather_ps(_mm512_setzero_ps(), inside, lanes, from, 4);
      x = _mm512_add_ps(x, bias);
      seen = _mm512_mask_cmp_ps_mask(inside, bias, _mm512_set1_ps(-kInfinity), _CMP_NEQ_UQ);
    } else if (rows.visible[r] != nullptr && inside != 0) {
      const bool* const from = rows.visible[r] + key * rows.mask_stride;
      if (dense) {
        seen &=
            _mm_mask_test_epi8_mask(inside, _mm_maskz_loadu_epi8(inside, from), _mm_set1_epi8(-1));
      } else {
        for (int j = 0; j < 16; ++j) {
          if ((inside >> j & 1) != 0 && !from[j * rows.mask_stride]) {
            seen = static_cast<__mmask16>(seen & ~(1U << j));
          }
        }
      }
    }
    good &= (_mm512_cmp_ps_mask(x, _mm512_set1_ps(kTooLarge), _CMP_LT_OQ) &
             _mm512_cmp_ps_mask(x, lowest, _CMP_GE_OQ)) |
            static_cast<__mmask16>(~seen);
    _mm512_store_ps(at, _mm512_mask_mov_ps(_mm512_set1_ps(w.hidden), seen, x));
  }
  return good == 0xffff;
}

// Hides the keys of [s, s + 32·steps) that rows do not see by position; all see those of `common`.
void hide_outside(const Rows& rows, const Walk& w, const Range& common, std::int64_t s,
                  std::int64_t steps) {
  const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m512 hidden = _mm512_set1_ps(w.hidden);
  const std::int64_t seen = common.begin <= s && common.end > s ? (common.end - s) / 16 : 0;
  const auto place_of = [&](std::int64_t key) {  // in these keys, as near as is of interest
    const std::int64_t place = key - s < kChunk ? key - s : kChunk;
    return _mm512_set1_epi32(static_cast<int>(place > 0 ? place : 0));
  };
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const __m512i begin = place_of(rows.begin[r]);
    const __m512i end = place_of(rows.end[r]);
    for (std::int64_t tile = seen; tile < 2 * steps; ++tile) {
      const __m512i place = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(16 * tile)));
      const __mmask16 outside =
          _mm512_cmpgt_epi32_mask(begin, place) | _mm512_cmple_epi32_mask(end, place);
      _mm512_mask_storeu_ps(score_row(w, r, tile), outside, hidden);
    }
  }
}

// Moves the reference of row r up to its largest score. Rare, hence out of the way of the loop.
__attribute__((noinline)) void move_reference(const Walk& w, std::int64_t r, bool has_sums) {
  float top = _mm512_reduce_max_ps(_mm512_load_ps(w.maximum + r * 16));
  if (top <= w.hidden) return;  // no key yet
  top = top > -kTooLarge ? top : -kTooLarge;
  const float powers = __builtin_ceilf(top * w.factor * w.unit);
  const float one = 1 / w.unit;
  // With one part, exponents are those of a bf16, which are counted from −127.
  const float offset = (one == 1 ? 0 : 127 * one) - powers * one;
  if (w.offset[r] != kInfinity) {
    const float power = __builtin_exp2f((offset - w.offset[r]) * w.unit);
    const __m512 by = _mm512_set1_ps(power);
    _mm512_store_ps(w.total + r * 16, _mm512_mul_ps(_mm512_load_ps(w.total + r * 16), by));
    if (w.cells != nullptr) {
      _mm512_store_ps(w.moment + r * 16, _mm512_mul_ps(_mm512_load_ps(w.moment + r * 16), by));
      float* const sums = w.cells->sum + r * w.cells->stride;
      for (std::int64_t c = w.cells->begin; c < w.cells->end; ++c) sums[c] *= power;
    }
    for (std::int64_t e = 0; has_sums && e < w.v_tiles; ++e) {
      float* const z = w.sums + (e * 2 + r / 16) * kTileFloats + r % 16 * 16;
      _mm512_store_ps(z, _mm512_mul_ps(_mm512_load_ps(z), by));
    }
  }
  w.offset[r] = offset;
  w.limit[r] = (powers + kMaxGrowth) * one / w.factor;
}

// Whether each row has a reference.
bool has_references(const Walk& w) {
  const __m512 none = _mm512_set1_ps(kInfinity);
  __mmask16 without = 0;
  for (std::int64_t r = 0; r < w.rows; r += 16) {
    without |= _mm512_cmp_ps_mask(_mm512_load_ps(w.offset + r), none, _CMP_EQ_OQ);
  }
  return without == 0;
}

// The references of rows that have none, for 16 rows at a time, from the scores of a chunk.
void set_references(const Walk& w, std::int64_t steps) {
  for (std::int64_t r = 0; r < w.rows; ++r) {
    const float* const at = score_row(w, r, 0);
    __m512 top = _mm512_load_ps(w.maximum + r * 16);
    for (std::int64_t tile = 0; tile < 2 * steps; ++tile) {
      top = _mm512_max_ps(top, _mm512_load_ps(at + tile * 2 * kTileFloats));
    }
    _mm512_store_ps(w.maximum + r * 16, top);
  }
  const __m512 one = _mm512_set1_ps(1 / w.unit);
  const __m512 first = _mm512_set1_ps(w.unit == 1 ? 0 : 127 / w.unit);
  for (std::int64_t r = 0; r < w.rows; r += 16) {
    __m512 top = max_of_16(w.maximum + r * 16);
    const __mmask16 without =
        _mm512_cmp_ps_mask(_mm512_load_ps(w.offset + r), _mm512_set1_ps(kInfinity), _CMP_EQ_OQ);
    const __mmask16 any =
        _mm512_mask_cmp_ps_mask(without, top, _mm512_set1_ps(w.hidden), _CMP_NLE_UQ);
    top = _mm512_max_ps(top, _mm512_set1_ps(-kTooLarge));
    const __m512 powers = _mm512_roundscale_ps(
        _mm512_mul_ps(top, _mm512_set1_ps(w.factor * w.unit)), _MM_FROUND_TO_POS_INF);
    _mm512_mask_storeu_ps(w.offset + r, any, _mm512_fnmadd_ps(powers, one, first));
    const __m512 limit = _mm512_mul_ps(_mm512_add_ps(powers, _mm512_set1_ps(kMaxGrowth)), one);
    _mm512_mask_storeu_ps(w.limit + r, any, _mm512_div_ps(limit, _mm512_set1_ps(w.factor)));
  }
}

// What the softmax of a row reads and writes, each kept in a register: the compiler cannot know
// that no vector store changes a member of Walk.
struct SoftmaxState {
  float* maximum;
  float* total;
  float* moment;
  const float* offset;
  const float* limit;
  __m512 factor;
  __m512i table, ones;
};

// The largest of a row's scores so far; moves its reference if that has grown too much.
CLEARHEAD_ALWAYS_INLINE void take_maximum(const Walk& w, const SoftmaxState& state, std::int64_t r,
                                          bool has_sums, __m512 top) {
  _mm512_store_ps(state.maximum + r * 16, top);
  const __m512 limit = _mm512_set1_ps(state.limit[r]);
  if (__builtin_expect(_mm512_cmp_ps_mask(top, limit, _CMP_GT_OQ) != 0, 0)) {
    move_reference(w, r, has_sums);
  }
}

// The softmax of row r: its scores become weights, its maximum, sum and reference move along.
// Steps: of 32 keys, known when compiling, so that the scores stay in registers. Pool: whether the
// sum of weight · score is wanted, too.
template <int Steps, bool Pool>
CLEARHEAD_ALWAYS_INLINE void one_part_row(const Walk& w, const SoftmaxState& state, std::int64_t r,
                                          bool has_sums) {
  float* const at = score_row(w, r, 0);
  __m512 top = _mm512_load_ps(state.maximum + r * 16);
  __m512 a[Steps];
  __m512 b[Steps];
  for (int p = 0; p < Steps; ++p) {
    a[p] = _mm512_load_ps(at + p * 4 * kTileFloats);
    b[p] = _mm512_load_ps(at + (p * 4 + 2) * kTileFloats);
    top = _mm512_max_ps(top, _mm512_max_ps(a[p], b[p]));
  }
  take_maximum(w, state, r, has_sums, top);
  const __m512 offset = _mm512_set1_ps(state.offset[r]);
  __m512 total = _mm512_load_ps(state.total + r * 16);
  __m512 moment = Pool ? _mm512_load_ps(state.moment + r * 16) : total;
  for (int p = 0; p < Steps; ++p) {
    const __m512i x = _mm512_cvtps_epi32(_mm512_fmadd_ps(a[p], state.factor, offset));
    const __m512i y = _mm512_cvtps_epi32(_mm512_fmadd_ps(b[p], state.factor, offset));
    const __m512i weights = weights_of(x, y, state.table);
    if constexpr (Pool) {  // a bf16 in the upper half of 32 bits is an f32
      const __m512i zero = _mm512_setzero_si512();
      const __m512i of_a = _mm512_unpacklo_epi16(zero, weights);
      const __m512i of_b = _mm512_unpackhi_epi16(zero, weights);
      moment = _mm512_fmadd_ps(_mm512_castsi512_ps(of_a), a[p], moment);
      moment = _mm512_fmadd_ps(_mm512_castsi512_ps(of_b), b[p], moment);
    }
    total = _mm512_dpbf16_ps(total, reinterpret_cast<__m512bh>(weights),
                             reinterpret_cast<__m512bh>(state.ones));
    _mm512_store_si512(at + p * 4 * kTileFloats, weights);
  }
  _mm512_store_ps(state.total + r * 16, total);
  if constexpr (Pool) _mm512_store_ps(state.moment + r * 16, moment);
}

template <int Steps, bool Pool>
CLEARHEAD_ALWAYS_INLINE void two_part_row(const Walk& w, const SoftmaxState& state, std::int64_t r,
                                          bool has_sums) {
  float* const at = score_row(w, r, 0);
  __m512 top = _mm512_load_ps(state.maximum + r * 16);
  for (int p = 0; p < Steps; ++p) {
    top = _mm512_max_ps(top, _mm512_max_ps(_mm512_load_ps(at + p * 4 * kTileFloats),
                                           _mm512_load_ps(at + (p * 4 + 2) * kTileFloats)));
  }
  take_maximum(w, state, r, has_sums, top);
  const __m512 offset = _mm512_set1_ps(state.offset[r]);
  __m512 total = _mm512_load_ps(state.total + r * 16);
  __m512 moment = Pool ? _mm512_load_ps(state.moment + r * 16) : total;
  for (int p = 0; p < Steps; ++p) {
    float* const first = at + p * 4 * kTileFloats;
    float* const second = first + 2 * kTileFloats;
    const __m512 a = _mm512_load_ps(first);
    const __m512 b = _mm512_load_ps(second);
    const __m512 x = exp2_f32(_mm512_fmadd_ps(a, state.factor, offset));
    const __m512 y = exp2_f32(_mm512_fmadd_ps(b, state.factor, offset));
    total = _mm512_add_ps(total, _mm512_add_ps(x, y));
    if constexpr (Pool) moment = _mm512_fmadd_ps(x, a, _mm512_fmadd_ps(y, b, moment));
    const __m512i high = to_bf16(x, y);
    _mm512_store_si512(first, high);
    _mm512_store_si512(
        second, to_bf16(_mm512_sub_ps(x, lower_f32(high)), _mm512_sub_ps(y, upper_f32(high))));
  }
  _mm512_store_ps(state.total + r * 16, total);
  if constexpr (Pool) _mm512_store_ps(state.moment + r * 16, moment);
}

// Asks for what rows need soon, a few lines with each row of a softmax: more at once would wait for
// each other, and products wait for lines themselves.
class BringNear {
 public:
  // To be done within so many chunks; 0: not at all.
  BringNear(const Rows& rows, std::int64_t chunks) : soon_(rows.soon), end_(rows.soon) {
    if (chunks == 0) return;
    std::int64_t lines = 0;
    for (; end_ < rows.soon + kMostSoon && end_->at != nullptr; ++end_) {
      lines += kRows * ceil_div(end_->bytes, kLine);
    }
    lines_ = ceil_div(lines, chunks * kRows);
    at_ = static_cast<const char*>(soon_->at);
  }

  CLEARHEAD_ALWAYS_INLINE void some() {
    for (std::int64_t i = 0; i < lines_ && soon_ < end_; ++i) {
      constexpr int kSecondLevel = 2;
      __builtin_prefetch(at_ + byte_, 0, kSecondLevel);
      byte_ += kLine;
      if (byte_ < soon_->bytes) continue;
      byte_ = 0;
      at_ += soon_->stride;
      if (++row_ < kRows) continue;
      row_ = 0;
      at_ = static_cast<const char*>((++soon_)->at);
    }
  }

 private:
  static constexpr std::int64_t kLine = 64;
  const SoonNeeded* soon_;
  const SoonNeeded* end_;
  const char* at_ = nullptr;
  std::int64_t lines_ = 0, row_ = 0, byte_ = 0;
};

template <int Parts, int Steps, bool Pool>
void softmax_rows(const Walk& w, bool has_sums, BringNear& bring_near) {
  const SoftmaxState state = {w.maximum,
                              w.total,
                              w.moment,
                              w.offset,
                              w.limit,
                              _mm512_set1_ps(w.factor),
                              _mm512_load_si512(kTooMuch),
                              _mm512_set1_epi16(0x3f80)};
  for (std::int64_t r = 0; r < w.rows; ++r) {
    bring_near.some();
    if constexpr (Parts == 1) {
      one_part_row<Steps, Pool>(w, state, r, has_sums);
    } else {
      two_part_row<Steps, Pool>(w, state, r, has_sums);
    }
  }
}

template <int Parts, bool Pool>
void softmax_chunk(const Walk& w, std::int64_t steps, bool has_sums, BringNear& bring_near) {
  switch (steps) {
    case 1:
      return softmax_rows<Parts, 1, Pool>(w, has_sums, bring_near);
    case 2:
      return softmax_rows<Parts, 2, Pool>(w, has_sums, bring_near);
    case 3:
      return softmax_rows<Parts, 3, Pool>(w, has_sums, bring_near);
    default:
      return softmax_rows<Parts, 4, Pool>(w, has_sums, bring_near);
  }
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_SOFTMAX_TILES_INL_H_
