// What linear maps (linear_maps_bf16.cc) and feed-forward parts (feed_forward_bf16.cc) on tiles
// share. Rows are divided into blocks, each of which one thread takes through all products.
// Meanwhile it packs the factors of the weights' gradients too; these are products over all rows,
// and are made last.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_ROW_BLOCKS_BF16_H_
#define CLEARHEAD_KERNELS_PRODUCTS_ROW_BLOCKS_BF16_H_

#include <algorithm>
#include <cstdint>
#include <span>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/products/matmul_amx.h"

namespace clearhead::kernels {

enum class Direction { forward, backward };

/// Below so many multiply-adds packing takes longer than it saves.
inline constexpr std::int64_t kFewestWork = 64 * 64 * 64;
/// Lines of a piece of packing weights.
inline constexpr std::int64_t kPieceLines = 4 * amx::kPanel;

/// n lines as whole panels.
inline std::int64_t in_panels(std::int64_t n) { return round_up(n, amx::kPanel); }

/// Bytes of the packed panels that cover so many lines.
inline std::int64_t packed_bytes(std::int64_t lines, std::int64_t K) {
  return ceil_div(lines, amx::kPanel) * amx::panel_bytes(K, 1);
}
inline amx::Panels panels_at(char* at, std::int64_t K) {
  return {at, amx::panel_bytes(K, 1), 1, /*past_caches=*/false};
}
/// Steps [row, …) of panels over R rows.
inline amx::Panels panels_from(char* at, std::int64_t R, std::int64_t row, bool past_caches) {
  return {at + amx::panel_bytes(row, 1), amx::panel_bytes(R, 1), 1, past_caches};
}
/// Whether factors of so many bytes are written past the caches: when they are read, after all
/// rows, a second-level cache holds none of them any more. Twice what two threads' hold.
inline bool go_past_caches(std::int64_t factor_bytes) { return factor_bytes >= 8 << 20; }

/// Whether `rows` rows of `columns` numbers are so many that whoever reads them next will not find
/// them in a second-level cache: twice what it holds.
inline bool is_large(std::int64_t rows, std::int64_t columns) {
  return rows * columns * static_cast<std::int64_t>(sizeof(float)) >= 4 << 20;
}

/// Rows of a block, of R: whole panels, `most` at most, and otherwise so few that there are about
/// 16 blocks, at least 9, if the rows suffice.
inline std::int64_t rows_of_block(std::int64_t R, std::int64_t most) {
  constexpr std::int64_t kBlocks = 16;
  return std::clamp(in_panels(ceil_div(R, kBlocks)), amx::kPanel,
                    std::max(amx::kPanel, most / amx::kPanel * amx::kPanel));
}

struct RowRange {
  std::int64_t first, count;
};
/// Those of a block, of R rows in all, `each` a block.
inline RowRange rows_of(std::int64_t R, std::int64_t each, std::int64_t block) {
  return {block * each, std::min(each, R - block * each)};
}
/// These rows of a matrix.
template <typename T>
MatrixView<T> rows_of(const MatrixView<T>& m, const RowRange& rows) {
  return m.part(rows.first, 0, rows.count, m.columns);
}

/// Hands out the parts of a piece of memory; of none, nullptr, to count the bytes.
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

/// dw = leftᵀ·right, or dw += …, over R rows, of factors packed as panels of dw's rows and of its
/// columns. It is left out if its data is nullptr.
struct WeightGradient {
  MatrixView<float> dw;
  bool add;
  const char* left;
  const char* right;
};

/// Several of them, as blocks that threads make at the same time. There are enough for `threads`,
/// on which the sums do not depend.
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
