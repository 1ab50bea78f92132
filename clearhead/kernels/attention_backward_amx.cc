// Backward attention on tiles of bf16. Keys are rows and queries columns: for each strip of 32 keys
// and a chunk of 128 queries Sᵀ = K·Qᵀ and dPᵀ = V·dZᵀ, from which Pᵀ and dSᵀ come in place, as the
// left factors of dV += Pᵀ·dZ and dK += dSᵀ·Q; and dSᵀ once more as a right factor, for dQᵀ +=
// Kᵀ·dSᵀ after four strips. So only dQ has to be transposed at the end, and maxima and sums of a
// query, known from forward, lie in the lanes.
//
// Sums of 128 pairs each pass through the tile registers between a load and a store of their own,
// which the products hide: 4 loads and 4 stores for 16 products. Sᵀ and dPᵀ of a strip are 16 KiB
// each of a first-level cache of 48; everything else streams through.
//
// Cycles a pair of query and key at D = 64 with one part: products 0.63, weights and gradients 0.3.
#include "clearhead/kernels/attention_backward_amx.h"

#include "clearhead/kernels/amx-inl.h"
#include "clearhead/kernels/attention_amx.h"
#include "clearhead/kernels/attention_tiles_amx-inl.h"

namespace clearhead::kernels::amx {
namespace {

constexpr std::int64_t kStrip = 32;                          // keys
constexpr std::int64_t kGroup = 32;                          // queries
constexpr std::int64_t kGroups = kBackwardQueries / kGroup;  // of a chunk
constexpr std::int64_t kStrips = 4;                          // whose dSᵀ are kept for dQ

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
  float* slopes;    // of softcap, likewise
  char* gradients;  // ds as right factors: [kStrips, groups, 2, parts]
};

struct Cursor {
  char* at;
  char* take(std::int64_t bytes) {
    char* const taken = at;
    at += (bytes + 63) / 64 * 64;
    return taken;
  }
  float* floats(std::int64_t n) { return reinterpret_cast<float*>(take(n * 4)); }
};

Memory memory_of(const BackwardSizes& sizes, char* workspace, char** end) {
  const std::int64_t strips = (sizes.keys + kStrip - 1) / kStrip;
  const std::int64_t k = v_tiles(sizes.D) * kTileBytes;
  const std::int64_t v = v_tiles(sizes.Dv) * kTileBytes;
  const int parts = sizes.parts;
  Cursor c = {workspace};
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
  m.slopes = c.floats(kStrip * kBackwardQueries);
  m.gradients = c.take(kStrips * kGroups * 2 * parts * kTileBytes);
  *end = c.at;
  return m;
}
Memory memory_of(const BackwardSizes& sizes, char* workspace) {
  char* end = nullptr;
  return memory_of(sizes, workspace, &end);
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

// Packs a chunk. Returns whether no product of it and the stretch can leave the range of f32.
bool load_queries(const BackwardSizes& sizes, const BackwardQueries& queries,
                  const Exponent& exponent, const Memory& m) {
  const std::int64_t n = queries.count;
  const int parts = sizes.parts;
  const float q = as_float(pack_keys(queries.q, queries.q_stride, n, sizes.D, parts, m.q));
  const float dz = as_float(pack_keys(queries.dz, sizes.Dv, n, sizes.Dv, parts, m.dz));
  const float k = m.largest[0];
  const float v = m.largest[1];
  const float factor = __builtin_fabsf(exponent.factor);
  const float score = static_cast<float>(sizes.D) * q * k * (factor > 1 ? factor : 1);
  const float product = static_cast<float>(sizes.Dv) * dz * v;
  const float largest = q > k ? q : k;
  // ds·k and ds·q are summed over up to 2³¹ pairs at most.
  const bool small = score < kTooLarge && product < kTooLarge && dz < kTooLarge &&
                     product * largest < kTooLarge && largest < kTooLarge && v < kTooLarge;
  if (!load_softmax(queries, exponent, m) || !small) return false;
  pack_values(queries.q, queries.q_stride, n, sizes.D, parts, PairOrder::natural, m.q_pairs);
  pack_values(queries.dz, sizes.Dv, n, sizes.Dv, parts, PairOrder::of_weights, m.dz_pairs);
  return true;
}

// A factor of 2 × 2 tiles: two tiles, `other` bytes apart, whose parts are `part` bytes apart; from
// one step of the sum to the next `step` bytes.
struct Factor {
  const char* at;
  std::int64_t other, part, step;
};

// Products of 2 × 2 tiles, one group after the other; the results of each are stored while the next
// is begun.
template <int Parts>
class Products {
 public:
  // c = a·b, or c += a·b, summed over `steps`.
  CLEARHEAD_ALWAYS_INLINE void multiply(const Factor& a, const Factor& b, std::int64_t steps,
                                        float* c, bool add) {
    const Group group = {{c, c + 2 * kTileFloats, c + kTileFloats, c + 3 * kTileFloats}};
    constexpr int kProducts = Parts == 2 ? 3 : 1;
    for (std::int64_t i = 0; i < steps; ++i) {
      for (int product = 0; product < kProducts; ++product) {
        const char* const x = a.at + i * a.step + kPartOfA[product] * a.part;
        const char* const y = b.at + i * b.step + kPartOfB[product] * b.part;
        if (i == 0 && product == 0) {
          first_step<2>(x, x + a.other, y, y + b.other, any_ ? &before_ : nullptr,
                        add ? &group : nullptr);
        } else {
          next_step<2>(x, x + a.other, y, y + b.other);
        }
      }
    }
    before_ = group;
    any_ = true;
  }

  CLEARHEAD_ALWAYS_INLINE void finish() {
    if (any_) store_group<2>(before_);
    any_ = false;
    memory_barrier();
  }

 private:
  Group before_ = {};
  bool any_ = false;
};

// Neighbouring groups of queries, or strips of keys.
struct Some {
  std::int64_t begin, end;
};

// Sᵀ and dPᵀ of a strip.
template <int Parts>
void multiply_strip(const BackwardSizes& sizes, const Memory& m, std::int64_t strip, Some groups) {
  constexpr std::int64_t kPart = kTileBytes;
  Products<Parts> products;
  for (int of_values = 0; of_values < 2; ++of_values) {
    const std::int64_t tiles = k_tiles(of_values != 0 ? sizes.Dv : sizes.D);
    const std::int64_t row = tiles * Parts * kTileBytes;
    const Factor keys = {(of_values != 0 ? m.v_rows : m.k_rows) + strip * 2 * row, row, kPart,
                         Parts * kTileBytes};
    for (std::int64_t g = groups.begin; g < groups.end; ++g) {
      const Factor queries = {(of_values != 0 ? m.dz : m.q) + g * 2 * row, row, kPart,
                              Parts * kTileBytes};
      products.multiply(keys, queries, tiles,
                        (of_values != 0 ? m.products : m.scores) + g * 4 * kTileFloats, false);
    }
  }
  products.finish();
}

// dV and dK of a strip.
template <int Parts>
void add_to_strip(const BackwardSizes& sizes, const Memory& m, std::int64_t strip, Some groups) {
  Products<Parts> products;
  const std::int64_t steps = groups.end - groups.begin;
  for (int of_values = 0; of_values < 2; ++of_values) {
    const std::int64_t tiles = v_tiles(of_values != 0 ? sizes.Dv : sizes.D);
    const float* const factors =
        (of_values != 0 ? m.scores : m.products) + groups.begin * 4 * kTileFloats;
    const Factor a = {reinterpret_cast<const char*>(factors), kTileBytes, 2 * kTileBytes,
                      4 * kTileBytes};
    const std::int64_t step = tiles * Parts * kTileBytes;
    const char* const pairs = (of_values != 0 ? m.dz_pairs : m.q_pairs) + groups.begin * step;
    float* const sums = (of_values != 0 ? m.dv : m.dk) + strip * tiles * 2 * kTileFloats;
    for (std::int64_t e = 0; e < tiles; e += 2) {
      const Factor b = {pairs + e * Parts * kTileBytes, Parts * kTileBytes, kTileBytes, step};
      products.multiply(a, b, steps, sums + e * 2 * kTileFloats, m.begun[strip] != 0);
    }
  }
  products.finish();
  m.begun[strip] = 1;
}

// dQᵀ of a group from neighbouring strips, the first of which is `slot` of the chunk's.
template <int Parts>
void add_to_queries(const BackwardSizes& sizes, const Memory& m, std::int64_t strip,
                    std::int64_t slot, std::int64_t strips, std::int64_t g, bool add,
                    Products<Parts>& products) {
  const std::int64_t tiles = v_tiles(sizes.D);
  const std::int64_t step = tiles * Parts * kTileBytes;
  const Factor b = {m.gradients + (slot * kGroups + g) * 2 * Parts * kTileBytes, Parts * kTileBytes,
                    kTileBytes, kGroups * 2 * Parts * kTileBytes};
  for (std::int64_t d = 0; d < tiles; d += 2) {
    const Factor a = {m.k_columns + strip * step + d * Parts * kTileBytes, Parts * kTileBytes,
                      kTileBytes, step};
    products.multiply(a, b, strips, m.dq + (g * tiles + d) * 2 * kTileFloats, add);
  }
}

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

// Hides from a group the keys of a strip that it does not see by position: with a score whose weight
// is 0.
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

// The keys of the stretch that some query of a group sees by position, and those that all see.
struct Seen {
  std::int64_t begin, end, all_begin, all_end;
};
Seen seen_by(const BackwardQueries& queries, std::int64_t g) {
  Seen seen = {INT32_MAX, 0, 0, INT32_MAX};
  const std::int64_t first = g * kGroup;
  for (std::int64_t i = first; i < first + kGroup && i < queries.count; ++i) {
    const std::int64_t begin = queries.begin[i];
    const std::int64_t end = queries.end[i];
    if (begin > seen.all_begin) seen.all_begin = begin;
    if (end < seen.all_end) seen.all_end = end;
    if (begin >= end) continue;
    if (begin < seen.begin) seen.begin = begin;
    if (end > seen.end) seen.end = end;
  }
  return seen;
}

// The groups between the first and the last that see a strip.
Some groups_of(const Seen seen[kGroups], std::int64_t s) {
  Some groups = {kGroups, kGroups};
  for (std::int64_t g = kGroups - 1; g >= 0; --g) {
    if (seen[g].begin >= s + kStrip || seen[g].end <= s) continue;
    if (groups.begin == kGroups) groups.end = g + 1;
    groups.begin = g;
  }
  return groups;
}

// One strip: its weights and gradients, what they add to dK and dV, and the right factors of dQ.
template <int Parts>
void walk_strip(const BackwardSizes& sizes, const BackwardQueries& queries, const Memory& m,
                const Exponent& exponent, const Seen seen[kGroups], std::int64_t strip,
                Some groups) {
  const bool finish = queries.visible != nullptr || queries.bias != nullptr || queries.softcap != 0;
  const std::int64_t s = strip * kStrip;
  multiply_strip<Parts>(sizes, m, strip, groups);
  for (std::int64_t g = groups.begin; g < groups.end; ++g) {
    if (finish) {
      finish_scores(queries, m, s, g);
    } else if (s < seen[g].all_begin || s + kStrip > seen[g].all_end) {
      hide_outside(queries, m, s, g);
    }
    char* const pairs = m.gradients + (strip % kStrips * kGroups + g) * 2 * Parts * kTileBytes;
    differentiate<Parts>(m, exponent, queries.softcap == 0, g, pairs);
  }
  memory_barrier();
  add_to_strip<Parts>(sizes, m, strip, groups);
}

// Returns for each group whether dQ holds sums, as a bit.
template <int Parts>
unsigned walk(const BackwardSizes& sizes, const BackwardQueries& queries, const Memory& m,
              const Exponent& exponent) {
  Seen seen[kGroups];
  Seen any = {INT32_MAX, 0, 0, 0};
  for (std::int64_t g = 0; g < kGroups; ++g) {
    seen[g] = seen_by(queries, g);
    any.begin = seen[g].begin < any.begin ? seen[g].begin : any.begin;
    any.end = seen[g].end > any.end ? seen[g].end : any.end;
  }
  unsigned begun = 0;
  const std::int64_t last = (any.end + kStrip - 1) / kStrip;
  for (std::int64_t first = any.begin / kStrip / kStrips * kStrips; first < last;
       first += kStrips) {
    Some groups[kStrips];
    const std::int64_t strips = last - first < kStrips ? last - first : kStrips;
    for (std::int64_t i = 0; i < strips; ++i) {
      groups[i] = groups_of(seen, (first + i) * kStrip);
      if (groups[i].begin < groups[i].end) {
        walk_strip<Parts>(sizes, queries, m, exponent, seen, first + i, groups[i]);
      }
    }
    Products<Parts> products;
    for (std::int64_t g = 0; g < kGroups; ++g) {
      for (std::int64_t i = 0; i < strips;) {  // as many neighbouring strips as g has met
        std::int64_t end = i;
        while (end < strips && groups[end].begin <= g && g < groups[end].end) ++end;
        if (end > i) {
          add_to_queries<Parts>(sizes, m, first + i, i, end - i, g, (begun >> g & 1U) != 0,
                                products);
          begun |= 1U << g;
        }
        i = end + 1;
      }
    }
    products.finish();
  }
  return begun;
}

// Adds 16 numbers of a row, times `scale`, past column n not.
CLEARHEAD_ALWAYS_INLINE void add_16(float* to, std::int64_t n, __m512 x, __m512 scale) {
  const __mmask16 columns = first_lanes(n);
  _mm512_mask_storeu_ps(to, columns, _mm512_fmadd_ps(x, scale, _mm512_maskz_loadu_ps(columns, to)));
}

void add_queries(const BackwardSizes& sizes, const BackwardQueries& queries, const Memory& m,
                 unsigned begun, float* dq) {
  const __m512 scale = _mm512_set1_ps(queries.scale);
  const std::int64_t tiles = v_tiles(sizes.D);
  for (std::int64_t g = 0; g < kGroups; ++g) {
    if ((begun >> g & 1U) == 0) continue;
    for (std::int64_t e = 0; e * 16 < sizes.D; ++e) {
      for (std::int64_t half = 0; half < 2; ++half) {
        const float* const from =
            m.dq + ((g * tiles + e / 2 * 2) * 2 + half * 2 + e % 2) * kTileFloats;
        __m512i rows[16];
        for (int i = 0; i < 16; ++i) rows[i] = _mm512_load_si512(from + i * 16);
        transpose_16x16(rows);
        for (int i = 0; i < 16; ++i) {
          const std::int64_t query = g * kGroup + i / 4 * 8 + half * 4 + i % 4;
          if (query >= queries.count) continue;
          add_16(dq + query * sizes.D + e * 16, sizes.D - e * 16, _mm512_castsi512_ps(rows[i]),
                 scale);
        }
      }
    }
  }
}

// Adds the gradients of one strip's keys, n at most.
void add_strip(const float* sums, std::int64_t n, std::int64_t D, float scale, float* to) {
  for (std::int64_t j = 0; j < kStrip && j < n; ++j) {
    for (std::int64_t e = 0; e * 16 < D; ++e) {
      const float* const from = sums + (e / 2 * 4 + e % 2 * 2 + j / 16) * kTileFloats + j % 16 * 16;
      add_16(to + j * D + e * 16, D - e * 16, _mm512_load_ps(from), _mm512_set1_ps(scale));
    }
  }
}

}  // namespace

std::int64_t backward_stretch(std::int64_t D, std::int64_t Dv, int parts) {
  constexpr std::int64_t kHalfOfCache = 1 << 20;
  constexpr std::int64_t kKeys = kStrip * kStrips;
  const std::int64_t key =
      64 * ((2 * k_tiles(D) + k_tiles(Dv)) * parts) + 128 * k_tiles(D) + 128 * k_tiles(Dv);
  const std::int64_t n = kHalfOfCache / key / kKeys * kKeys;
  return n > kKeys ? n : kKeys;
}

std::int64_t backward_workspace_bytes(const BackwardSizes& sizes) {
  char* end = nullptr;
  memory_of(sizes, nullptr, &end);
  return end - static_cast<char*>(nullptr);
}

void backward_load_keys(const BackwardSizes& sizes, const float* k, std::int64_t k_stride,
                        const float* v, std::int64_t v_stride, std::int64_t n, char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  m.largest[0] = as_float(pack_rows(k, k_stride, n, sizes.D, sizes.parts, m.k_rows));
  m.largest[1] = as_float(pack_rows(v, v_stride, n, sizes.Dv, sizes.parts, m.v_rows));
  pack_columns(m.k_rows, n, sizes.D, sizes.parts, m.k_columns);
  for (std::int64_t i = 0; i * kStrip < n; ++i) m.begun[i] = 0;
}

bool backward_chunk(const BackwardSizes& sizes, const BackwardQueries& queries, float* dq,
                    char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  const Exponent exponent = exponent_of(sizes, queries);
  if (!load_queries(sizes, queries, exponent, m)) return false;
  memory_barrier();
  unsigned begun = 0;
  {
    const TileScope tiles;
    begun = sizes.parts == 2 ? walk<2>(sizes, queries, m, exponent)
                             : walk<1>(sizes, queries, m, exponent);
  }
  if (dq != nullptr) add_queries(sizes, queries, m, begun, dq);
  return true;
}

void backward_add_keys(const BackwardSizes& sizes, float scale, std::int64_t n, float* dk,
                       float* dv, char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  for (std::int64_t i = 0; i * kStrip < n; ++i) {
    if (m.begun[i] == 0) continue;
    const std::int64_t s = i * kStrip;
    if (dk != nullptr) {
      add_strip(m.dk + i * v_tiles(sizes.D) * 2 * kTileFloats, n - s, sizes.D, scale,
                dk + s * sizes.D);
    }
    if (dv != nullptr) {
      add_strip(m.dv + i * v_tiles(sizes.Dv) * 2 * kTileFloats, n - s, sizes.Dv, 1,
                dv + s * sizes.Dv);
    }
  }
}

}  // namespace clearhead::kernels::amx
