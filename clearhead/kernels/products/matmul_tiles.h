// The loops of the matrix product on tiles of bf16, for matmul_bf16.cc and row_blocks_bf16.h. To be
// called only if tiles_serve(precision).
//
// Both factors are packed first, in panels of 32 rows of a and of 32 columns of b. For each 32
// steps of K a panel has two tiles, one after the other; with two parts (x ≈ high + low) the two
// tiles of the low parts follow. A panel is read from front to back.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_TILES_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_TILES_H_

#include "clearhead/base/matrix_view.h"

namespace clearhead::kernels::tiles {

/// Rows or columns of a panel, and the steps along K.
inline constexpr std::int64_t kPanel = 32;
inline constexpr std::int64_t kDepthStep = 32;

/// Bytes of one panel.
std::int64_t panel_bytes(std::int64_t K, int parts);

/// Where panels go.
struct Panels {
  char* at;
  // From one panel to the next: panel_bytes(K, parts); that of a larger K if only some of its steps
  // are packed now.
  std::int64_t bytes;
  int parts;
  bool past_caches;  // too much is packed to be still in a cache when it is read
};

/// Packs panels that cover the rows of a, with zeros beyond.
void pack_rows(const MatrixView<const float>& a, const Panels& panels);

/// Packs panels that cover the columns of b, with zeros beyond.
void pack_columns(const MatrixView<const float>& b, const Panels& panels);

/// A block of a result c = a·b, or c += a·b if `accumulate`. `past_caches`: the whole result is too
/// large to be still in a cache when it is read.
struct Block {
  MatrixView<float> c;
  bool accumulate, past_caches;
};

/// Multiplies the panels of a and b that cover the block, one after the other at `a` and `b`.
/// `sums`: memory for the block's numbers, its rows and columns rounded up to whole panels, from a
/// multiple of 64 bytes on.
void multiply_panels(const Block& block, std::int64_t K, const char* a, const char* b, int parts,
                     float* sums);

/// The same for few panels of a, with all of K at once: block = a·b + bias, or block += a·b + bias.
/// bias [columns] may be nullptr. `sums`: memory for one panel of columns, with rows rounded up to
/// whole panels.
void multiply_rows(const Block& block, std::int64_t K, const char* a, const char* b,
                   const float* bias, float* sums);

/// Writes the block, or adds to it, from groups of 32 × 32 sums, each four tiles one after the
/// other. Group g (of `groups`) of rows and panel j of columns lie at sums + (j·groups + g)·1024.
void write_sums(const Block& block, std::int64_t groups, const float* sums, const float* bias);

}  // namespace clearhead::kernels::tiles

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_TILES_H_
