// Forward attention on tiles: what a block of queries keeps while it goes along the keys, how it
// begins and how it ends. Part of forward_tiles.cc.
#ifndef CLEARHEAD_KERNELS_ATTENTION_WALK_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_WALK_TILES_INL_H_

#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/attention/weights_tiles-inl.h"
#include "clearhead/kernels/targets/tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// With pooling, the score of a hidden pair: 0 · this is 0, and 0 · −∞ is not.
constexpr float kHidden = -1e38F;

struct Range {
  std::int64_t begin, end;
};

// What up to 32 queries keep while they go along the keys.
struct Walk {
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

// In memory of their own (`state`), and memory that is needed for one chunk at a time (`scratch`).
Walk make_walk(const Rows& rows, const Cells* cells, char* scratch, char* state) {
  Walk w;
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
std::uint32_t pack_queries(const Rows& rows, const Walk& w) {
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

// Before the first key. Returns a bit for each row that is not to be trusted.
std::uint32_t begin_walk(const Rows& rows, const Walk& w) {
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

// Maxima of 16 rows in units of scores, and their sums relative to them; a bit for each row that is
// not to be trusted.
struct Softmax16 {
  __m512 max, sum, inverse_total;
  __mmask16 seeing, bad;
};
Softmax16 softmax_of_16(const Rows& rows, const Walk& w, std::int64_t first) {
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
std::uint32_t write_rows(const Rows& rows, const Walk& w, float* z, float* row_max,
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

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_WALK_TILES_INL_H_
