// Calls all instructions that the files *_tiles.cc use, for instructions_tiles.cc and
// instructions_model.cc, which include different ones.
#ifndef CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_INL_H_
#define CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_INL_H_

#include "clearhead/kernels/targets/tile_products-inl.h"
#include "tests/kernels/instructions.h"

namespace clearhead::kernels::testing {
namespace {

struct Writer {
  Outcome* next;

  void add(const char* name, bool of_floats, const void* bytes, std::size_t size) {
    __builtin_memset(next->bytes, 0, sizeof next->bytes);
    __builtin_memcpy(next->bytes, bytes, size);
    next->name = name;
    next->of_floats = of_floats;
    ++next;
  }
  void add(const char* name, __m512 x) { add(name, true, &x, sizeof x); }
  void add(const char* name, __m256 x) { add(name, true, &x, sizeof x); }
  void add(const char* name, float x) { add(name, true, &x, sizeof x); }
  void add(const char* name, __m512d x) {  // all numbers are those of an f32
    const __m256 y = _mm512_cvtpd_ps(x);
    add(name, true, &y, sizeof y);
  }
  template <typename T>
  void add(const char* name, T x) {
    add(name, false, &x, sizeof x);
  }
};

#define CLEARHEAD_TRY(call) writer.add(#call, call)

struct Vectors {
  explicit Vectors(const Operands& o)
      : x(_mm512_loadu_ps(o.a)), y(_mm512_loadu_ps(o.b)), z(_mm512_loadu_ps(o.c)) {}
  __m512 x, y, z;
  __m512i i = _mm512_castps_si512(x), j = _mm512_castps_si512(y);
};

void try_loads_and_stores(const Operands& o, Writer& writer) {
  const auto m = static_cast<__mmask16>(o.mask);
  const __m512 x = _mm512_load_ps(o.a);
  CLEARHEAD_TRY(_mm512_loadu_ps(o.a + 4));
  CLEARHEAD_TRY(_mm512_load_si512(o.a + 64));
  CLEARHEAD_TRY(_mm512_loadu_si512(o.a + 12));
  CLEARHEAD_TRY(_mm512_mask_loadu_ps(x, m, o.b + 4));
  CLEARHEAD_TRY(_mm512_maskz_loadu_ps(m, o.b + 8));
  CLEARHEAD_TRY(_mm_maskz_loadu_epi8(m, o.b + 3));
  const __m512i places = _mm512_mullo_epi32(
      _mm512_set_epi32(-15, 14, -13, 12, -11, 10, -9, 8, -7, 6, -5, 4, -3, 2, -1, 0),
      _mm512_set1_epi32(3));
  CLEARHEAD_TRY(places);
  CLEARHEAD_TRY(_mm512_mask_i32gather_ps(x, m, places, o.b + 256, 4));
  alignas(64) float memory[80];
  __builtin_memcpy(memory, o.c, sizeof memory);
  _mm512_store_ps(memory, x);
  _mm512_storeu_ps(memory + 17, x);
  _mm512_mask_storeu_ps(memory + 35, m, x);
  _mm512_stream_ps(memory + 64, x);
  for (int i = 0; i < 5; ++i) writer.add("stores of f32", _mm512_load_ps(memory + 16 * i));
  _mm512_store_si512(memory, _mm512_castps_si512(x));
  _mm512_stream_si512(reinterpret_cast<__m512i*>(memory + 16), _mm512_castps_si512(x));
  _mm_sfence();
  for (int i = 0; i < 2; ++i) writer.add("stores of integers", _mm512_load_si512(memory + 16 * i));
}

void try_constants(const Vectors& v, const Operands& o, Writer& writer) {
  const float f = v.x[0];
  CLEARHEAD_TRY(_mm512_setzero_ps());
  CLEARHEAD_TRY(_mm512_setzero_si512());
  CLEARHEAD_TRY(_mm512_set1_ps(f));
  CLEARHEAD_TRY(_mm512_set1_ps(-0.0F));
  CLEARHEAD_TRY(_mm512_set1_pd(static_cast<double>(f)));
  CLEARHEAD_TRY(_mm512_set1_epi32(static_cast<int>(o.mask)));
  CLEARHEAD_TRY(_mm512_set1_epi16(static_cast<short>(o.mask)));
  CLEARHEAD_TRY(_mm_set1_epi8(static_cast<char>(o.mask)));
  CLEARHEAD_TRY(_mm512_castsi512_si256(v.i));
  CLEARHEAD_TRY(_mm512_extracti64x4_epi64(v.i, 1));
  CLEARHEAD_TRY(_mm512_castps512_ps256(v.x));
  CLEARHEAD_TRY(_mm512_extractf32x8_ps(v.x, 1));
  CLEARHEAD_TRY(_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_extractf32x8_ps(v.x, 1)),
                                   _mm512_castps512_ps256(v.y), 1));
}

