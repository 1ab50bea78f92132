// Backward attention on tiles: the parts of the workspace, and the softmax of a chunk's rows.
// Part of backward_tiles.cc.
#ifndef CLEARHEAD_KERNELS_ATTENTION_BACKWARD_MEMORY_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_BACKWARD_MEMORY_TILES_INL_H_

#include "clearhead/kernels/attention/backward_tiles.h"
#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/attention/weights_tiles-inl.h"
#include "clearhead/kernels/targets/tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

constexpr std::int64_t kStrip = 32;                          // keys
constexpr std::int64_t kGroup = 32;                          // queries
constexpr std::int64_t kGroups = kBackwardQueries / kGroup;  // of a chunk
constexpr std::int64_t kStrips = 8;                          // whose dSᵀ are kept for dQ

// The parts of the workspace.
struct Memory {
  // The stretch of keys.
  char* k_rows;     // [strips, 2, k_tiles(D), parts] tiles
  char* v_rows;     // [strips, 2, k_tiles(Dv), parts]
  char* k_columns;  // [strips, v_tiles(D), parts]
  float* dk;        // [strips, v_tiles(D), 2]
  float* dv;        // [strips, v_tiles(Dv), 2]
  float* largest;   // |k|, |v|; +∞ if any is not finite
  char* begun;      // [strips]: whether dk and dv hold sums yet

  // The chunk of queries.
  char* q;          // transposed: [groups, 2, k_tiles(D), parts]
  char* dz;         // [groups, 2, k_tiles(Dv), parts]
  char* q_pairs;    // [groups, v_tiles(D), parts]
  char* dz_pairs;   // [groups, v_tiles(Dv), parts]
  float* dq;        // transposed: [groups, v_tiles(D), 2]
  float* offset;    // [128]: exponent of p = score·factor + offset
  float* delta;     // [128]
  float* scores;    // of a strip: [groups, 2 columns of tiles, 2]; then p in their place
  float* products;  // dp, likewise; then ds
  char* gradients;  // ds as right factors: [kStrips, groups, 2, parts]
};

// Takes one part after the other; from null, only counts.
struct Cursor {
  char* memory;
  std::int64_t used;
  char* take(std::int64_t bytes) {
    char* const taken = memory == nullptr ? nullptr : memory + used;
    used += round_up(bytes, 64);
    return taken;
  }
  float* floats(std::int64_t n) { return reinterpret_cast<float*>(take(n * 4)); }
};

Memory memory_of(const BackwardSizes& sizes, char* workspace, std::int64_t* bytes) {
  const std::int64_t strips = ceil_div(sizes.keys, kStrip);
  const std::int64_t k = v_tiles(sizes.D) * kTileBytes;
  const std::int64_t v = v_tiles(sizes.Dv) * kTileBytes;
  const int parts = sizes.parts;
  Cursor c = {workspace, 0};
  Memory m;
  m.k_rows = c.take(strips * k * parts);
  m.v_rows = c.take(strips * v * parts);
  m.k_columns = c.take(strips * k * parts);
  m.dk = c.floats(strips * k / 2);
  m.dv = c.floats(strips * v / 2);
  m.largest = c.floats(2);
  m.begun = c.take(strips);
  m.q = c.take(kGroups * k * parts);
  m.dz = c.take(kGroups * v * parts);
  m.q_pairs = c.take(kGroups * k * parts);
  m.dz_pairs = c.take(kGroups * v * parts);
  m.dq = c.floats(kGroups * k / 2);
  m.offset = c.floats(kBackwardQueries);
  m.delta = c.floats(kBackwardQueries);
  m.scores = c.floats(kStrip * kBackwardQueries);
  m.products = c.floats(kStrip * kBackwardQueries);
  m.gradients = c.take(kStrips * kGroups * 2 * parts * kTileBytes);
  *bytes = c.used;
  return m;
}
Memory memory_of(const BackwardSizes& sizes, char* workspace) {
  std::int64_t bytes = 0;
  return memory_of(sizes, workspace, &bytes);
}

