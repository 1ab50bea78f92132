// What matrix products, linear maps and feed-forward parts on tiles share: packing a tile, and
// products of panels, one group of 2 × 2 tiles after the other.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_PANELS_TILES_INL_H_
#define CLEARHEAD_KERNELS_PRODUCTS_PANELS_TILES_INL_H_

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/targets/tile_products-inl.h"

namespace clearhead::kernels::tiles {
namespace {

constexpr std::int64_t kGroupFloats = 4 * kTileFloats;

// The order in which bf16 of two rows, 16 of the first and 16 of the second, make 16 pairs.
inline __m512i pair_order() {
  return _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                          6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
}

CLEARHEAD_ALWAYS_INLINE void store_tile(__m512i (&rows)[16], bool transpose, bool past_caches,
                                        char* to) {
  if (transpose) transpose_16x16(rows);
  for (int i = 0; i < 16; ++i) {
    auto* const at = reinterpret_cast<__m512i*>(to + i * 64);
    past_caches ? _mm512_stream_si512(at, rows[i]) : _mm512_store_si512(at, rows[i]);
  }
}

// Where in a group row i lies, its left or right half.
CLEARHEAD_ALWAYS_INLINE std::int64_t half_row(std::int64_t i, std::int64_t half) {
  return (i / 16 * 2 + half) * kTileFloats + i % 16 * 16;
}

// Bytes to have fetched to the second-level cache while a group is made, divided among its steps.
struct Share {
  const char* data;
  std::int64_t bytes_a_step;
};

CLEARHEAD_ALWAYS_INLINE void fetch(const Share& share, std::int64_t k) {
  const char* const from = share.data + k * share.bytes_a_step;
  for (std::int64_t byte = 0; byte < share.bytes_a_step; byte += 64) {
    _mm_prefetch(from + byte, _MM_HINT_T1);
  }
}

// Whole lines of 64 bytes.
constexpr std::int64_t in_lines(std::int64_t bytes) { return round_up(bytes, 64); }

// Where the groups of a panel of columns go: group g at group(g). One after the other, each four
// tiles one after the other; or in place in a matrix whose rows are `stride` numbers apart.
struct Groups {
  float* c;
  std::int64_t stride = 16, right = kTileFloats, below = 2 * kTileFloats;

  CLEARHEAD_ALWAYS_INLINE Group group(std::int64_t g) const {
    float *const upper = c + g * 2 * below, *const lower = upper + below;
    return {{upper, upper + right, lower, lower + right}, stride};
  }
};
inline Groups in_place(float* c, std::int64_t stride) { return {c, stride, 16, 16 * stride}; }

// One panel of columns for all rows: c[g] = a[g]·b, or c[g] += a[g]·b, for the panels of rows a[g],
// one after the other, and one panel of columns b. Meanwhile as much from `next` on is fetched.
template <typename Products>
CLEARHEAD_ALWAYS_INLINE void multiply_column_with(const char* a, std::int64_t groups, const char* b,
                                                  std::int64_t steps, const Groups& c, bool add,
                                                  const char* next) {
  constexpr std::int64_t kStep = 2 * kTileBytes;
  const std::int64_t share = in_lines(kStep / groups);
  Products products;
  for (std::int64_t g = 0; g < groups; ++g) {
    const Group to = c.group(g);
    const Share mine = {next + g * share * steps, share};
    products.multiply({a + g * steps * kStep, kTileBytes, 0, kStep}, {b, kTileBytes, 0, kStep},
                      steps, to, add ? &to : nullptr, [&](std::int64_t k) { fetch(mine, k); });
  }
  products.finish();
}

template <typename Unit>
void multiply_column(const char* a, std::int64_t groups, const char* b, std::int64_t steps,
                     const Groups& c, bool add, const char* next) {
  constexpr std::int64_t kNearBytes = 24 << 10;  // of a first-level cache of 48 KiB
  if ((groups + 1) * steps * 2 * kTileBytes <= kNearBytes) {
    using Products = typename Unit::template Products<1, Near::both>;
    multiply_column_with<Products>(a, groups, b, steps, c, add, next);
  } else {
    using Products = typename Unit::template Products<1, Near::b>;
    multiply_column_with<Products>(a, groups, b, steps, c, add, next);
  }
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_PRODUCTS_PANELS_TILES_INL_H_