void try_arithmetic(const Vectors& v, const Operands& o, Writer& writer) {
  const auto m = static_cast<__mmask16>(o.mask);
  const __m512 x = v.x, y = v.y, z = v.z;
  CLEARHEAD_TRY(_mm512_add_ps(x, y));
  CLEARHEAD_TRY(_mm512_sub_ps(x, y));
  CLEARHEAD_TRY(_mm512_mul_ps(x, y));
  CLEARHEAD_TRY(_mm512_div_ps(x, y));
  CLEARHEAD_TRY(_mm512_max_ps(x, y));
  CLEARHEAD_TRY(_mm512_min_ps(x, y));
  CLEARHEAD_TRY(_mm512_abs_ps(x));
  CLEARHEAD_TRY(_mm512_fmadd_ps(x, y, z));
  CLEARHEAD_TRY(_mm512_fnmadd_ps(x, y, z));
  CLEARHEAD_TRY(_mm512_mask_mov_ps(x, m, y));
  CLEARHEAD_TRY(_mm512_maskz_mov_ps(m, x));
  CLEARHEAD_TRY(_mm512_mask_add_ps(x, m, y, z));
  CLEARHEAD_TRY(_mm512_maskz_sub_ps(m, y, z));
  CLEARHEAD_TRY(_mm512_mask_mul_ps(x, m, y, z));
  CLEARHEAD_TRY(_mm512_maskz_mul_ps(m, y, z));
  CLEARHEAD_TRY(_mm512_mask_max_ps(x, m, y, z));
  CLEARHEAD_TRY(_mm512_and_ps(x, y));
  CLEARHEAD_TRY(_mm512_xor_ps(x, y));
  CLEARHEAD_TRY(_mm512_and_si512(v.i, v.j));
  CLEARHEAD_TRY(_mm512_mullo_epi32(v.i, v.j));
  CLEARHEAD_TRY(_mm512_sub_epi16(v.i, v.j));
  CLEARHEAD_TRY(_mm512_slli_epi32(v.i, 16));
  CLEARHEAD_TRY(_mm512_srli_epi16(v.i, 1));
  CLEARHEAD_TRY(_mm512_max_epu32(v.i, v.j));
  CLEARHEAD_TRY(_mm512_reduce_max_epu32(v.i));
  CLEARHEAD_TRY(_mm512_reduce_ps(x, 0));
  CLEARHEAD_TRY(_mm512_roundscale_ps(x, _MM_FROUND_TO_POS_INF));
  CLEARHEAD_TRY(_mm512_getexp_ps(x));
  CLEARHEAD_TRY(_mm512_getmant_ps(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src));
  // The order of the sums, and what becomes of NaN, is left to the compiler.
  const __mmask16 numbers = _mm512_cmp_ps_mask(x, x, _CMP_EQ_OQ);
  CLEARHEAD_TRY(_mm512_reduce_max_ps(_mm512_maskz_mov_ps(numbers, x)));
  CLEARHEAD_TRY(_mm512_reduce_add_ps(_mm512_maskz_mov_ps(m, _mm512_set1_ps(3))));
  // Of finite numbers other than 0.
  const __m512 infinity = _mm512_set1_ps(__builtin_inff());
  const __mmask16 scaled = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ) &
                           _mm512_cmp_ps_mask(_mm512_abs_ps(x), infinity, _CMP_LT_OQ) &
                           _mm512_cmp_ps_mask(y, y, _CMP_EQ_OQ);
  CLEARHEAD_TRY(_mm512_maskz_scalef_ps(scaled, x, y));
}

