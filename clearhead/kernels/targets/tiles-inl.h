// What the files *_tiles.cc share. They alone are compiled for AVX-512 with bf16 and for AMX, so
// nothing here, and nothing that they include, may become a function that other files could be
// linked to: everything is in an unnamed namespace, and templates and inline functions of other
// headers stay out.
#ifndef CLEARHEAD_KERNELS_TARGETS_TILES_INL_H_
#define CLEARHEAD_KERNELS_TARGETS_TILES_INL_H_

#include <immintrin.h>

#include <cstdint>

namespace clearhead::kernels {
namespace {

constexpr std::int64_t kTileBytes = 1024;
constexpr std::int64_t kTileFloats = 256;

// GCC's tile intrinsics do not say that they read and write memory; this keeps ordinary loads and
// stores on their side of a phase.
inline void memory_barrier() { __asm__ volatile("" : : : "memory"); }

// The compiler's own judgement leaves calls in loops that run for every row of a tile.
#define CLEARHEAD_ALWAYS_INLINE __attribute__((always_inline)) inline

inline __mmask16 first_lanes(std::int64_t n) {
  return n >= 16 ? static_cast<__mmask16>(0xffff)
                 : static_cast<__mmask16>(n <= 0 ? 0 : (1U << n) - 1U);
}

// 32 numbers as bf16, the first 16 in the lower half.
CLEARHEAD_ALWAYS_INLINE __m512i to_bf16(__m512 low, __m512 high) {
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// The f32 of the lower or upper 16 of 32 bf16.
CLEARHEAD_ALWAYS_INLINE __m512 lower_f32(__m512i x) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(x)), 16));
}
CLEARHEAD_ALWAYS_INLINE __m512 upper_f32(__m512i x) {
  return _mm512_castsi512_ps(
      _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(x, 1)), 16));
}

// 16 × 16 numbers of 32 bits, transposed in place.
CLEARHEAD_ALWAYS_INLINE void transpose_16x16(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int i = 0; i < 16; i += 8) {
    for (int j = i; j < i + 4; ++j) {
      t[j] = _mm512_shuffle_i32x4(r[j], r[j + 4], 0x88);
      t[j + 4] = _mm512_shuffle_i32x4(r[j], r[j + 4], 0xdd);
    }
  }
  for (int j = 0; j < 8; ++j) {
    r[j] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0x88);
    r[j + 8] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0xdd);
  }
}

// For 16 rows of 16 numbers each row's largest number, or its sum.
CLEARHEAD_ALWAYS_INLINE __m512 max_of_16(const float* rows) {
  __m512i r[16];
  for (int i = 0; i < 16; ++i) r[i] = _mm512_load_si512(rows + i * 16);
  transpose_16x16(r);
  __m512 top = _mm512_castsi512_ps(r[0]);
  for (int i = 1; i < 16; ++i) top = _mm512_max_ps(top, _mm512_castsi512_ps(r[i]));
  return top;
}
CLEARHEAD_ALWAYS_INLINE __m512 sum_of_16(const float* rows) {
  __m512i r[16];
  for (int i = 0; i < 16; ++i) r[i] = _mm512_load_si512(rows + i * 16);
  transpose_16x16(r);
  __m512 sum = _mm512_castsi512_ps(r[0]);
  for (int i = 1; i < 16; ++i) sum = _mm512_add_ps(sum, _mm512_castsi512_ps(r[i]));
  return sum;
}

// 2^x by a polynomial of degree 5 on [−1/2, 1/2], largest relative error 2e-7; 0 below 2⁻¹²⁶, −∞
// included. (Left to itself the last step would make subnormal numbers and take 100 cycles over
// each.)
CLEARHEAD_ALWAYS_INLINE __m512 exp2_f32(__m512 x) {
  const __mmask16 normal = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126.0F), _CMP_GE_OQ);
  const __m512 f = _mm512_reduce_ps(x, 0);  // x − round(x)
  __m512 p = _mm512_set1_ps(1.338130253736246e-3F);
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.666368515388853e-3F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.550381013796419e-2F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.4022349038020277e-1F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.931471805599452e-1F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0F));
  return _mm512_maskz_scalef_ps(normal, p, _mm512_sub_ps(x, f));
}

}  // namespace
}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_TILES_INL_H_
