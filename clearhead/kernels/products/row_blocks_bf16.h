// What linear maps (linear_maps_bf16.cc) and feed-forward parts (feed_forward_bf16.cc) on tiles
// share. Rows are divided into blocks, and one thread takes a block through all products. On the
// way it packs the factors of the weights' gradients. These gradients are products over all rows,
// so they are made last.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_ROW_BLOCKS_BF16_H_
#define CLEARHEAD_KERNELS_PRODUCTS_ROW_BLOCKS_BF16_H_

#include <algorithm>
#include <cstdint>
#include <span>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/products/matmul_tiles.h"

namespace clearhead::kernels {

enum class Direction { forward, backward };

/// With fewer multiply-adds packing takes longer than it saves.
inline constexpr std::int64_t kFewestWork = 64 * 64 * 64;
/// Lines of a piece of packing weights.
inline constexpr std::int64_t kPieceLines = 4 * tiles::kPanel;

/// n lines as whole panels.
inline std::int64_t in_panels(std::int64_t n) { return round_up(n, tiles::kPanel); }

/// Bytes of the packed panels that cover `lines` lines.
inline std::int64_t packed_bytes(std::int64_t lines, std::int64_t K) {
  return ceil_div(lines, tiles::kPanel) * tiles::panel_bytes(K, 1);
}
inline tiles::Panels panels_at(char* at, std::int64_t K) {
  return {at, tiles::panel_bytes(K, 1), 1, /*past_caches=*/false};
}
/// Steps [row, …) of panels over R rows.
inline tiles::Panels panels_from(char* at, std::int64_t R, std::int64_t row, bool past_caches) {
  return {at + tiles::panel_bytes(row, 1), tiles::panel_bytes(R, 1), 1, past_caches};
}
/// Whether factors of this many bytes are written past the caches. They are read after all rows,
/// when no second-level cache holds them any more. The limit is twice what those of two threads
/// hold.
inline bool go_past_caches(std::int64_t factor_bytes) { return factor_bytes >= 8 << 20; }

/// How many of R rows a block has: whole panels, at most `most` rows, and few enough for about 16
/// blocks, at least 9, if there are enough rows.
inline std::int64_t rows_of_block(std::int64_t R, std::int64_t most) {
  constexpr std::int64_t kBlocks = 16;
  return std::clamp(in_panels(ceil_div(R, kBlocks)), tiles::kPanel,
                    std::max(tiles::kPanel, most / tiles::kPanel * tiles::kPanel));
}

struct RowRange {
  std::int64_t first, count;
};
/// The rows of block `block`, of R rows in blocks of `each`.
inline RowRange rows_of(std::int64_t R, std::int64_t each, std::int64_t block) {
  return {block * each, std::min(each, R - block * each)};
}
/// These rows of a matrix.
template <typename T>
MatrixView<T> rows_of(const MatrixView<T>& m, const RowRange& rows) {
  return m.part(rows.first, 0, rows.count, m.columns);
}

/// Hands out the parts of a piece of memory; with nullptr it only counts the bytes.
class Parts {
 public:
  explicit Parts(char* memory) : memory_(memory) {}
  char* bytes(std::int64_t n) {
    char* const part = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += round_up(n, 64);
    return part;
  }
  float* numbers(std::int64_t n) { return reinterpret_cast<float*>(bytes(n * 4)); }
  std::int64_t used() const { return used_; }

 private:
  char* memory_;
  std::int64_t used_ = 0;
};

/// dw = leftᵀ·right, or dw += leftᵀ·right, over R rows. The factors are packed as panels of the
/// rows and of the columns of dw. It is left out if the data of dw is nullptr.
struct WeightGradient {
  MatrixView<float> dw;
  bool add;
  const char* left;
  const char* right;
};

/// Several of them, in blocks that threads make at the same time. There are enough blocks for
/// `threads`; the sums do not depend on it.
class WeightGradients {
 public:
  WeightGradients(std::int64_t R, std::span<const WeightGradient> all, std::int64_t threads)
      : R_(R), all_(all), threads_(threads) {}

  std::int64_t blocks() const;
  std::int64_t workspace() const;  // bytes of each
  void run(std::int64_t block, char* workspace) const;

 private:
  struct Blocks {
    std::int64_t rows, down, across;
  };
  Blocks blocks_of(const WeightGradient& gradient) const;

  std::int64_t R_;
  std::span<const WeightGradient> all_;
  std::int64_t threads_;
};

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_ROW_BLOCKS_BF16_H_