void try_conversions(const Vectors& v, const Operands& o, Writer& writer) {
  const __m512 x = v.x, y = v.y;
  const auto m = static_cast<__mmask16>(o.mask);
  CLEARHEAD_TRY(_mm512_cvtepu16_epi32(_mm512_castsi512_si256(v.i)));
  CLEARHEAD_TRY(_mm512_cvtps_epi32(x));
  const __m512d doubles = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
  CLEARHEAD_TRY(doubles);
  const __m512d others = _mm512_cvtps_pd(_mm512_castps512_ps256(y));
  CLEARHEAD_TRY(_mm512_cvtpd_ps(_mm512_mul_pd(doubles, others)));
  CLEARHEAD_TRY(_mm512_cvtpd_ps(_mm512_sub_pd(doubles, others)));
  CLEARHEAD_TRY(reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(x, y)));
  CLEARHEAD_TRY(_mm512_packus_epi32(v.i, v.j));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_NEQ_UQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_LT_OQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_LE_OQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_NLE_UQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_GE_OQ));
  CLEARHEAD_TRY(_mm512_cmp_ps_mask(x, y, _CMP_GT_OQ));
  CLEARHEAD_TRY(_mm512_mask_cmp_ps_mask(m, x, y, _CMP_NEQ_UQ));
  CLEARHEAD_TRY(_mm512_cmpgt_epi32_mask(v.i, v.j));
  CLEARHEAD_TRY(_mm512_cmple_epi32_mask(v.i, v.j));
  CLEARHEAD_TRY(_mm_mask_test_epi8_mask(m, _mm_maskz_loadu_epi8(m, o.a), _mm_set1_epi8(5)));
}

void try_places(const Vectors& v, const Operands& o, Writer& writer) {
  CLEARHEAD_TRY(_mm512_unpacklo_epi16(v.i, v.j));
  CLEARHEAD_TRY(_mm512_unpackhi_epi16(v.i, v.j));
  CLEARHEAD_TRY(_mm512_unpacklo_epi32(v.i, v.j));
  CLEARHEAD_TRY(_mm512_unpackhi_epi32(v.i, v.j));
  CLEARHEAD_TRY(_mm512_unpacklo_epi64(v.i, v.j));
  CLEARHEAD_TRY(_mm512_unpackhi_epi64(v.i, v.j));
  CLEARHEAD_TRY(_mm512_shuffle_i32x4(v.i, v.j, 0x88));
  CLEARHEAD_TRY(_mm512_shuffle_i32x4(v.i, v.j, 0xdd));
  CLEARHEAD_TRY(_mm512_permutexvar_epi16(v.i, v.j));
  CLEARHEAD_TRY(_mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                                 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0));
  CLEARHEAD_TRY(_mm512_maskz_permutexvar_epi8(o.mask, v.i, v.j));
  CLEARHEAD_TRY(_mm512_permutex2var_ps(v.x, v.j, v.z));
}

void try_products(const Operands& o, bool amx, Writer& writer) {
  const auto pairs_of = [](const void* p) {
    return reinterpret_cast<__m512bh>(_mm512_load_si512(p));
  };
  for (int row = 0; row < 16; ++row) {
    CLEARHEAD_TRY(_mm512_dpbf16_ps(_mm512_load_ps(o.c + row * 64), pairs_of(o.a + row * 64),
                                   pairs_of(o.b + row * 64)));
  }
  if (!amx) return;
  alignas(64) std::uint8_t results[3][16][80] = {};
  memory_barrier();
  const tiles::TileScope scope;
  _tile_loadd(7, o.c, 64);
  _tile_loadd(4, o.a, 64);
  _tile_stream_loadd(5, o.b, 64);
  _tile_dpbf16ps(7, 4, 5);
  _tile_zero(2);
  _tile_dpbf16ps(2, 5, 4);
  _tile_loadd(3, o.a + 1, 60);
  _tile_stored(7, results[0], 80);
  _tile_stored(2, results[1], 80);
  _tile_stored(3, results[2], 80);
  memory_barrier();
  for (const auto& tile : results) {
    for (const auto& row : tile) writer.add("tiles", true, row, 64);
  }
}

#undef CLEARHEAD_TRY

int all_outcomes(const Operands& o, bool amx, Outcome* outcomes) {
  Writer writer = {outcomes};
  const Vectors v(o);
  try_loads_and_stores(o, writer);
  try_constants(v, o, writer);
  try_arithmetic(v, o, writer);
  try_conversions(v, o, writer);
  try_places(v, o, writer);
  try_products(o, amx, writer);
  return static_cast<int>(writer.next - outcomes);
}

}  // namespace
}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_INSTRUCTIONS_INL_H_
