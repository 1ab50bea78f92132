// A model of the instructions of AVX-512 and AMX that the files *_tiles.cc use, in plain C++: the
// header that they include, for programs that run on any processor. Where a processor has the
// instructions, tests/kernels/instructions_test.cc compares it with them.
//
// It is stricter than it need be: aligned loads and stores, and tiles that were not set up, end the
// program. What lies past a mask is neither read nor written.
#ifndef CLEARHEAD_TESTS_TILES_IMMINTRIN_H_
#define CLEARHEAD_TESTS_TILES_IMMINTRIN_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "tests/tiles/bf16.h"
#include "tests/tiles/lanes.h"

namespace {
namespace model {

// Loads and stores.

inline __m512 _mm512_load_ps(const void* p) { return load_aligned<__m512>(p); }
inline __m512 _mm512_loadu_ps(const void* p) { return load<__m512>(p); }
inline __m512i _mm512_load_si512(const void* p) { return load_aligned<__m512i>(p); }
inline __m512i _mm512_loadu_si512(const void* p) { return load<__m512i>(p); }
inline __m512 _mm512_mask_loadu_ps(__m512 otherwise, __mmask16 mask, const void* p) {
  const auto* const from = static_cast<const float*>(p);
  return each<__m512>([&](int i) { return has(mask, i) ? from[i] : otherwise[i]; });
}
inline __m512 _mm512_maskz_loadu_ps(__mmask16 mask, const void* p) {
  return _mm512_mask_loadu_ps(__m512{}, mask, p);
}
inline __m512 _mm512_mask_i32gather_ps(__m512 otherwise, __mmask16 mask, __m512i places,
                                       const void* p, int scale) {
  const auto places32 = as<I32>(places);
  return each<__m512>([&](int i) {
    const auto* const from = static_cast<const char*>(p) + std::int64_t{places32[i]} * scale;
    return has(mask, i) ? load<float>(from) : otherwise[i];
  });
}
inline __m128i _mm_maskz_loadu_epi8(__mmask16 mask, const void* p) {
  const auto* const from = static_cast<const signed char*>(p);
  return each<__m128i>([&](int i) { return has(mask, i) ? from[i] : 0; });
}

inline void _mm512_store_ps(void* p, __m512 x) { store_aligned(p, x); }
inline void _mm512_storeu_ps(void* p, __m512 x) { store(p, x); }
inline void _mm512_stream_ps(void* p, __m512 x) { store_aligned(p, x); }
inline void _mm512_store_si512(void* p, __m512i x) { store_aligned(p, x); }
inline void _mm512_stream_si512(void* p, __m512i x) { store_aligned(p, x); }
inline void _mm512_mask_storeu_ps(void* p, __mmask16 mask, __m512 x) {
  for (int i = 0; i < 16; ++i) {
    if (has(mask, i)) static_cast<float*>(p)[i] = x[i];
  }
}

inline void _mm_prefetch(const void*, int) {}
#define _mm_sfence() static_cast<void>(0)  // a function that clang knows

// Constants, and the same bits as another type.

inline __m512 _mm512_setzero_ps() { return __m512{}; }
inline __m512i _mm512_setzero_si512() { return __m512i{}; }
inline __m512 _mm512_set1_ps(float x) { return x - __m512{}; }
inline __m512d _mm512_set1_pd(double x) { return x - __m512d{}; }
inline __m512i _mm512_set1_epi32(int x) { return as<__m512i>(x + I32{}); }
inline __m512i _mm512_set1_epi16(short x) { return as<__m512i>(x + I16{}); }
inline __m128i _mm_set1_epi8(signed char x) { return x + __m128i{}; }
template <typename... X>
__m512i _mm512_set_epi32(X... x) {
  const int from_last[] = {x...};
  return as<__m512i>(each<I32>([&](int i) { return from_last[15 - i]; }));
}
template <typename... X>
__m512i _mm512_set_epi16(X... x) {
  const short from_last[] = {static_cast<short>(x)...};
  return as<__m512i>(each<I16>([&](int i) { return from_last[31 - i]; }));
}

inline __m512i _mm512_castps_si512(__m512 x) { return as<__m512i>(x); }
inline __m512 _mm512_castsi512_ps(__m512i x) { return as<__m512>(x); }
inline __m256i _mm512_castsi512_si256(__m512i x) { return load<__m256i>(&x); }
inline __m256i _mm512_extracti64x4_epi64(__m512i x, int half) {
  return each<__m256i>([&](int i) { return x[half * 4 + i]; });
}
inline __m256 _mm512_castps512_ps256(__m512 x) { return load<__m256>(&x); }
inline __m256 _mm512_extractf32x8_ps(__m512 x, int half) {
  return each<__m256>([&](int i) { return x[half * 8 + i]; });
}
inline __m512 _mm512_castps256_ps512(__m256 x) {
  return each<__m512>([&](int i) { return x[i % 8]; });
}
inline __m512 _mm512_insertf32x8(__m512 x, __m256 y, int half) {
  return each<__m512>([&](int i) { return i / 8 == half ? y[i % 8] : x[i]; });
}

// Arithmetic.

inline __m512 _mm512_add_ps(__m512 x, __m512 y) { return x + y; }
inline __m512 _mm512_sub_ps(__m512 x, __m512 y) { return x - y; }
inline __m512 _mm512_mul_ps(__m512 x, __m512 y) { return x * y; }
inline __m512 _mm512_div_ps(__m512 x, __m512 y) { return x / y; }
inline __m512d _mm512_sub_pd(__m512d x, __m512d y) { return x - y; }
inline __m512d _mm512_mul_pd(__m512d x, __m512d y) { return x * y; }
// Of two NaN, or a NaN and a number, the second.
inline float larger(float x, float y) { return x > y ? x : y; }
inline float smaller(float x, float y) { return x < y ? x : y; }
inline __m512 _mm512_max_ps(__m512 x, __m512 y) {
  return each<__m512>([&](int i) { return larger(x[i], y[i]); });
}
inline __m512 _mm512_min_ps(__m512 x, __m512 y) {
  return each<__m512>([&](int i) { return smaller(x[i], y[i]); });
}
inline __m512 _mm512_abs_ps(__m512 x) {
  return each<__m512>([&](int i) { return std::fabs(x[i]); });
}
inline __m512 _mm512_fmadd_ps(__m512 x, __m512 y, __m512 z) {
  return each<__m512>([&](int i) { return std::fma(x[i], y[i], z[i]); });
}
inline __m512 _mm512_fnmadd_ps(__m512 x, __m512 y, __m512 z) { return _mm512_fmadd_ps(-x, y, z); }

inline __m512 _mm512_mask_mov_ps(__m512 otherwise, __mmask16 mask, __m512 x) {
  return blend(mask, x, otherwise);
}
inline __m512 _mm512_maskz_mov_ps(__mmask16 mask, __m512 x) { return blend(mask, x, __m512{}); }
inline __m512 _mm512_mask_add_ps(__m512 otherwise, __mmask16 mask, __m512 x, __m512 y) {
  return blend(mask, x + y, otherwise);
}
inline __m512 _mm512_maskz_sub_ps(__mmask16 mask, __m512 x, __m512 y) {
  return blend(mask, x - y, __m512{});
}
inline __m512 _mm512_mask_mul_ps(__m512 otherwise, __mmask16 mask, __m512 x, __m512 y) {
  return blend(mask, x * y, otherwise);
}
inline __m512 _mm512_maskz_mul_ps(__mmask16 mask, __m512 x, __m512 y) {
  return blend(mask, x * y, __m512{});
}
inline __m512 _mm512_mask_max_ps(__m512 otherwise, __mmask16 mask, __m512 x, __m512 y) {
  return blend(mask, _mm512_max_ps(x, y), otherwise);
}

inline __m512i _mm512_and_si512(__m512i x, __m512i y) { return x & y; }
inline __m512 _mm512_and_ps(__m512 x, __m512 y) {
  return as<__m512>(as<__m512i>(x) & as<__m512i>(y));
}
inline __m512 _mm512_xor_ps(__m512 x, __m512 y) {
  return as<__m512>(as<__m512i>(x) ^ as<__m512i>(y));
}
inline __m512i _mm512_add_epi32(__m512i x, __m512i y) {
  return as<__m512i>(as<I32>(x) + as<I32>(y));
}
inline __m512i _mm512_mullo_epi32(__m512i x, __m512i y) {
  return as<__m512i>(as<U32>(x) * as<U32>(y));
}
inline __m512i _mm512_sub_epi16(__m512i x, __m512i y) {
  return as<__m512i>(as<U16>(x) - as<U16>(y));
}
inline __m512i _mm512_slli_epi32(__m512i x, int bits) { return as<__m512i>(as<U32>(x) << bits); }
inline __m512i _mm512_srli_epi16(__m512i x, int bits) { return as<__m512i>(as<U16>(x) >> bits); }
inline __m512i _mm512_max_epu32(__m512i x, __m512i y) {
  const auto a = as<U32>(x), b = as<U32>(y);
  return as<__m512i>(each<U32>([&](int i) { return a[i] > b[i] ? a[i] : b[i]; }));
}

inline float _mm512_reduce_add_ps(__m512 x) {
  return reduce(x, [](float a, float b) { return a + b; });
}
inline float _mm512_reduce_max_ps(__m512 x) { return reduce(x, larger); }
inline std::uint32_t _mm512_reduce_max_epu32(__m512i x) {
  return reduce(as<U32>(x), [](std::uint32_t a, std::uint32_t b) { return a > b ? a : b; });
}

// x − round(x); the places of a binary fraction that are kept: none.
inline __m512 _mm512_reduce_ps(__m512 x, int places) {
  if (places != 0) refuse("a rounding that it does not know");
  return each<__m512>([&](int i) { return std::isinf(x[i]) ? 0 : x[i] - std::nearbyint(x[i]); });
}
inline __m512 _mm512_roundscale_ps(__m512 x, int rounding) {
  if (rounding != _MM_FROUND_TO_POS_INF) refuse("a rounding that it does not know");
  return each<__m512>([&](int i) { return std::ceil(x[i]); });
}
inline __m512 _mm512_getexp_ps(__m512 x) {
  return each<__m512>([&](int i) { return std::logb(x[i]); });
}
inline __m512 _mm512_getmant_ps(__m512 x, int interval, int sign) {
  if (interval != _MM_MANT_NORM_1_2 || sign != _MM_MANT_SIGN_src) refuse("getmant");
  return each<__m512>([&](int i) {
    if (x[i] == 0 || std::isinf(x[i])) return std::copysign(1.0F, x[i]);
    return std::isnan(x[i]) ? x[i] : std::scalbn(x[i], -std::ilogb(x[i]));
  });
}
// x · 2^⌊y⌋ of a finite x other than 0 and a y other than NaN.
inline __m512 _mm512_maskz_scalef_ps(__mmask16 mask, __m512 x, __m512 y) {
  return each<__m512>([&](int i) {
    if (!has(mask, i)) return 0.0F;
    return std::scalbn(x[i], static_cast<int>(std::clamp(std::floor(y[i]), -600.0F, 600.0F)));
  });
}

// Conversions.

inline __m512i _mm512_cvtepu16_epi32(__m256i x) {
  std::uint16_t from[16];
  std::memcpy(from, &x, sizeof from);
  return as<__m512i>(each<I32>([&](int i) { return from[i]; }));
}
inline std::int32_t to_nearest_int(float x) {
  const float rounded = std::nearbyint(x);
  const bool fits = rounded >= -0x1p31F && rounded < 0x1p31F;
  return fits ? static_cast<std::int32_t>(rounded) : std::numeric_limits<std::int32_t>::min();
}
inline __m512i _mm512_cvtps_epi32(__m512 x) {
  return as<__m512i>(each<I32>([&](int i) { return to_nearest_int(x[i]); }));
}
inline __m512d _mm512_cvtps_pd(__m256 x) {
  return each<__m512d>([&](int i) { return x[i]; });
}
inline __m256 _mm512_cvtpd_ps(__m512d x) {
  return each<__m256>([&](int i) { return static_cast<float>(x[i]); });
}
inline std::uint16_t saturated(std::int32_t x) {
  return static_cast<std::uint16_t>(std::clamp(x, 0, 65535));
}
inline __m512i _mm512_packus_epi32(__m512i x, __m512i y) {
  const auto a = as<I32>(x), b = as<I32>(y);
  return as<__m512i>(each<U16>([&](int i) {
    const int from = i / 8 * 4 + i % 4;
    return saturated(i % 8 < 4 ? a[from] : b[from]);
  }));
}

// Comparisons.

inline bool holds(float x, float y, int comparison) {
  switch (comparison) {
    case _CMP_EQ_OQ:
      return x == y;
    case _CMP_NEQ_UQ:
      return !(x == y);
    case _CMP_LT_OQ:
      return x < y;
    case _CMP_LE_OQ:
      return x <= y;
    case _CMP_NLE_UQ:
      return !(x <= y);
    case _CMP_GE_OQ:
      return x >= y;
    case _CMP_GT_OQ:
      return x > y;
    default:
      refuse("a comparison that it does not know");
  }
}

inline __mmask16 _mm512_cmp_ps_mask(__m512 x, __m512 y, int comparison) {
  return mask_of([&](int i) { return holds(x[i], y[i], comparison); });
}
inline __mmask16 _mm512_mask_cmp_ps_mask(__mmask16 mask, __m512 x, __m512 y, int comparison) {
  return mask & _mm512_cmp_ps_mask(x, y, comparison);
}
inline __mmask16 _mm512_cmpgt_epi32_mask(__m512i x, __m512i y) {
  const auto a = as<I32>(x), b = as<I32>(y);
  return mask_of([&](int i) { return a[i] > b[i]; });
}
inline __mmask16 _mm512_cmple_epi32_mask(__m512i x, __m512i y) {
  return static_cast<__mmask16>(~_mm512_cmpgt_epi32_mask(x, y));
}
inline __mmask16 _mm_mask_test_epi8_mask(__mmask16 mask, __m128i x, __m128i y) {
  return mask & mask_of([&](int i) { return (x[i] & y[i]) != 0; });
}

// Places.

inline __m512i _mm512_unpacklo_epi16(__m512i x, __m512i y) {
  return as<__m512i>(unpack(as<U16>(x), as<U16>(y), false));
}
inline __m512i _mm512_unpackhi_epi16(__m512i x, __m512i y) {
  return as<__m512i>(unpack(as<U16>(x), as<U16>(y), true));
}
inline __m512i _mm512_unpacklo_epi32(__m512i x, __m512i y) {
  return as<__m512i>(unpack(as<U32>(x), as<U32>(y), false));
}
inline __m512i _mm512_unpackhi_epi32(__m512i x, __m512i y) {
  return as<__m512i>(unpack(as<U32>(x), as<U32>(y), true));
}
inline __m512i _mm512_unpacklo_epi64(__m512i x, __m512i y) { return unpack(x, y, false); }
inline __m512i _mm512_unpackhi_epi64(__m512i x, __m512i y) { return unpack(x, y, true); }
inline __m512i _mm512_shuffle_i32x4(__m512i x, __m512i y, int choice) {
  return each<__m512i>([&](int i) {
    const int from = (choice >> i / 2 * 2 & 3) * 2 + i % 2;
    return i < 4 ? x[from] : y[from];
  });
}
inline __m512i _mm512_permutexvar_epi16(__m512i places, __m512i x) {
  const auto from = as<U16>(places), numbers = as<U16>(x);
  return as<__m512i>(each<U16>([&](int i) { return numbers[from[i] & 31]; }));
}
inline __m512i _mm512_maskz_permutexvar_epi8(__mmask64 mask, __m512i places, __m512i x) {
  const auto from = as<U8>(places), numbers = as<U8>(x);
  return as<__m512i>(each<U8>([&](int i) { return has(mask, i) ? numbers[from[i] & 63] : 0; }));
}
inline __m512 _mm512_permutex2var_ps(__m512 x, __m512i places, __m512 y) {
  const auto from = as<U32>(places);
  return each<__m512>(
      [&](int i) { return (from[i] & 16) == 0 ? x[from[i] & 15] : y[from[i] & 15]; });
}

}  // namespace model
}  // namespace

using namespace model;

#endif  // CLEARHEAD_TESTS_TILES_IMMINTRIN_H_
