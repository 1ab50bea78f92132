// The blocks of rows that linear maps and feed-forward parts share on tiles.
#include "clearhead/kernels/products/row_blocks_bf16.h"

namespace clearhead::kernels {
namespace {

// A block's sums, 512 × 512, are 1 MiB of tiles, which wait in the second-level cache.
constexpr std::int64_t kMostSize = 512;
constexpr std::int64_t kLeastRows = 64;

}  // namespace

WeightGradients::Blocks WeightGradients::blocks_of(const WeightGradient& gradient) const {
  const auto& [dw, add, left, right] = gradient;
  const std::int64_t across = ceil_div(dw.columns, kMostSize);
  const std::int64_t each = ceil_div(threads_, static_cast<std::int64_t>(all_.size()) * across);
  const std::int64_t down =
      std::max(ceil_div(dw.rows, kMostSize), std::min(each, ceil_div(dw.rows, kLeastRows)));
  const std::int64_t rows = in_panels(ceil_div(dw.rows, down));
  return {rows, ceil_div(dw.rows, rows), across};
}

std::int64_t WeightGradients::blocks() const {
  std::int64_t count = 0;
  for (const WeightGradient& gradient : all_) {
    const Blocks blocks = blocks_of(gradient);
    if (gradient.dw.data != nullptr) count += blocks.down * blocks.across;
  }
  return count;
}

std::int64_t WeightGradients::workspace() const {
  std::int64_t numbers = 0;
  for (const WeightGradient& gradient : all_) {
    const std::int64_t columns = in_panels(std::min(kMostSize, gradient.dw.columns));
    numbers = std::max(numbers, blocks_of(gradient).rows * columns);
  }
  return numbers * static_cast<std::int64_t>(sizeof(float));
}

void WeightGradients::run(std::int64_t block, char* workspace) const {
  for (const auto& [dw, add, left, right] : all_) {
    if (dw.data == nullptr) continue;
    const Blocks blocks = blocks_of({dw, add, left, right});
    if (block >= blocks.down * blocks.across) {
      block -= blocks.down * blocks.across;
      continue;
    }
    const std::int64_t row = block / blocks.across * blocks.rows;
    const std::int64_t column = block % blocks.across * kMostSize;
    const MatrixView<float> c = dw.part(row, column, std::min(blocks.rows, dw.rows - row),
                                        std::min(kMostSize, dw.columns - column));
    tiles::multiply_panels({c, add, /*past_caches=*/false}, R_, left + packed_bytes(row, R_),
                           right + packed_bytes(column, R_), 1,
                           reinterpret_cast<float*>(workspace));
    return;
  }
}

}  // namespace clearhead::kernels
