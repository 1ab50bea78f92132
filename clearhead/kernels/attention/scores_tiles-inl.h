// Forward attention on tiles: which keys a block of queries meets, its scores with some of them,
// and the sums of their values. Part of forward_tiles.cc.
#ifndef CLEARHEAD_KERNELS_ATTENTION_SCORES_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_SCORES_TILES_INL_H_

#include "clearhead/kernels/attention/walk_tiles-inl.h"
#include "clearhead/kernels/targets/tile_products-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// Scores of a chunk: for every 32 keys, 2 × 2 tiles of scores. between() runs now and then.
template <typename Unit, int RowTiles, int Parts, typename Between = NothingBetween>
CLEARHEAD_ALWAYS_INLINE void multiply_keys(const Walk& w, const char* keys, std::int64_t steps,
                                           const Between& between = {}) {
  constexpr std::int64_t kStep = Parts * kTileBytes;
  const std::int64_t row = w.k_tiles * kStep;
  typename Unit::template Products<Parts, Near::a, RowTiles> products;
  for (std::int64_t p = 0; p < steps; ++p) {
    products.multiply({w.queries, row, kTileBytes, kStep},
                      {keys + 2 * p * row, row, kTileBytes, kStep}, w.k_tiles,
                      group_at(w.scores + p * 4 * kTileFloats), nullptr, between);
  }
  products.finish();
}

// Z += P·V: for every 32 columns of V, 2 × 2 tiles of Z. The weights of 32 keys lie where the
// scores of the first 16 were; their low parts, where those of the other 16 were.
template <typename Unit, int RowTiles, int Parts>
void multiply_values(const Walk& w, const char* values, std::int64_t steps, bool from_zero) {
  constexpr std::int64_t kTile = Parts * kTileBytes;
  const Factor weights = {reinterpret_cast<const char*>(w.scores), kTileBytes, 2 * kTileBytes,
                          4 * kTileBytes};
  typename Unit::template Products<Parts, Near::a, RowTiles> products;
  for (std::int64_t e = 0; e < w.v_tiles; e += 2) {
    const Group sums = group_at(w.sums + e * 2 * kTileFloats);
    products.multiply(weights, {values + e * kTile, kTile, kTileBytes, w.v_tiles * kTile}, steps,
                      sums, from_zero ? nullptr : &sums);
  }
  products.finish();
}

// The keys that some row sees, and those that all rows see. Without branches, so that it takes few
// instructions of vectors.
struct SeenKeys {
  Range some, all;
};
SeenKeys keys_of(const Rows& rows) {
  SeenKeys keys = {{INT64_MAX, 0}, {0, INT64_MAX}};
  for (std::int64_t r = 0; r < rows.count; ++r) {
    const std::int64_t begin = rows.begin[r];
    const std::int64_t end = rows.end[r];
    keys.all.begin = begin > keys.all.begin ? begin : keys.all.begin;
    keys.all.end = end < keys.all.end ? end : keys.all.end;
    const std::int64_t if_any = begin < end ? begin : INT64_MAX;
    keys.some.begin = if_any < keys.some.begin ? if_any : keys.some.begin;
    const std::int64_t end_if_any = begin < end ? end : 0;
    keys.some.end = end_if_any > keys.some.end ? end_if_any : keys.some.end;
  }
  if (keys.some.begin > keys.some.end) keys.some.begin = keys.some.end;
  return keys;
}

// Packed keys from s on, and packed values.
const char* keys_at(const Rows& rows, const Walk& w, std::int64_t s) {
  return rows.keys + s / kKeyStep * 2 * w.k_tiles * rows.parts * kTileBytes;
}
const char* values_at(const Rows& rows, const Walk& w, std::int64_t s) {
  return rows.values + s / kKeyStep * w.v_tiles * rows.parts * kTileBytes;
}

}  // namespace
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_SCORES_TILES_INL_H_
