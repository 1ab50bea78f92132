#include "clearhead/kernels/products/row_blocks.h"

namespace clearhead::kernels {
namespace {

// A block's sums, 512 × 512, are 1 MiB of tiles, which wait in the second-level cache.
constexpr std::int64_t kMostSize = 512;
constexpr std::int64_t kLeastRows = 64;

}  // namespace

WeightGradients::Blocks WeightGradients::blocks_of(const WeightGradient& gradient) const {
  const std::int64_t across = divided_up(gradient.N, kMostSize);
  const std::int64_t each = divided_up(threads_, static_cast<std::int64_t>(all_.size()) * across);
  const std::int64_t down = std::max(divided_up(gradient.M, kMostSize),
                                     std::min(each, divided_up(gradient.M, kLeastRows)));
  const std::int64_t rows = in_panels(divided_up(gradient.M, down));
  return {rows, divided_up(gradient.M, rows), across};
}

std::int64_t WeightGradients::blocks() const {
  std::int64_t count = 0;
  for (const WeightGradient& gradient : all_) {
    const Blocks blocks = blocks_of(gradient);
    if (gradient.data != nullptr) count += blocks.down * blocks.across;
  }
  return count;
}

std::int64_t WeightGradients::workspace() const {
  std::int64_t numbers = 0;
  for (const WeightGradient& gradient : all_) {
    numbers =
        std::max(numbers, blocks_of(gradient).rows * in_panels(std::min(kMostSize, gradient.N)));
  }
  return numbers * static_cast<std::int64_t>(sizeof(float));
}

void WeightGradients::run(std::int64_t block, char* workspace) const {
  for (const WeightGradient& gradient : all_) {
    if (gradient.data == nullptr) continue;
    const Blocks blocks = blocks_of(gradient);
    if (block >= blocks.down * blocks.across) {
      block -= blocks.down * blocks.across;
      continue;
    }
    const std::int64_t row = block / blocks.across * blocks.rows;
    const std::int64_t column = block % blocks.across * kMostSize;
    amx::multiply_panels(
        {std::min(blocks.rows, gradient.M - row), std::min(kMostSize, gradient.N - column), R_,
         gradient.data + row * gradient.N + column, gradient.N, gradient.add,
         /*past_caches=*/false},
        gradient.left + packed_bytes(row, R_), gradient.right + packed_bytes(column, R_), 1,
        reinterpret_cast<float*>(workspace));
    return;
  }
}

}  // namespace clearhead::kernels