float as_float(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

// log2(x) of normal numbers: x = m·2^e with m in [3/4, 3/2), and log2(m) = 2/ln 2·artanh(z) with
// z = (m − 1)/(m + 1), |z| ≤ 1/5: its series to z⁹ errs by 5e-9.
__m512 log2_f32(__m512 x) {
  __m512 m = _mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
  __m512 e = _mm512_getexp_ps(x);
  const __m512 one = _mm512_set1_ps(1);
  const __mmask16 upper = _mm512_cmp_ps_mask(m, _mm512_set1_ps(1.5F), _CMP_GE_OQ);
  m = _mm512_mask_mul_ps(m, upper, m, _mm512_set1_ps(0.5F));
  e = _mm512_mask_add_ps(e, upper, e, one);
  const __m512 z = _mm512_div_ps(_mm512_sub_ps(m, one), _mm512_add_ps(m, one));
  const __m512 zz = _mm512_mul_ps(z, z);
  __m512 sum = _mm512_set1_ps(1.0F / 9);
  sum = _mm512_fmadd_ps(sum, zz, _mm512_set1_ps(1.0F / 7));
  sum = _mm512_fmadd_ps(sum, zz, _mm512_set1_ps(1.0F / 5));
  sum = _mm512_fmadd_ps(sum, zz, _mm512_set1_ps(1.0F / 3));
  sum = _mm512_fmadd_ps(sum, zz, one);
  return _mm512_fmadd_ps(_mm512_mul_ps(z, _mm512_set1_ps(2 * kLog2E)), sum, e);
}

// How scores become weights: p = 2^((score·factor + offset)·unit).
struct Exponent {
  float factor, unit;
};
Exponent exponent_of(const BackwardSizes& sizes, const BackwardQueries& queries) {
  const bool finish = queries.visible != nullptr || queries.bias != nullptr || queries.softcap != 0;
  const float unit = sizes.parts == 2 ? 1.0F : 1.0F / 128;  // of weights_of: 1/128 power of two
  return {(finish ? 1 : queries.scale) * kLog2E / unit, unit};
}

// What the chunk's rows need of their softmax; p = 0 where a query sees no key. Returns whether all
// are numbers.
bool load_softmax(const BackwardQueries& queries, const Exponent& exponent, const Memory& m) {
  const __m512 none = _mm512_set1_ps(-1e30F);
  const __m512 limit = _mm512_set1_ps(kTooLarge);
  const __m512 first = _mm512_set1_ps(exponent.unit == 1 ? 0 : 127);
  bool good = true;
  for (std::int64_t i = 0; i < kBackwardQueries; i += 16) {
    const __mmask16 rows = first_lanes(queries.count - i);
    const __m512 top = _mm512_mask_loadu_ps(_mm512_set1_ps(-kInfinity), rows, queries.row_max + i);
    const __m512 sum = _mm512_maskz_loadu_ps(rows, queries.row_sum + i);
    const __m512 delta = _mm512_maskz_loadu_ps(rows, queries.delta + i);
    const __mmask16 seeing = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    const __mmask16 sound = _mm512_cmp_ps_mask(_mm512_abs_ps(top), limit, _CMP_LT_OQ) &
                            _mm512_cmp_ps_mask(sum, _mm512_set1_ps(0x1p-126F), _CMP_GE_OQ) &
                            _mm512_cmp_ps_mask(sum, limit, _CMP_LT_OQ);
    const __mmask16 blind = _mm512_mask_cmp_ps_mask(static_cast<__mmask16>(~seeing), top,
                                                    _mm512_set1_ps(-kInfinity), _CMP_EQ_OQ);
    const __mmask16 small = _mm512_cmp_ps_mask(_mm512_abs_ps(delta), limit, _CMP_LT_OQ);
    good = good && ((sound | blind) & small) == 0xffff;
    const __m512 power =
        _mm512_fmadd_ps(top, _mm512_set1_ps(kLog2E), log2_f32(_mm512_maskz_mov_ps(seeing, sum)));
    const __m512 offset = _mm512_div_ps(_mm512_sub_ps(first, power), _mm512_set1_ps(exponent.unit));
    _mm512_store_ps(m.offset + i, _mm512_mask_mov_ps(none, seeing, offset));
    _mm512_store_ps(m.delta + i, delta);
  }
  return good;
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_BACKWARD_MEMORY_TILES_INL_H_
