// Packing for attention on tiles: f32 to bf16 in the layouts that tile products take.
#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/targets/tiles-inl.h"

namespace clearhead::kernels::tiles {
namespace {

// 32 numbers of a row from d on, zeros past D. `largest` gathers the largest |x| as bits.
struct RowPiece {
  __m512 low, high;
};
inline RowPiece load_piece(const float* row, std::int64_t d, std::int64_t D, __m512i* largest) {
  const RowPiece x = {_mm512_maskz_loadu_ps(first_lanes(D - d), row + d),
                      _mm512_maskz_loadu_ps(first_lanes(D - d - 16), row + d + 16)};
  const __m512i no_sign = _mm512_set1_epi32(0x7fffffff);
  *largest = _mm512_max_epu32(*largest, _mm512_and_si512(_mm512_castps_si512(x.low), no_sign));
  *largest = _mm512_max_epu32(*largest, _mm512_and_si512(_mm512_castps_si512(x.high), no_sign));
  return x;
}

// Asks for 32 numbers of a row that is packed soon, into the first level. It need not exist.
inline void bring_piece_near(const float* row, std::int64_t d) {
  __builtin_prefetch(row + d);
  __builtin_prefetch(row + d + 16);
}

// What rounding to bf16 leaves over.
inline RowPiece rest_of(const RowPiece& x, __m512i rounded) {
  return {_mm512_sub_ps(x.low, lower_f32(rounded)), _mm512_sub_ps(x.high, upper_f32(rounded))};
}

// The first row of the pair in row r of a tile of pairs. The weights of 32 keys come out of
// _mm512_packus_epi32 as four keys of the first 16, four of the second 16, and so on; with two
// parts they are converted in their order.
inline std::int64_t first_of_pair(std::int64_t r, int parts, PairOrder order) {
  const bool mixed = order == PairOrder::of_weights && parts == 1;
  return mixed ? r / 4 * 4 + r % 2 * 2 + (r % 4 < 2 ? 0 : 16) : 2 * r;
}

}  // namespace

std::int64_t packed_keys_bytes(std::int64_t keys, std::int64_t D, int parts) {
  return ceil_div(keys, kKeyStep) * 2 * k_tiles(D) * parts * kTileBytes;
}

std::int64_t packed_values_bytes(std::int64_t keys, std::int64_t Dv, int parts) {
  return ceil_div(keys, kKeyStep) * v_tiles(Dv) * parts * kTileBytes;
}

std::uint32_t pack_keys(const float* k, std::int64_t stride, std::int64_t n, std::int64_t D,
                        int parts, char* packed) {
  const std::int64_t tiles = k_tiles(D);
  const std::int64_t padded = round_up(n, kKeyStep);
  __m512i largest = _mm512_setzero_si512();
  for (std::int64_t j = 0; j < padded; j += 16) {
    for (std::int64_t d = 0; d < tiles; ++d) {
      char* const to = packed + (j / 16 * tiles + d) * parts * kTileBytes;
      __m512i high[16];
      __m512i low[16];
      for (int i = 0; i < 16; ++i) {
        if (j + i >= n) {
          high[i] = low[i] = _mm512_setzero_si512();
          continue;
        }
        const RowPiece x = load_piece(k + (j + i) * stride, d * 32, D, &largest);
        bring_piece_near(k + (j + i + 16) * stride, d * 32);
        high[i] = to_bf16(x.low, x.high);
        if (parts == 2) {
          const RowPiece rest = rest_of(x, high[i]);
          low[i] = to_bf16(rest.low, rest.high);
        }
      }
      transpose_16x16(high);  // pairs of neighbours along d are one number of 32 bits
      for (int i = 0; i < 16; ++i) _mm512_store_si512(to + i * 64, high[i]);
      if (parts == 1) continue;
      transpose_16x16(low);
      for (int i = 0; i < 16; ++i) _mm512_store_si512(to + kTileBytes + i * 64, low[i]);
    }
  }
  return _mm512_reduce_max_epu32(largest);
}

std::uint32_t pack_values(const float* v, std::int64_t stride, std::int64_t n, std::int64_t Dv,
                          int parts, PairOrder order, char* packed) {
  const std::int64_t tiles = v_tiles(Dv);
  // Two rows of 16 bf16, one after the other, to 16 pairs.
  const __m512i pairs = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                         8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  __m512i largest = _mm512_setzero_si512();
  for (std::int64_t j = 0; j < n; j += kKeyStep) {
    for (std::int64_t r = 0; r < 16; ++r) {
      const std::int64_t key = j + first_of_pair(r, parts, order);
      const float* const first = v + key * stride;
      for (std::int64_t e = 0; e < tiles; e += 2) {
        char* const to = packed + (j / kKeyStep * tiles + e) * parts * kTileBytes + r * 64;
        bring_piece_near(first + kKeyStep * stride, e * 16);
        bring_piece_near(first + (kKeyStep + 1) * stride, e * 16);
        const RowPiece zero = {_mm512_setzero_ps(), _mm512_setzero_ps()};
        const RowPiece a = key < n ? load_piece(first, e * 16, Dv, &largest) : zero;
        const RowPiece b = key + 1 < n ? load_piece(first + stride, e * 16, Dv, &largest) : zero;
        const __m512i left = to_bf16(a.low, b.low);
        const __m512i right = to_bf16(a.high, b.high);
        _mm512_store_si512(to, _mm512_permutexvar_epi16(pairs, left));
        _mm512_store_si512(to + parts * kTileBytes, _mm512_permutexvar_epi16(pairs, right));
        if (parts == 1) continue;
        const RowPiece left_rest = rest_of({a.low, b.low}, left);
        const RowPiece right_rest = rest_of({a.high, b.high}, right);
        _mm512_store_si512(to + kTileBytes,
                           _mm512_permutexvar_epi16(pairs, to_bf16(left_rest.low, left_rest.high)));
        _mm512_store_si512(
            to + 3 * kTileBytes,
            _mm512_permutexvar_epi16(pairs, to_bf16(right_rest.low, right_rest.high)));
      }
    }
  }
  return _mm512_reduce_max_epu32(largest);
}

std::uint32_t pack_rows(const float* x, std::int64_t stride, std::int64_t n, std::int64_t D,
                        int parts, char* packed) {
  const std::int64_t tiles = k_tiles(D);
  const std::int64_t padded = round_up(n, kKeyStep);
  __m512i largest = _mm512_setzero_si512();
  for (std::int64_t i = 0; i < padded; ++i) {
    for (std::int64_t d = 0; d < tiles; ++d) {
      char* const to = packed + (i / 16 * tiles + d) * parts * kTileBytes + i % 16 * 64;
      RowPiece piece = {_mm512_setzero_ps(), _mm512_setzero_ps()};
      if (i < n) piece = load_piece(x + i * stride, d * 32, D, &largest);
      const __m512i high = to_bf16(piece.low, piece.high);
      _mm512_store_si512(to, high);
      if (parts == 1) continue;
      const RowPiece rest = rest_of(piece, high);
      _mm512_store_si512(to + kTileBytes, to_bf16(rest.low, rest.high));
    }
  }
  return _mm512_reduce_max_epu32(largest);
}

void pack_columns(const char* rows, std::int64_t n, std::int64_t D, int parts, char* packed) {
  const std::int64_t tiles = k_tiles(D);
  for (std::int64_t i = 0; i < n; i += kKeyStep) {
    for (std::int64_t d = 0; d < tiles * parts; ++d) {
      const char* const from = rows + (i / 16 * tiles * parts + d) * kTileBytes;
      __m512i low[16];
      __m512i high[16];
      for (int r = 0; r < 16; ++r) {  // rows 2r and 2r + 1 as pairs
        const char* const row = from + (r / 8 * tiles * parts) * kTileBytes + r % 8 * 128;
        const __m512i even = _mm512_load_si512(row);
        const __m512i odd = _mm512_load_si512(row + 64);
        low[r] = _mm512_unpacklo_epi16(even, odd);
        high[r] = _mm512_unpackhi_epi16(even, odd);
      }
      transpose_16x16(low);
      transpose_16x16(high);
      char* const to = packed + ((i / 32 * tiles + d / parts) * 2 * parts + d % parts) * kTileBytes;
      for (int j = 0; j < 16; ++j) {  // four columns of each eight are in `low`
        const int column = j / 4 * 8 + j % 4;
        char* const at = to + column / 16 * parts * kTileBytes + column % 16 * 64;
        _mm512_store_si512(at, low[j]);
        _mm512_store_si512(at + 4 * 64, high[j]);
      }
    }
  }
}

}  // namespace clearhead::kernels::tiles
