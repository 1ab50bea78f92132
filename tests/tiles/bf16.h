// Part of the model of instructions (immintrin.h): conversions to bf16, products on vectors, and
// the tiles of AMX.
#ifndef CLEARHEAD_TESTS_TILES_BF16_H_
#define CLEARHEAD_TESTS_TILES_BF16_H_

#include <bit>

#include "tests/kernels/bf16_products.h"
#include "tests/tiles/lanes.h"

namespace {
namespace model {

using namespace clearhead::kernels::testing;

inline float f32_of(std::uint16_t bits) {
  return without_subnormal(std::bit_cast<float>(std::uint32_t{bits} << 16U));
}

inline __m512bh _mm512_cvtne2ps_pbh(__m512 upper, __m512 lower) {
  return as<__m512bh>(
      each<U16>([&](int i) { return rounded(i < 16 ? lower[i] : upper[i - 16]).bits; }));
}

inline __m512 _mm512_dpbf16_ps(__m512 sum, __m512bh x, __m512bh y) {
  const auto a = as<U16>(x), b = as<U16>(y);
  return each<__m512>([&](int i) {
    const float left[] = {f32_of(a[2 * i]), f32_of(a[2 * i + 1])};
    const float right[] = {f32_of(b[2 * i]), f32_of(b[2 * i + 1])};
    return add_pair(sum[i], left, right);
  });
}

// The eight tiles of a thread, each of 16 rows of 64 bytes.
struct Tile {
  std::uint8_t rows[16][64];
};
thread_local Tile registers[8];
thread_local bool registers_are_set_up = false;

inline Tile& tile(int i) {
  if (!registers_are_set_up) refuse("a tile is used that was not set up");
  return registers[i];
}

inline void _tile_loadconfig(const void* p) {
  std::uint8_t bytes[64];
  std::memcpy(bytes, p, sizeof bytes);
  bool whole = bytes[0] == 1;
  for (int i = 0; i < 8; ++i) {
    whole = whole && bytes[16 + 2 * i] == 64 && bytes[17 + 2 * i] == 0 && bytes[48 + i] == 16;
  }
  if (!whole) refuse("it knows only eight whole tiles");
  std::memset(registers, 0, sizeof registers);
  registers_are_set_up = true;
}
inline void _tile_release() { registers_are_set_up = false; }
inline void _tile_zero(int i) { std::memset(tile(i).rows, 0, sizeof(Tile)); }
inline void _tile_loadd(int i, const void* p, std::int64_t stride) {
  for (std::int64_t row = 0; row < 16; ++row) {
    std::memcpy(tile(i).rows[row], static_cast<const char*>(p) + row * stride, 64);
  }
}
inline void _tile_stream_loadd(int i, const void* p, std::int64_t stride) {
  _tile_loadd(i, p, stride);
}
inline void _tile_stored(int i, void* p, std::int64_t stride) {
  for (std::int64_t row = 0; row < 16; ++row) {
    std::memcpy(static_cast<char*>(p) + row * stride, tile(i).rows[row], 64);
  }
}
inline void _tile_dpbf16ps(int c, int a, int b) {
  const auto f32_at = [](const std::uint8_t* bytes) { return f32_of(load<std::uint16_t>(bytes)); };
  float right[32][16];
  for (int k = 0; k < 32; ++k) {
    for (int j = 0; j < 16; ++j) right[k][j] = f32_at(&tile(b).rows[k / 2][4 * j + k % 2 * 2]);
  }
  for (int i = 0; i < 16; ++i) {
    float left[32], sums[16];
    for (int k = 0; k < 32; ++k) left[k] = f32_at(&tile(a).rows[i][2 * k]);
    std::memcpy(sums, tile(c).rows[i], sizeof sums);
    add_row(left, right, sums);
    std::memcpy(tile(c).rows[i], sums, sizeof sums);
  }
}

}  // namespace model
}  // namespace

#endif  // CLEARHEAD_TESTS_TILES_BF16_H_
