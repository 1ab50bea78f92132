// Backward attention on tiles of bf16. Keys are rows and queries columns: for each strip of 32 keys
// and a chunk of 128 queries Sᵀ = K·Qᵀ and dPᵀ = V·dZᵀ, from which Pᵀ and dSᵀ come in place, as the
// left factors of dV += Pᵀ·dZ and dK += dSᵀ·Q; and dSᵀ once more as a right factor, for dQᵀ +=
// Kᵀ·dSᵀ after eight strips. So only dQ has to be transposed at the end, and maxima and sums of a
// query, known from forward, lie in the lanes.
//
// Sᵀ and dPᵀ of a strip are 16 KiB each of a first-level cache of 48; everything else streams
// through it: for each strip 64 KiB of packed queries and dz, 16 KiB of sums in and out. At D = 64
// with one part a pair of query and key takes 0.27 ns of tile products at best and 0.55 as
// measured, since the second-level cache does not deliver all that in time; weights and gradients
// take 0.14, packing and adding 0.15 at T = 2048.
#include "clearhead/kernels/attention/backward_tiles.h"

#include "clearhead/kernels/attention/backward_memory_tiles-inl.h"
#include "clearhead/kernels/attention/differentiate_tiles-inl.h"
#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/targets/tile_products-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// Packs a chunk. Returns whether no product of it and the stretch can leave the range of f32.
bool load_queries(const BackwardSizes& sizes, const BackwardQueries& queries,
                  const Exponent& exponent, const Memory& m) {
  const std::int64_t n = queries.count;
  const int parts = sizes.parts;
  const float q = as_float(pack_keys(queries.q, queries.q_stride, n, sizes.D, parts, m.q));
  const float dz = as_float(pack_keys(queries.dz, queries.dz_stride, n, sizes.Dv, parts, m.dz));
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
  pack_values(queries.dz, queries.dz_stride, n, sizes.Dv, parts, PairOrder::of_weights, m.dz_pairs);
  return true;
}

// c = a·b, or c += a·b. Meanwhile the first four tiles at `next`, the c of the next call if not
// null, come into the first-level cache.
template <typename Products>
CLEARHEAD_ALWAYS_INLINE void multiply(Products& products, const Factor& a, const Factor& b,
                                      std::int64_t steps, float* c, bool add, const float* next) {
  const Group group = group_at(c);
  products.multiply(a, b, steps, group, add ? &group : nullptr, [next](std::int64_t i) {
    for (int line = 0; next != nullptr && i < 4 && line < 16; ++line) {
      _mm_prefetch(reinterpret_cast<const char*>(next + i * kTileFloats + line * 16), _MM_HINT_T0);
    }
  });
}

// Neighbouring groups of queries, or strips of keys.
struct Some {
  std::int64_t begin, end;
};

// Sᵀ and dPᵀ of a strip.
template <typename Unit, int Parts>
void multiply_strip(const BackwardSizes& sizes, const Memory& m, std::int64_t strip, Some groups) {
  constexpr std::int64_t kPart = kTileBytes;
  typename Unit::template Products<Parts, Near::a> products;
  for (int of_values = 0; of_values < 2; ++of_values) {
    const std::int64_t tiles = k_tiles(of_values != 0 ? sizes.Dv : sizes.D);
    const std::int64_t row = tiles * Parts * kTileBytes;
    const Factor keys = {(of_values != 0 ? m.v_rows : m.k_rows) + strip * 2 * row, row, kPart,
                         Parts * kTileBytes};
    for (std::int64_t g = groups.begin; g < groups.end; ++g) {
      const Factor queries = {(of_values != 0 ? m.dz : m.q) + g * 2 * row, row, kPart,
                              Parts * kTileBytes};
      products.multiply(keys, queries, tiles,
                        group_at((of_values != 0 ? m.products : m.scores) + g * 4 * kTileFloats),
                        nullptr);
    }
  }
  products.finish();
}

