// Forward attention on tiles of bf16: for each chunk of 128 keys the scores of 32 queries, their
// softmax in place, and their products with the values.
//
// The softmax is carried online relative to a reference r of each row, an integer power of two near
// the row's largest score: weights are 2^(score·log2(e) − r). The reference moves only when a score
// passes it by a factor of 2^8; sums of weights up to 2^9 are far from any limit of f32, so nothing
// is lost, and nearly no chunk has to rescale. Since r is an integer, rescaling is exact.
//
// Cycles a score at D = 64: products 0.28, storing the scores 0.03, softmax 0.23, sums 0.06.
#include "clearhead/kernels/amx-inl.h"
#include "clearhead/kernels/attention_amx.h"
#include "clearhead/kernels/attention_tiles_amx-inl.h"

namespace clearhead::kernels::amx {
namespace {

constexpr float kMaxGrowth = 8;  // of a score past the reference, in powers of two
// With pooling, the score of a hidden pair: 0 · this is 0, and 0 · −∞ is not.
constexpr float kHidden = -1e38F;

// What a block keeps while it walks along the keys.
struct Block {
  float* scores;   // tile of 16 queries × 16 keys: [kChunk / 16][2], then weights in their place
  float* sums;     // Z: [v_tiles][2]
  char* queries;   // [2][k_tiles][parts]
  float* maximum;  // [kRows][16]: the largest score so far, each lane for itself
  float* total;    // [kRows][16]: the sum of weights, likewise
  float* moment;   // [kRows][16]: with pooling, the sum of weight · score, likewise
  float* offset;  // [kRows]: what turns a score into a weight's exponent; +∞ before the first key
  float* limit;   // [kRows]: scores past this move the reference
  float factor;   // exponent = score·factor + offset
  float unit;     // of exponents: 1/128 power of two with one part, else 1
  float hidden;   // the score of a hidden pair, below that of any other
  std::int64_t k_tiles, v_tiles;
  std::int64_t rows;   // rounded up to whole tiles: 16 or 32
  const Cells* cells;  // of pooling: then maximum and total are those of the cell so far; else null
};

std::int64_t sums_floats(std::int64_t Dv) { return v_tiles(Dv) * 2 * kTileFloats; }

// What a block is, in memory of its own (`state`) and memory that it needs for one chunk at a time.
Block make_block(const Rows& rows, const Cells* cells, char* scratch, char* state) {
  Block w;
  w.scores = reinterpret_cast<float*>(scratch);
  w.sums = reinterpret_cast<float*>(state);
  w.maximum = w.sums + sums_floats(rows.Dv);
  w.total = w.maximum + kRows * 16;
  w.moment = w.total + kRows * 16;
  w.offset = w.moment + kRows * 16;
  w.limit = w.offset + kRows;
  w.queries = reinterpret_cast<char*>(w.limit + kRows);
  w.k_tiles = k_tiles(rows.D);
  w.v_tiles = v_tiles(rows.Dv);
  w.rows = rows.count > 16 ? 32 : 16;
  w.cells = cells;
  w.hidden = cells != nullptr ? kHidden : -kInfinity;
  const bool finish = rows.has_mask || rows.softcap != 0;
  w.unit = rows.parts == 2 ? 1.0F : 1.0F / 128;
  w.factor = (finish ? 1 : __builtin_fabsf(rows.scale)) * kLog2E / w.unit;
  return w;
}

// The queries as tiles by rows; negated where the scale is negative, so that the largest score is
// always the largest product. Returns a bit for each row whose scores could be too large or not
// finite.
std::uint32_t pack_queries(const Rows& rows, const Block& w) {
  const __m512 sign = _mm512_set1_ps(rows.scale < 0 ? -0.0F : 0.0F);
  // |score| ≤ D·largest |q|·largest |k|, in units of exponents.
  const float unit = w.factor > 1 ? w.factor : 1;
  const float bound = kTooLarge / (static_cast<float>(rows.D) * rows.largest_key * unit);
  const float limit = bound < kTooLarge ? bound : kTooLarge;
  std::uint32_t bad = 0;
  for (std::int64_t r = 0; r < w.rows; ++r) {
    __mmask16 small = 0xffff;
    for (std::int64_t d = 0; d < w.k_tiles; ++d) {
      char* const to = w.queries + (r / 16 * w.k_tiles + d) * rows.parts * kTileBytes + r % 16 * 64;
      __m512 a = _mm512_setzero_ps();
      __m512 b = a;
      if (r < rows.count) {
        a = _mm512_maskz_loadu_ps(first_lanes(rows.D - d * 32), rows.q[r] + d * 32);
        b = _mm512_maskz_loadu_ps(first_lanes(rows.D - d * 32 - 16), rows.q[r] + d * 32 + 16);
      }
      small &= _mm512_cmp_ps_mask(_mm512_abs_ps(a), _mm512_set1_ps(limit), _CMP_LE_OQ) &
               _mm512_cmp_ps_mask(_mm512_abs_ps(b), _mm512_set1_ps(limit), _CMP_LE_OQ);
      a = _mm512_xor_ps(a, sign);
      b = _mm512_xor_ps(b, sign);
      const __m512i high = to_bf16(a, b);
      _mm512_store_si512(to, high);
      if (rows.parts == 1) continue;
      a = _mm512_sub_ps(a, lower_f32(high));
      b = _mm512_sub_ps(b, upper_f32(high));
      _mm512_store_si512(to + kTileBytes, to_bf16(a, b));
    }
    if (small != 0xffff) bad |= 1U << r;
  }
  return bad;
}

// Scores of a chunk: for every 32 keys, 2 × 2 tiles of scores.
template <int RowTiles, int Parts>
void multiply_keys(const Block& w, const char* keys, std::int64_t steps) {
  constexpr int kProducts = Parts == 2 ? 3 : 1;
  const std::int64_t row_bytes = w.k_tiles * Parts * kTileBytes;
  Group group;
  bool any_before = false;
  for (std::int64_t p = 0; p < steps; ++p) {
    const Group before = group;
    const char* const b0 = keys + 2 * p * row_bytes;
    for (std::int64_t d = 0; d < w.k_tiles; ++d) {
      for (int product = 0; product < kProducts; ++product) {
        const char* const a = w.queries + (d * Parts + kPartOfA[product]) * kTileBytes;
        const char* const b = b0 + (d * Parts + kPartOfB[product]) * kTileBytes;
        if (d == 0 && product == 0) {
          first_step<RowTiles>(a, a + row_bytes, b, b + row_bytes, any_before ? &before : nullptr,
                               nullptr);
        } else {
          next_step<RowTiles>(a, a + row_bytes, b, b + row_bytes);
        }
      }
    }
    float* const to = w.scores + p * 4 * kTileFloats;
    group = {{to, to + 2 * kTileFloats, to + kTileFloats, to + 3 * kTileFloats}};
    any_before = true;
  }
  store_group<RowTiles>(group);
}

// Z += P·V: for every 32 columns of V, 2 × 2 tiles of Z. The weights of 32 keys lie where the scores
// of the first 16 were; their low parts, where those of the other 16 were.
template <int RowTiles, int Parts>
void multiply_values(const Block& w, const char* values, std::int64_t steps, bool from_zero) {
  constexpr int kProducts = Parts == 2 ? 3 : 1;
  Group group;
  bool any_before = false;
  for (std::int64_t e = 0; e < w.v_tiles; e += 2) {
    const Group before = group;
    float* const to = w.sums + e * 2 * kTileFloats;
    group = {{to, to + 2 * kTileFloats, to + kTileFloats, to + 3 * kTileFloats}};
    for (std::int64_t p = 0; p < steps; ++p) {
      for (int product = 0; product < kProducts; ++product) {
        const char* const a =
            reinterpret_cast<const char*>(w.scores) + (p * 4 + kPartOfA[product] * 2) * kTileBytes;
        const char* const b =
            values + ((p * w.v_tiles + e) * Parts + kPartOfB[product]) * kTileBytes;
        if (p == 0 && product == 0) {
          first_step<RowTiles>(a, a + kTileBytes, b, b + Parts * kTileBytes,
                               any_before ? &before : nullptr, from_zero ? nullptr : &group);
        } else {
          next_step<RowTiles>(a, a + kTileBytes, b, b + Parts * kTileBytes);
        }
      }
    }
    any_before = true;
  }
  store_group<RowTiles>(group);
}

// The place of row r in the tile of 16 keys `tile`.
CLEARHEAD_ALWAYS_INLINE float* score_row(const Block& w, std::int64_t r, std::int64_t tile) {
  return w.scores + (tile * 2 + r / 16) * kTileFloats + r % 16 * 16;
}

// Scale, cap and mask of the scores of row r at keys [s, s + 32·steps). Returns whether all are
// numbers below kTooLarge.
bool finish_scores(const Rows& rows, const Block& w, std::int64_t r, std::int64_t s,
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

// Hides the keys that row r does not see by position.
void hide_outside(const Rows& rows, const Block& w, std::int64_t r, std::int64_t s,
                  std::int64_t steps) {
  for (std::int64_t tile = 0; tile < steps * 2; ++tile) {
    const std::int64_t key = s + tile * 16;
    const __mmask16 inside = first_lanes(rows.end[r] - key) & ~first_lanes(rows.begin[r] - key);
    if (inside == 0xffff) continue;
    float* const at = score_row(w, r, tile);
    _mm512_mask_storeu_ps(at, static_cast<__mmask16>(~inside), _mm512_set1_ps(w.hidden));
  }
}

// Moves the reference of row r up to its largest score. Rare, hence out of the way of the loop.
__attribute__((noinline)) void move_reference(const Block& w, std::int64_t r, bool has_sums) {
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

// The first references of a block, for 16 rows at a time, from the scores of its first chunk.
void set_references(const Block& w, std::int64_t steps) {
  for (std::int64_t r = 0; r < w.rows; ++r) {
    const float* const at = score_row(w, r, 0);
    __m512 top = _mm512_load_ps(at);
    for (std::int64_t tile = 1; tile < 2 * steps; ++tile) {
      top = _mm512_max_ps(top, _mm512_load_ps(at + tile * 2 * kTileFloats));
    }
    _mm512_store_ps(w.maximum + r * 16, top);
  }
  const __m512 one = _mm512_set1_ps(1 / w.unit);
  const __m512 first = _mm512_set1_ps(w.unit == 1 ? 0 : 127 / w.unit);
  for (std::int64_t r = 0; r < w.rows; r += 16) {
    __m512 top = max_of_16(w.maximum + r * 16);
    const __mmask16 any = _mm512_cmp_ps_mask(top, _mm512_set1_ps(w.hidden), _CMP_NLE_UQ);
    top = _mm512_max_ps(top, _mm512_set1_ps(-kTooLarge));
    const __m512 powers = _mm512_roundscale_ps(
        _mm512_mul_ps(top, _mm512_set1_ps(w.factor * w.unit)), _MM_FROUND_TO_POS_INF);
    _mm512_mask_storeu_ps(w.offset + r, any, _mm512_fnmadd_ps(powers, one, first));
    const __m512 limit = _mm512_mul_ps(_mm512_add_ps(powers, _mm512_set1_ps(kMaxGrowth)), one);
    _mm512_mask_storeu_ps(w.limit + r, any, _mm512_div_ps(limit, _mm512_set1_ps(w.factor)));
  }
}

// What the softmax of a row reads and writes, each kept in a register: the compiler cannot know that
// no vector store changes a member of Block.
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
CLEARHEAD_ALWAYS_INLINE void take_maximum(const Block& w, const SoftmaxState& state, std::int64_t r,
                                          bool has_sums, __m512 top) {
  _mm512_store_ps(state.maximum + r * 16, top);
  const __m512 limit = _mm512_set1_ps(state.limit[r]);
  if (__builtin_expect(_mm512_cmp_ps_mask(top, limit, _CMP_GT_OQ) != 0, 0)) {
    move_reference(w, r, has_sums);
  }
}

// The softmax of row r: its scores become weights, its maximum, sum and reference move along.
// Steps: of 32 keys, known when compiling, so that the scores stay in registers. Pool: whether the sum
// of weight · score is wanted, too.
template <int Steps, bool Pool>
CLEARHEAD_ALWAYS_INLINE void one_part_row(const Block& w, const SoftmaxState& state, std::int64_t r,
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
CLEARHEAD_ALWAYS_INLINE void two_part_row(const Block& w, const SoftmaxState& state, std::int64_t r,
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

template <int Parts, int Steps, bool Pool>
void softmax_rows(const Block& w, bool has_sums) {
  const SoftmaxState state = {w.maximum,
                              w.total,
                              w.moment,
                              w.offset,
                              w.limit,
                              _mm512_set1_ps(w.factor),
                              _mm512_load_si512(kTooMuch),
                              _mm512_set1_epi16(0x3f80)};
  for (std::int64_t r = 0; r < w.rows; ++r) {
    if constexpr (Parts == 1) {
      one_part_row<Steps, Pool>(w, state, r, has_sums);
    } else {
      two_part_row<Steps, Pool>(w, state, r, has_sums);
    }
  }
}

template <int Parts, bool Pool>
void softmax_chunk(const Block& w, std::int64_t steps, bool has_sums) {
  switch (steps) {
    case 1:
      return softmax_rows<Parts, 1, Pool>(w, has_sums);
    case 2:
      return softmax_rows<Parts, 2, Pool>(w, has_sums);
    case 3:
      return softmax_rows<Parts, 3, Pool>(w, has_sums);
    default:
      return softmax_rows<Parts, 4, Pool>(w, has_sums);
  }
}

// Maxima of 16 rows in units of scores, and their sums relative to them; a bit for each row that is
// not to be trusted.
struct Softmax16 {
  __m512 max, sum, inverse_total;
  __mmask16 seeing, bad;
};
Softmax16 softmax_of_16(const Rows& rows, const Block& w, std::int64_t first) {
  const __m512 top = max_of_16(w.maximum + first * 16);
  const __m512 total = sum_of_16(w.total + first * 16);
  // Exact products and differences: exponents may be large, and only what is left is not.
  const double one = w.unit == 1 ? 0 : 127 / static_cast<double>(w.unit);
  __m256 powers[2];
  for (int half = 0; half < 2; ++half) {
    const auto as_double = [&](__m512 x) {
      return _mm512_cvtps_pd(half == 0 ? _mm512_castps512_ps256(x) : _mm512_extractf32x8_ps(x, 1));
    };
    const __m512d reference =
        _mm512_sub_pd(_mm512_set1_pd(one), as_double(_mm512_load_ps(w.offset + first)));
    const __m512d largest =
        _mm512_mul_pd(as_double(top), _mm512_set1_pd(static_cast<double>(w.factor)));
    const __m512d power = _mm512_mul_pd(_mm512_sub_pd(reference, largest),
                                        _mm512_set1_pd(static_cast<double>(w.unit)));
    powers[half] = _mm512_cvtpd_ps(power);
  }
  const __m512 power = _mm512_insertf32x8(_mm512_castps256_ps512(powers[0]), powers[1], 1);
  const __m512 infinity = _mm512_set1_ps(kInfinity);
  Softmax16 of;
  of.seeing = _mm512_cmp_ps_mask(top, _mm512_set1_ps(w.hidden), _CMP_NLE_UQ);
  of.sum = _mm512_maskz_mul_ps(of.seeing, total, exp2_f32(power));
  // Scores are products times |scale|, or have been finished.
  const float to_score = rows.has_mask || rows.softcap != 0 ? 1 : __builtin_fabsf(rows.scale);
  of.max = _mm512_mask_mul_ps(_mm512_sub_ps(_mm512_setzero_ps(), infinity), of.seeing, top,
                              _mm512_set1_ps(to_score));
  of.inverse_total = _mm512_div_ps(_mm512_set1_ps(1), total);
  const __mmask16 good = _mm512_cmp_ps_mask(top, _mm512_set1_ps(-kTooLarge), _CMP_GT_OQ) &
                         _mm512_cmp_ps_mask(of.sum, _mm512_setzero_ps(), _CMP_GT_OQ) &
                         _mm512_cmp_ps_mask(of.sum, infinity, _CMP_LT_OQ);
  of.bad = static_cast<__mmask16>(of.seeing & ~good);
  return of;
}

// z = sums/total, and the rows' softmax.
std::uint32_t write_rows(const Rows& rows, const Block& w, float* z, float* row_max,
                         float* row_sum) {
  std::uint32_t bad = 0;
  alignas(64) float inverse[16];
  for (std::int64_t first = 0; first < rows.count; first += 16) {
    const Softmax16 of = softmax_of_16(rows, w, first);
    const __mmask16 lanes = first_lanes(rows.count - first);
    _mm512_mask_storeu_ps(row_max + first, lanes, of.max);
    _mm512_mask_storeu_ps(row_sum + first, lanes, of.sum);
    _mm512_store_ps(inverse, of.inverse_total);
    bad |= static_cast<std::uint32_t>(of.bad & lanes) << first;
    for (std::int64_t r = first; r < rows.count && r < first + 16; ++r) {
      const __mmask16 sees = (of.seeing >> (r - first) & 1) != 0 ? 0xffff : 0;
      __mmask16 finite = 0xffff;
      for (std::int64_t e = 0; e * 16 < rows.Dv; ++e) {
        const float* const sums = w.sums + (e * 2 + r / 16) * kTileFloats + r % 16 * 16;
        const __m512 x =
            _mm512_maskz_mul_ps(sees, _mm512_load_ps(sums), _mm512_set1_ps(inverse[r - first]));
        finite &= _mm512_cmp_ps_mask(_mm512_abs_ps(x), _mm512_set1_ps(kInfinity), _CMP_LT_OQ);
        _mm512_mask_storeu_ps(z + r * rows.Dv + e * 16, first_lanes(rows.Dv - e * 16), x);
      }
      if (finite != 0xffff) bad |= 1U << r;
    }
  }
  return bad;
}

struct Range {
  std::int64_t begin, end;
};

// The keys that some row sees, and (`all`) those that all rows see.
Range keys_of(const Rows& rows, bool all) {
  Range some = {INT64_MAX, 0};
  Range common = {0, INT64_MAX};
  for (std::int64_t r = 0; r < rows.count; ++r) {
    common.begin = rows.begin[r] > common.begin ? rows.begin[r] : common.begin;
    common.end = rows.end[r] < common.end ? rows.end[r] : common.end;
    if (rows.begin[r] >= rows.end[r]) continue;
    some.begin = rows.begin[r] < some.begin ? rows.begin[r] : some.begin;
    some.end = rows.end[r] > some.end ? rows.end[r] : some.end;
  }
  if (some.begin > some.end) some.begin = some.end;
  return all ? common : some;
}

// The cell `cell` of pooling is complete: its maxima and sums leave the lanes, for the next one.
void close_cell(const Rows& rows, const Block& w, std::int64_t cell) {
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
template <int RowTiles, int Parts, bool Pool>
std::uint32_t walk(const Rows& rows, const Block& w, Range range, bool has_sums) {
  const Range some = keys_of(rows, false);
  const Range common = keys_of(rows, true);
  const bool finish = rows.has_mask || rows.softcap != 0;
  std::uint32_t bad = 0;
  const std::int64_t first = some.begin / kKeyStep * kKeyStep;
  const std::int64_t end = range.end < some.end ? range.end : some.end;
  for (std::int64_t s = range.begin > first ? range.begin : first; s < end;) {
    std::int64_t left = end - s < kChunk ? end - s : kChunk;
    if constexpr (Pool) {
      const std::int64_t of_cell = w.cells->size - s % w.cells->size;
      left = left < of_cell ? left : of_cell;
    }
    const std::int64_t steps = (left + kKeyStep - 1) / kKeyStep;
    multiply_keys<RowTiles, Parts>(w, rows.keys + s / kKeyStep * 2 * w.k_tiles * Parts * kTileBytes,
                                   steps);
    memory_barrier();
    if (finish) {
      for (std::int64_t r = 0; r < rows.count; ++r) {
        if (!finish_scores(rows, w, r, s, steps)) bad |= 1U << r;
      }
    } else if (s < common.begin || s + steps * kKeyStep > common.end) {
      for (std::int64_t r = 0; r < rows.count; ++r) hide_outside(rows, w, r, s, steps);
    }
    if (!Pool && !has_sums) set_references(w, steps);
    softmax_chunk<Parts, Pool>(w, steps, has_sums);
    memory_barrier();
    if (w.v_tiles != 0) {
      multiply_values<RowTiles, Parts>(
          w, rows.values + s / kKeyStep * w.v_tiles * Parts * kTileBytes, steps, !has_sums);
      memory_barrier();
    }
    has_sums = true;
    s += steps * kKeyStep;
    if constexpr (Pool) {
      if (s % w.cells->size == 0 || s >= some.end) close_cell(rows, w, (s - 1) / w.cells->size);
    }
  }
  return bad;
}

template <bool Pool>
std::uint32_t walk_any(const Rows& rows, const Block& w, Range range, bool has_sums) {
  const TileScope tiles;
  if (w.rows == 32) {
    return rows.parts == 2 ? walk<2, 2, Pool>(rows, w, range, has_sums)
                           : walk<2, 1, Pool>(rows, w, range, has_sums);
  }
  return rows.parts == 2 ? walk<1, 2, Pool>(rows, w, range, has_sums)
                         : walk<1, 1, Pool>(rows, w, range, has_sums);
}

// Before the first key. Returns a bit for each row that is not to be trusted.
std::uint32_t begin_block(const Rows& rows, const Block& w) {
  for (std::int64_t r = 0; r < w.rows; ++r) {
    _mm512_store_ps(w.maximum + r * 16, _mm512_set1_ps(-kInfinity));
    _mm512_store_ps(w.total + r * 16, _mm512_setzero_ps());
    w.offset[r] = kInfinity;
    w.limit[r] = -kInfinity;
  }
  const std::uint32_t bad = pack_queries(rows, w);
  memory_barrier();
  return bad;
}

}  // namespace

std::int64_t forward_workspace_bytes(std::int64_t D, std::int64_t Dv, int parts) {
  return kPoolScratchBytes + pool_state_bytes(D, Dv, parts);
}

std::uint32_t forward(const Rows& rows, float* z, float* row_max, float* row_sum, char* workspace) {
  const Block w = make_block(rows, nullptr, workspace, workspace + kPoolScratchBytes);
  std::uint32_t bad = begin_block(rows, w);
  bad |= walk_any<false>(rows, w, {0, INT64_MAX}, false);
  return bad | write_rows(rows, w, z, row_max, row_sum);
}

std::int64_t pool_state_bytes(std::int64_t D, std::int64_t Dv, int parts) {
  return (sums_floats(Dv) + 3 * kRows * 16 + 2 * kRows) * 4 + 2 * k_tiles(D) * parts * kTileBytes;
}

std::uint32_t pool_begin(const Rows& rows, const Cells& cells, char* scratch, char* state) {
  const Block w = make_block(rows, &cells, scratch, state);
  for (std::int64_t i = 0; i < sums_floats(rows.Dv); ++i) w.sums[i] = 0;
  for (std::int64_t i = 0; i < kRows * 16; ++i) w.moment[i] = 0;
  for (std::int64_t r = 0; r < rows.count; ++r) {
    for (std::int64_t c = cells.begin; c < cells.end; ++c) {
      cells.max[r * cells.stride + c] = -kInfinity;
      cells.sum[r * cells.stride + c] = 0;
    }
  }
  return begin_block(rows, w);
}

std::uint32_t pool_keys(const Rows& rows, const Cells& cells, std::int64_t begin, std::int64_t end,
                        char* scratch, char* state) {
  return walk_any<true>(rows, make_block(rows, &cells, scratch, state), {begin, end}, true);
}

std::uint32_t pool_end(const Rows& rows, const Cells& cells, float* z, float* row_max,
                       float* row_sum, float* mean_score, char* scratch, char* state) {
  const Block w = make_block(rows, &cells, scratch, state);
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

}  // namespace clearhead::kernels::amx
