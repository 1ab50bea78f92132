// What attention forward and backward on tiles share: where the tiles of a group lie, and the
// weight of a score.
#ifndef CLEARHEAD_KERNELS_ATTENTION_WEIGHTS_TILES_INL_H_
#define CLEARHEAD_KERNELS_ATTENTION_WEIGHTS_TILES_INL_H_

#include "clearhead/kernels/targets/tile_products-inl.h"

namespace clearhead::kernels::tiles {
namespace {

constexpr float kInfinity = __builtin_inff();
constexpr float kLog2E = 1.44269504088896341F;
constexpr float kTooLarge = 1e29F;  // scores past this could overflow on the way

// Four tiles of scores or sums, one after the other: those of the first 16 columns, then the rest.
CLEARHEAD_ALWAYS_INLINE Group group_at(float* c) {
  return {{c, c + 2 * kTileFloats, c + kTileFloats, c + 3 * kTileFloats}};
}

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
}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_ATTENTION_WEIGHTS_TILES_INL_H_