// dV and dK of a strip.
template <typename Unit, int Parts>
void add_to_strip(const BackwardSizes& sizes, const Memory& m, std::int64_t strip, Some groups) {
  typename Unit::template Products<Parts, Near::a> products;
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
    const float* const after =
        of_values == 0 ? m.dv + strip * v_tiles(sizes.Dv) * 2 * kTileFloats : nullptr;
    for (std::int64_t e = 0; e < tiles; e += 2) {
      const Factor b = {pairs + e * Parts * kTileBytes, Parts * kTileBytes, kTileBytes, step};
      float* const c = sums + e * 2 * kTileFloats;
      multiply(products, a, b, steps, c, m.begun[strip] != 0,
               e + 2 < tiles ? c + 4 * kTileFloats : after);
    }
  }
  products.finish();
  m.begun[strip] = 1;
}

// dQᵀ of a group from neighbouring strips, the first of which is `slot` of the chunk's.
template <int Parts, typename Products>
void add_to_queries(const BackwardSizes& sizes, const Memory& m, std::int64_t strip,
                    std::int64_t slot, std::int64_t strips, std::int64_t g, bool add,
                    Products& products) {
  const std::int64_t tiles = v_tiles(sizes.D);
  const std::int64_t step = tiles * Parts * kTileBytes;
  const Factor b = {m.gradients + (slot * kGroups + g) * 2 * Parts * kTileBytes, Parts * kTileBytes,
                    kTileBytes, kGroups * 2 * Parts * kTileBytes};
  for (std::int64_t d = 0; d < tiles; d += 2) {
    const Factor a = {m.k_columns + strip * step + d * Parts * kTileBytes, Parts * kTileBytes,
                      kTileBytes, step};
    float* const c = m.dq + (g * tiles + d) * 2 * kTileFloats;
    multiply(products, a, b, strips, c, add, c + 4 * kTileFloats);
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
template <typename Unit, int Parts>
void walk_strip(const BackwardSizes& sizes, const BackwardQueries& queries, const Memory& m,
                const Exponent& exponent, const Seen seen[kGroups], std::int64_t strip,
                Some groups) {
  const bool finish = queries.visible != nullptr || queries.bias != nullptr || queries.softcap != 0;
  const std::int64_t s = strip * kStrip;
  multiply_strip<Unit, Parts>(sizes, m, strip, groups);
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
  add_to_strip<Unit, Parts>(sizes, m, strip, groups);
}

// Returns for each group whether dQ holds sums, as a bit.
template <typename Unit, int Parts>
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
  const std::int64_t last = ceil_div(any.end, kStrip);
  for (std::int64_t first = any.begin / kStrip / kStrips * kStrips; first < last;
       first += kStrips) {
    Some groups[kStrips];
    const std::int64_t strips = last - first < kStrips ? last - first : kStrips;
    for (std::int64_t i = 0; i < strips; ++i) {
      groups[i] = groups_of(seen, (first + i) * kStrip);
      if (groups[i].begin < groups[i].end) {
        walk_strip<Unit, Parts>(sizes, queries, m, exponent, seen, first + i, groups[i]);
      }
    }
    typename Unit::template Products<Parts, Near::a> products;
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

// Puts 16 numbers, times `scale`, into row `row` from column e on.
CLEARHEAD_ALWAYS_INLINE void put_16(const RowsInto& into, std::int64_t row, std::int64_t e,
                                    std::int64_t D, __m512 x, __m512 scale) {
  float* const to = into.rows + row * into.stride + e;
  const __mmask16 columns = first_lanes(D - e);
  if (into.how == RowsInto::How::add) {
    _mm512_mask_storeu_ps(to, columns,
                          _mm512_fmadd_ps(x, scale, _mm512_maskz_loadu_ps(columns, to)));
  } else if (into.how == RowsInto::How::write) {
    _mm512_mask_storeu_ps(to, columns, _mm512_mul_ps(x, scale));
  } else {
    _mm512_stream_ps(to, _mm512_mul_ps(x, scale));
  }
}

// As it is, or without streaming where rows are not whole lines.
RowsInto as_possible(RowsInto into, std::int64_t D) {
  const bool lines =
      D % 16 == 0 && into.stride % 16 == 0 && reinterpret_cast<std::uintptr_t>(into.rows) % 64 == 0;
  if (into.how == RowsInto::How::stream && !lines) into.how = RowsInto::How::write;
  return into;
}

// `begun`: for each group whether dQ holds sums, as a bit.
void put_queries(const BackwardSizes& sizes, const BackwardQueries& queries, const Memory& m,
                 unsigned begun, const RowsInto& dq) {
  const __m512 scale = _mm512_set1_ps(queries.scale);
  const std::int64_t tiles = v_tiles(sizes.D);
  for (std::int64_t g = 0; g * kGroup < queries.count; ++g) {
    const bool holds_sums = (begun >> g & 1U) != 0;
    if (!holds_sums && dq.how == RowsInto::How::add) continue;
    for (std::int64_t e = 0; e * 16 < sizes.D; ++e) {
      for (std::int64_t half = 0; half < 2; ++half) {
        const float* const from =
            m.dq + ((g * tiles + e / 2 * 2) * 2 + half * 2 + e % 2) * kTileFloats;
        __m512i rows[16];
        for (int i = 0; i < 16; ++i) {
          rows[i] = holds_sums ? _mm512_load_si512(from + i * 16) : _mm512_setzero_si512();
        }
        transpose_16x16(rows);
        for (int i = 0; i < 16; ++i) {
          const std::int64_t query = g * kGroup + i / 4 * 8 + half * 4 + i % 4;
          if (query >= queries.count) continue;
          put_16(dq, query, e * 16, sizes.D, _mm512_castsi512_ps(rows[i]), scale);
        }
      }
    }
  }
}

// Of a stretch of n keys; `sums` of D numbers for each.
void put_keys(const Memory& m, const float* sums, std::int64_t n, std::int64_t D, float scale,
              const RowsInto& into) {
  const RowsInto to = as_possible(into, D);
  for (std::int64_t s = 0; s < n; s += kStrip, sums += v_tiles(D) * 2 * kTileFloats) {
    const bool holds_sums = m.begun[s / kStrip] != 0;
    if (!holds_sums && to.how == RowsInto::How::add) continue;
    for (std::int64_t j = 0; j < kStrip && s + j < n; ++j) {
      for (std::int64_t e = 0; e * 16 < D; ++e) {
        const float* const from =
            sums + (e / 2 * 4 + e % 2 * 2 + j / 16) * kTileFloats + j % 16 * 16;
        const __m512 x = holds_sums ? _mm512_load_ps(from) : _mm512_setzero_ps();
        put_16(to, s + j, e * 16, D, x, _mm512_set1_ps(scale));
      }
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
  std::int64_t bytes = 0;
  memory_of(sizes, nullptr, &bytes);
  return bytes;
}

void backward_load_keys(const BackwardSizes& sizes, const float* k, std::int64_t k_stride,
                        const float* v, std::int64_t v_stride, std::int64_t n, char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  m.largest[0] = as_float(pack_rows(k, k_stride, n, sizes.D, sizes.parts, m.k_rows));
  m.largest[1] = as_float(pack_rows(v, v_stride, n, sizes.Dv, sizes.parts, m.v_rows));
  pack_columns(m.k_rows, n, sizes.D, sizes.parts, m.k_columns);
  for (std::int64_t i = 0; i * kStrip < n; ++i) m.begun[i] = 0;
}

bool backward_chunk(const BackwardSizes& sizes, const BackwardQueries& queries, const RowsInto& dq,
                    char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  const Exponent exponent = exponent_of(sizes, queries);
  if (!load_queries(sizes, queries, exponent, m)) return false;
  memory_barrier();
  const unsigned begun = on_unit_in_use([&](auto unit) {
    using Unit = decltype(unit);
    return sizes.parts == 2 ? walk<Amx, 2>(sizes, queries, m, exponent)
                            : walk<Unit, 1>(sizes, queries, m, exponent);
  });
  if (dq.rows != nullptr) put_queries(sizes, queries, m, begun, as_possible(dq, sizes.D));
  return true;
}

void backward_end_keys(const BackwardSizes& sizes, float scale, std::int64_t n, const RowsInto& dk,
                       const RowsInto& dv, char* workspace) {
  const Memory m = memory_of(sizes, workspace);
  if (dk.rows != nullptr) put_keys(m, m.dk, n, sizes.D, scale, dk);
  if (dv.rows != nullptr) put_keys(m, m.dv, n, sizes.Dv, 1, dv);
  _mm_sfence();  // what went past the caches is seen by whoever learns that this is done
}

}  // namespace clearhead::kernels::tiles
