// The limits of bf16: products of tiles and of vectors that never leave their registers.
#include "bench/limit_loops.h"
#include "clearhead/kernels/targets/processor.h"

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

#include <array>

#include "clearhead/base/half.h"

namespace clearhead::bench {
namespace {

// Tile registers as the instruction LDTILECFG reads them: rows and bytes a row of each.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfiguration) == 64);

}  // namespace

__attribute__((target("amx-tile,amx-bf16"))) float tile_product_loop(std::int64_t steps) {
  TileConfiguration configuration;
  for (int tile = 0; tile < 8; ++tile) {
    configuration.row_bytes[tile] = 64;
    configuration.rows[tile] = 16;
  }
  // Numbers of every kind of bits, since zeros take less power, and so may run faster than work
  // does; those of b add up to nearly nothing, so that sums stay small.
  alignas(64) std::array<bf16, 16 * 32> a;
  alignas(64) std::array<bf16, 16 * 32> b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = bf16(static_cast<float>(i * 37 % 251) / 251.0F);
    b[i] = bf16((static_cast<float>(i * 91 % 241) - 120.0F) / 241.0F);
  }
  alignas(64) std::array<float, 16 * 16> sums{};
  // GCC 12 declares only 8 bytes of the operand as read: without this the rest may not be there.
  asm volatile("" : : "r"(&configuration) : "memory");
  _tile_loadconfig(&configuration);
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_zero(4);
  _tile_zero(5);
  _tile_loadd(6, a.data(), 64);
  _tile_loadd(7, b.data(), 64);
  // A product takes 16 cycles and its result 52: four sums in flight hide that, six for safety.
  for (std::int64_t step = 0; step < steps; ++step) {
    _tile_dpbf16ps(0, 6, 7);
    _tile_dpbf16ps(1, 6, 7);
    _tile_dpbf16ps(2, 6, 7);
    _tile_dpbf16ps(3, 6, 7);
    _tile_dpbf16ps(4, 6, 7);
    _tile_dpbf16ps(5, 6, 7);
  }
  float total = 0;
  _tile_stored(0, sums.data(), 64);
  total += sums[17];
  _tile_stored(1, sums.data(), 64);
  total += sums[17];
  _tile_stored(2, sums.data(), 64);
  total += sums[17];
  _tile_stored(3, sums.data(), 64);
  total += sums[17];
  _tile_stored(4, sums.data(), 64);
  total += sums[17];
  _tile_stored(5, sums.data(), 64);
  total += sums[17];
  _tile_release();
  return total;
}

__attribute__((target("avx512f,avx512bf16"))) float pair_product_loop(std::int64_t steps) {
  // 1 and −1: sums grow by nothing.
  auto a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(0xbf803f80U)));
  auto b = reinterpret_cast<__m512bh>(_mm512_set1_epi32(0x3f803f80));
  __m512 sums[24];
#pragma GCC unroll 24
  for (int i = 0; i < 24; ++i) {
    sums[i] = _mm512_setzero_ps();
    asm volatile("" : "+v"(sums[i]));  // equal sums would be made once
  }
  for (std::int64_t step = 0; step < steps; ++step) {
    asm volatile("" : "+v"(a), "+v"(b));
#pragma GCC unroll 24
    for (int i = 0; i < 24; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
  }
  __m512 total = _mm512_setzero_ps();
#pragma GCC unroll 24
  for (int i = 0; i < 24; ++i) total = _mm512_add_ps(total, sums[i]);
  return _mm512_cvtss_f32(total);
}

}  // namespace clearhead::bench

#else  // neither can be here

namespace clearhead::bench {

float tile_product_loop(std::int64_t) { return 0; }
float pair_product_loop(std::int64_t) { return 0; }

}  // namespace clearhead::bench

#endif

namespace clearhead::bench {

bool has_tile_products() { return kernels::amx_available(); }
bool has_pair_products() { return kernels::avx512_bf16_available(); }

}  // namespace clearhead::bench
