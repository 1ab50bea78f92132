// cᵀ = bᵀ·aᵀ: 16 columns of b are the rows of a tile where they lie, the parts of a's rows its
// columns. 32 columns of b are read from one end to the other at the same time; the processor
// fetches that many streams by itself, nearly as fast as memory gives one.
#include "clearhead/kernels/products/few_rows_tiles.h"

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/targets/tile_products-inl.h"

namespace clearhead::kernels::tiles {
namespace {

constexpr std::int64_t kStep = 32;  // of K

// Tiles for the parts of a step, 16 in each: two only for three parts of more than five rows.
std::int64_t part_tiles(std::int64_t M, std::int64_t parts) { return M * parts > 16 ? 2 : 1; }

// The upper bits of x, which are a bf16; what is left over in x is exact. Of what is infinite
// nothing is left over.
CLEARHEAD_ALWAYS_INLINE __m512 take_part(__m512* x) {
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000));
  const __m512 part = _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(*x), upper));
  const __mmask16 leaves =
      _mm512_cmp_ps_mask(_mm512_abs_ps(*x), _mm512_set1_ps(__builtin_inff()), _CMP_NEQ_UQ);
  *x = _mm512_maskz_sub_ps(leaves, *x, part);
  return part;
}

// `rows` columns of b, `count` numbers of each, as two tiles filled up with zeros.
void copy_edge(const bf16* from, std::int64_t stride, std::int64_t rows, std::int64_t count,
               char* to) {
  __builtin_memset(to, 0, 2 * kTileBytes);
  for (std::int64_t r = 0; r < rows; ++r) {
    __builtin_memcpy(to + r * 64, from + r * stride, static_cast<std::size_t>(count) * 2);
  }
  memory_barrier();
}

// One step of 32 columns of b, `stride` bytes apart.
template <int Tiles>
CLEARHEAD_ALWAYS_INLINE void multiply_step(const char* b, std::int64_t stride, const char* packed) {
  _tile_loadd(4, b, stride);
  _tile_loadd(5, b + 16 * stride, stride);
  _tile_loadd(6, packed, 64);
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 5, 6);
  if constexpr (Tiles == 2) {
    _tile_loadd(7, packed + kTileBytes, 64);
    _tile_dpbf16ps(2, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
  }
}

// The sums of 32 columns of b: [2, Tiles] tiles, columns by parts.
template <int Tiles>
void multiply_columns(const char* packed, std::int64_t K, const bf16* b, std::int64_t stride,
                      std::int64_t columns, float* sums) {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (Tiles == 2) {
    _tile_zero(2);
    _tile_zero(3);
  }
  std::int64_t k = 0;
  for (; columns == kFewRowsColumns && k + kStep <= K; k += kStep) {
    multiply_step<Tiles>(reinterpret_cast<const char*>(b + k), stride * 2,
                         packed + k / kStep * Tiles * kTileBytes);
  }
  for (; k < K; k += kStep) {
    alignas(64) char edge[2 * kTileBytes];
    copy_edge(b + k, stride, columns, K - k < kStep ? K - k : kStep, edge);
    multiply_step<Tiles>(edge, 64, packed + k / kStep * Tiles * kTileBytes);
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + Tiles * kTileFloats, 64);
  if constexpr (Tiles == 2) {
    _tile_stored(2, sums + kTileFloats, 64);
    _tile_stored(3, sums + 3 * kTileFloats, 64);
  }
  memory_barrier();
}

// 16 columns of c from the sums of their parts, beginning with the smallest.
template <int Tiles>
void write_columns(const float* sums, std::int64_t parts, const MatrixView<float>& c,
                   bool accumulate) {
  __m512i rows[Tiles * 16];
  for (int i = 0; i < Tiles * 16; ++i) rows[i] = _mm512_load_si512(sums + i * 16);
  for (int t = 0; t < Tiles; ++t) transpose_16x16(rows + t * 16);
  const __mmask16 lanes = first_lanes(c.columns);
  for (std::int64_t m = 0; m < c.rows; ++m) {
    float* const to = c.data + m * c.row_stride;
    const auto part = [&](std::int64_t p) { return _mm512_castsi512_ps(rows[p * c.rows + m]); };
    __m512 sum = part(parts - 1);
    for (std::int64_t p = parts - 2; p >= 0; --p) sum = _mm512_add_ps(sum, part(p));
    if (accumulate) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, to), sum);
    _mm512_mask_storeu_ps(to, lanes, sum);
  }
}

template <int Tiles>
void multiply(const char* packed, std::int64_t parts, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate) {
  const TileScope scope;
  alignas(64) float sums[2 * Tiles * kTileFloats];
  for (std::int64_t j = 0; j < c.columns; j += kFewRowsColumns) {
    const std::int64_t columns = c.columns - j < kFewRowsColumns ? c.columns - j : kFewRowsColumns;
    multiply_columns<Tiles>(packed, b.rows, b.data + j * b.column_stride, b.column_stride, columns,
                            sums);
    for (std::int64_t i = 0; i < columns; i += 16) {
      const std::int64_t count = columns - i < 16 ? columns - i : 16;
      write_columns<Tiles>(sums + i * Tiles * 16, parts, c.part(0, j + i, c.rows, count),
                           accumulate);
    }
  }
}

}  // namespace

std::int64_t few_rows_bytes(std::int64_t M, std::int64_t K, std::int64_t parts) {
  return ceil_div(K, kStep) * part_tiles(M, parts) * kTileBytes;
}

void pack_few_rows(const MatrixView<const float>& a, std::int64_t parts, char* packed) {
  const std::int64_t tiles = part_tiles(a.rows, parts);
  for (std::int64_t k = 0; k < a.columns; k += kStep) {
    // By rows first: a pair of neighbours is 32 bits, so that it is transposed as one.
    __m512i rows[2 * 16];
    for (__m512i& row : rows) row = _mm512_setzero_si512();
    for (std::int64_t m = 0; m < a.rows; ++m) {
      const float* const from = a.data + m * a.row_stride + k;
      __m512 low = _mm512_maskz_loadu_ps(first_lanes(a.columns - k), from);
      __m512 high = _mm512_maskz_loadu_ps(first_lanes(a.columns - k - 16), from + 16);
      for (std::int64_t p = 0; p < parts - 1; ++p) {
        const __m512 of_low = take_part(&low);
        rows[p * a.rows + m] = to_bf16(of_low, take_part(&high));
      }
      rows[(parts - 1) * a.rows + m] = to_bf16(low, high);  // what is left over, rounded
    }
    for (std::int64_t t = 0; t < tiles; ++t, packed += kTileBytes) {
      transpose_16x16(rows + t * 16);
      for (int i = 0; i < 16; ++i) _mm512_store_si512(packed + i * 64, rows[t * 16 + i]);
    }
  }
}

void few_rows(const char* packed, std::int64_t parts, const MatrixView<const bf16>& b,
              const MatrixView<float>& c, bool accumulate) {
  part_tiles(c.rows, parts) == 2 ? multiply<2>(packed, parts, b, c, accumulate)
                                 : multiply<1>(packed, parts, b, c, accumulate);
}

}  // namespace clearhead::kernels::tiles
