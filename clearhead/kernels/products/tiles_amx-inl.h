// What matrix products, linear maps and feed-forward parts on tiles share: packing a tile, and
// products of panels, one group of 2 × 2 tiles after the other.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_TILES_AMX_INL_H_
#define CLEARHEAD_KERNELS_PRODUCTS_TILES_AMX_INL_H_

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/targets/amx-inl.h"

namespace clearhead::kernels::amx {
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

// Where the tiles of a group go: rows `stride` numbers apart, and how far apart they begin. One
// after the other, or in place in a matrix whose rows are `stride` apart.
struct GroupLayout {
  std::int64_t stride = 16, right = kTileFloats, below = 2 * kTileFloats;
};
inline GroupLayout in_place(std::int64_t stride) { return {stride, 16, 16 * stride}; }

// Groups of 32 × 32 sums in tiles 0 to 3. Each is stored, as four tiles, while the products of the
// next one begin: four stores in a row would keep the products waiting. A step is 4 products, 64
// cycles, for 4 loads. kNear: a is so small that it stays in the first-level cache; else it streams
// by from the second.
#define CLEARHEAD_STORE_GROUP_TILE(i)                                          \
  _tile_stored(i, before_ + (i) % 2 * layout_.right + (i) / 2 * layout_.below, \
               layout_.stride * static_cast<std::int64_t>(sizeof(float)))
template <bool kNear>
class Groups {
 public:
  explicit Groups(const GroupLayout& layout) : layout_(layout) {}

  // c = a·b, or c += a·b if tiles lie one after the other, of two panels.
  CLEARHEAD_ALWAYS_INLINE void multiply(const char* a, const char* b, std::int64_t steps, float* c,
                                        bool add, const Share& next) {
    load_a(a);
    CLEARHEAD_TILE_LOAD(6, b);
    CLEARHEAD_TILE_LOAD(7, b + kTileBytes);
#define CLEARHEAD_FIRST(i, x, y)                         \
  if (before_ != nullptr) CLEARHEAD_STORE_GROUP_TILE(i); \
  if (add) {                                             \
    CLEARHEAD_TILE_STREAM(i, c + i * kTileFloats);       \
  } else {                                               \
    _tile_zero(i);                                       \
  }                                                      \
  _tile_dpbf16ps(i, x, y);
    CLEARHEAD_FIRST(0, 4, 6)
    CLEARHEAD_FIRST(1, 4, 7)
    CLEARHEAD_FIRST(2, 5, 6)
    CLEARHEAD_FIRST(3, 5, 7)
#undef CLEARHEAD_FIRST
    fetch(next, 0);
    for (std::int64_t k = 1; k < steps; ++k) {
      a += 2 * kTileBytes;
      b += 2 * kTileBytes;
      multiply_tiles<kNear ? Near::both : Near::b>(a, a + kTileBytes, b, b + kTileBytes);
      fetch(next, k);
    }
    before_ = c;
  }

  CLEARHEAD_ALWAYS_INLINE void finish() {
    if (before_ == nullptr) return;
    CLEARHEAD_STORE_GROUP_TILE(0);
    CLEARHEAD_STORE_GROUP_TILE(1);
    CLEARHEAD_STORE_GROUP_TILE(2);
    CLEARHEAD_STORE_GROUP_TILE(3);
    before_ = nullptr;
    memory_barrier();
  }

 private:
  static CLEARHEAD_ALWAYS_INLINE void load_a(const char* a) {
    if constexpr (kNear) {
      CLEARHEAD_TILE_LOAD(4, a);
      CLEARHEAD_TILE_LOAD(5, a + kTileBytes);
    } else {
      CLEARHEAD_TILE_STREAM(4, a);
      CLEARHEAD_TILE_STREAM(5, a + kTileBytes);
    }
  }

  GroupLayout layout_;
  float* before_ = nullptr;
};
#undef CLEARHEAD_STORE_GROUP_TILE

// One panel of columns for all rows: c[g] = a[g]·b, or c[g] += a[g]·b, for the panels of rows a[g],
// one after the other, and one panel of columns b; groups one after the other too, or in place.
// Meanwhile as much from `next` on is fetched.
template <bool kNear>
CLEARHEAD_ALWAYS_INLINE void multiply_column_from(const char* a, std::int64_t groups, const char* b,
                                                  std::int64_t steps, float* c, bool add,
                                                  const GroupLayout& layout, const char* next) {
  const std::int64_t panel = steps * 2 * kTileBytes;
  const std::int64_t share = in_lines(2 * kTileBytes / groups);
  Groups<kNear> products(layout);
  for (std::int64_t g = 0; g < groups; ++g) {
    products.multiply(a + g * panel, b, steps, c + g * 2 * layout.below, add,
                      {next + g * share * steps, share});
  }
  products.finish();
}

inline void multiply_column(const char* a, std::int64_t groups, const char* b, std::int64_t steps,
                            float* c, bool add, const GroupLayout& layout, const char* next) {
  constexpr std::int64_t kNearBytes = 24 << 10;  // of a first-level cache of 48 KiB
  if ((groups + 1) * steps * 2 * kTileBytes <= kNearBytes) {
    multiply_column_from<true>(a, groups, b, steps, c, add, layout, next);
  } else {
    multiply_column_from<false>(a, groups, b, steps, c, add, layout, next);
  }
}

}  // namespace
}  // namespace clearhead::kernels::amx

#endif  // CLEARHEAD_KERNELS_PRODUCTS_TILES_AMX_INL_H_
