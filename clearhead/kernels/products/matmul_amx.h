// The matrix product on tiles of bf16: the loops, for matmul_bf16.cc. Only where amx_available().
//
// Both factors are packed before, in panels of 32 rows of op(a) and 32 columns of op(b): for each
// 32 of K, two tiles one after the other (and with two parts, where x ≈ high + low, the two tiles of
// low parts behind them). A panel is read from front to back.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_AMX_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_AMX_H_

#include <cstdint>

namespace clearhead::kernels::amx {

/// Rows or columns of a panel, and the steps along K.
inline constexpr std::int64_t kPanel = 32;
inline constexpr std::int64_t kDepthStep = 32;

/// Bytes of one panel.
std::int64_t panel_bytes(std::int64_t K, int parts);

/// Where panels go.
struct Panels {
  char* at;
  std::int64_t
      bytes;  // from one panel to the next: panel_bytes(K, parts), or of a larger K, of which
              // some steps are packed now
  int parts;
  bool past_caches;  // so much is packed that it will not be found in a cache when it is read
};

/// Packs panels of op(a) that cover `rows` rows and K columns, with zeros beyond. Element (i, k) is
/// at a[i·stride + k], or a[k·stride + i] if transposed.
void pack_rows(const float* a, std::int64_t stride, bool transposed, std::int64_t rows,
               std::int64_t K, const Panels& panels);

/// Packs panels of op(b) that cover K rows and `columns` columns. Element (k, j) is at
/// b[k·stride + j], or b[j·stride + k] if transposed.
void pack_columns(const float* b, std::int64_t stride, bool transposed, std::int64_t columns,
                  std::int64_t K, const Panels& panels);

/// A block of c = a·b, or c += a·b if `accumulate`. `past_caches`: c is so large that whoever reads
/// it will not find it in a cache anyway.
struct Block {
  std::int64_t rows, columns, K;
  float* c;
  std::int64_t ldc;
  bool accumulate, past_caches;
};

/// Multiplies the panels of a and b that cover the block, one after the other at `a` and `b`. `sums`:
/// memory for rows × columns numbers, both rounded up to whole panels, from a multiple of 64 bytes on.
void multiply_panels(const Block& block, const char* a, const char* b, int parts, float* sums);

/// The same for few panels of a, all of K in one go: block = a·b + bias, or block += …; bias [columns]
/// may be nullptr. `sums`: memory for a panel of columns, rows rounded up to whole panels.
void multiply_rows(const Block& block, const char* a, const char* b, const float* bias,
                   float* sums);

/// Writes block, or adds to it, from groups of 32 × 32 sums, four tiles one after the other: group g of
/// `groups` of rows, of column panel j, at sums + (j·groups + g)·1024.
void write_sums(const Block& block, std::int64_t groups, const float* sums, const float* bias);

}  // namespace clearhead::kernels::amx

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_AMX_H_
