// What attention forward and backward on tiles share: products of 2 × 2 tiles, and the weight of a
// score.
#ifndef CLEARHEAD_KERNELS_ATTENTION_TILES_AMX_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_TILES_AMX_INL_H_

#include "clearhead/kernels/targets/amx-inl.h"

namespace clearhead::kernels::amx {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr float kLog2E = 1.44269504088896341F;
constexpr float kTooLarge = 1e29F;  // scores past this could overflow on the way

// c += a·b for 2 × 2 tiles of c (1 × 2 if there are no more than 16 rows), both factors' tiles `p`
// parts along. The results of the group before, if there is one, are stored between the products
// of the first step of the next.
struct Group {
  float* c[4];  // where tiles 0..3 go: (rows 0, columns 0), (0, 1), (1, 0), (1, 1)
};

template <int RowTiles>
CLEARHEAD_ALWAYS_INLINE void store_group(const Group& g) {
  CLEARHEAD_TILE_STORE(0, g.c[0]);
  CLEARHEAD_TILE_STORE(1, g.c[1]);
  if constexpr (RowTiles == 2) {
    CLEARHEAD_TILE_STORE(2, g.c[2]);
    CLEARHEAD_TILE_STORE(3, g.c[3]);
  }
}

// The first step of a group: tiles 0..3 from zero, or from where they lie. Those that follow are
// multiply_tiles, where the factor a stays near.
template <int RowTiles>
CLEARHEAD_ALWAYS_INLINE void first_step(const char* a0, const char* a1, const char* b0,
                                        const char* b1, const Group* before, const Group* from) {
  CLEARHEAD_TILE_LOAD(4, a0);
  CLEARHEAD_TILE_STREAM(6, b0);
  CLEARHEAD_TILE_STREAM(7, b1);
  if constexpr (RowTiles == 2) CLEARHEAD_TILE_LOAD(5, a1);
#define CLEARHEAD_FIRST(tile, a, b)              \
  if (before != nullptr) {                       \
    CLEARHEAD_TILE_STORE(tile, before->c[tile]); \
  }                                              \
  if (from != nullptr) {                         \
    CLEARHEAD_TILE_LOAD(tile, from->c[tile]);    \
  } else {                                       \
    _tile_zero(tile);                            \
  }                                              \
  _tile_dpbf16ps(tile, a, b);
  CLEARHEAD_FIRST(0, 4, 6)
  CLEARHEAD_FIRST(1, 4, 7)
  if constexpr (RowTiles == 2) {
    CLEARHEAD_FIRST(2, 5, 6)
    CLEARHEAD_FIRST(3, 5, 7)
  }
#undef CLEARHEAD_FIRST
}

// Which part of each factor a product takes: high·high, high·low, low·high.
constexpr std::int64_t kPartOfA[3] = {0, 0, 1};
constexpr std::int64_t kPartOfB[3] = {0, 1, 0};

// 2^(x/128) as bf16 of 32 numbers as integers, exponents of a bf16 with its bias of 127: x with its
// exponent in the upper bits and its fraction f in the lower 7, where 2^f belongs. Their
// difference, 128·(1 + f − 2^f), comes from a table of 64 entries, each for two fractions. The
// conversion to 16 bits saturates, so what is too small becomes 0. The largest relative error is
// 0.7 %, of which 0.4 % is rounding to bf16. On average the error is 0, and sum and products take
// the same weights.
CLEARHEAD_ALWAYS_INLINE __m512i weights_of(__m512i x, __m512i y, __m512i table) {
  const __m512i power = _mm512_packus_epi32(x, y);
  const __m512i index = _mm512_srli_epi16(power, 1);
  const __m512i too_much = _mm512_maskz_permutexvar_epi8(0x5555555555555555ULL, index, table);
  return _mm512_sub_epi16(power, too_much);
}

// round(128·(1 + f − 2^f)) for f = (2i + 1/2)/128.
alignas(64) constexpr std::uint8_t kTooMuch[64] = {
    0,  1,  1,  2,  2,  3,  4,  4,  5,  5,  5,  6,  6,  7,  7,  8,  8,  8,  9,  9,  9,  9,
    10, 10, 10, 10, 10, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 10, 10, 10,
    10, 10, 9,  9,  9,  8,  8,  8,  7,  7,  6,  6,  5,  5,  4,  3,  3,  2,  1,  1,
};

// tanh(x) = 1 − 2/(exp(2x) + 1).
CLEARHEAD_ALWAYS_INLINE __m512 tanh_f32(__m512 x) {
  const __m512 one = _mm512_set1_ps(1);
  const __m512 limit = _mm512_set1_ps(60);
  const __m512 y = exp2_f32(_mm512_min_ps(_mm512_mul_ps(x, _mm512_set1_ps(2 * kLog2E)), limit));
  return _mm512_sub_ps(one, _mm512_div_ps(_mm512_set1_ps(2), _mm512_add_ps(y, one)));
}

}  // namespace
}  // namespace clearhead::kernels::amx

#endif  // CLEARHEAD_KERNELS_ATTENTION_TILES_AMX_INL_H_
