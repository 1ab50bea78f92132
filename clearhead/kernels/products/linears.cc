#include "clearhead/kernels/products/linears.h"

#include <algorithm>

#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {
namespace {

using amx::kPanel;

constexpr std::int64_t kMostRows = 256;
constexpr std::int64_t kMostNumbers = 512 << 10;  // of a block, packed: 1 MiB of a cache of 2
constexpr std::int64_t kMostColumns = kMostNumbers / kPanel;
// The columns of all maps side by side, those of each as whole panels.
std::int64_t all_columns(const LinearsProblem& p) {
  std::int64_t columns = 0;
  for (const LinearMap& map : p.maps) columns += in_panels(map.N);
  return columns;
}

std::int64_t rows_each(const LinearsProblem& p) {
  return rows_of_block(p.R, std::min(kMostRows, kMostNumbers / std::max(p.C, all_columns(p))));
}

// The factors of the weights' gradients.
struct Factors {
  Factors(const LinearsProblem& p, char* memory) {
    Parts parts(memory);
    x = parts.bytes(packed_bytes(p.C, p.R));
    dy = parts.bytes(packed_bytes(all_columns(p), p.R));
    bytes = parts.used();
  }
  char* x;
  char* dy;  // of all maps, one after the other
  std::int64_t bytes;
};

struct Memory {
  Memory(const LinearsProblem& p, Direction direction, char* memory) {
    Parts parts(memory);
    const std::int64_t rows = rows_each(p);
    packed =
        parts.bytes(packed_bytes(rows, direction == Direction::forward ? p.C : all_columns(p)));
    sums = parts.numbers(rows * kPanel);
    bytes = parts.used();
  }
  char* packed;  // rows of x, or of all dy_i side by side
  float* sums;   // of a panel of columns
  std::int64_t bytes;
};

}  // namespace

bool linears_take_bf16(const LinearsProblem& p, Precision precision) {
  const std::int64_t columns = all_columns(p);
  const bool wide =
      std::all_of(p.maps.begin(), p.maps.end(), [](const LinearMap& map) { return map.N >= 16; });
  return precision == Precision::medium && current_target() == Target::amx && p.R >= kPanel &&
         p.C >= 16 && wide && std::max(p.C, columns) <= kMostColumns &&
         p.R * p.C * columns >= kFewestWork;
}

std::int64_t packed_weights_bytes(const LinearsProblem& p, Direction direction) {
  return direction == Direction::forward ? packed_bytes(all_columns(p), p.C)
                                         : packed_bytes(p.C, all_columns(p));
}

// Some panels of columns of the products: of one map forward, of all maps backward.
std::int64_t weight_pieces(const LinearsProblem& p, Direction) {
  std::int64_t lines = p.C;
  for (const LinearMap& map : p.maps) lines = std::max(lines, map.N);
  return static_cast<std::int64_t>(p.maps.size()) * divided_up(lines, kPieceLines);
}

void pack_weight_piece(const LinearsProblem& p, Direction direction, std::int64_t i,
                       char* weights) {
  const auto maps = static_cast<std::int64_t>(p.maps.size());
  const std::int64_t which = i % maps, line = i / maps * kPieceLines;
  std::int64_t before = 0;  // columns of the maps before this one
  for (std::int64_t j = 0; j < which; ++j) before += in_panels(p.maps[j].N);
  const LinearMap& map = p.maps[which];
  if (direction == Direction::forward) {  // y = x·Wᵀ
    if (line >= map.N) return;
    amx::pack_columns(map.w + line * p.C, p.C, true, std::min(kPieceLines, map.N - line), p.C,
                      panels_at(weights + packed_bytes(before + line, p.C), p.C));
  } else {  // dx += dy·W
    if (line >= p.C) return;
    const std::int64_t K = all_columns(p);
    char* const to = weights + packed_bytes(line, K) + amx::panel_bytes(before, 1);
    amx::pack_columns(map.w + line, p.C, false, std::min(kPieceLines, p.C - line), map.N,
                      panels_at(to, K));
  }
}

std::int64_t linears_blocks(const LinearsProblem& p) { return divided_up(p.R, rows_each(p)); }

std::int64_t linears_workspace(const LinearsProblem& p, Direction direction) {
  return Memory(p, direction, nullptr).bytes;
}

void linears_block(const LinearsProblem& p, std::int64_t i, const char* weights,
                   std::span<float* const> y, char* workspace) {
  const Memory m(p, Direction::forward, workspace);
  const auto [row, rows] = rows_of(p.R, rows_each(p), i);
  amx::pack_rows(p.x + row * p.C, p.C, false, rows, p.C, panels_at(m.packed, p.C));
  for (std::size_t map = 0; map < p.maps.size(); ++map) {
    const std::int64_t N = p.maps[map].N;
    amx::multiply_rows({rows, N, p.C, y[map] + row * N, N, /*accumulate=*/false, is_large(p.R, N)},
                       m.packed, weights, p.maps[map].b, m.sums);
    weights += packed_bytes(N, p.C);
  }
}

void linears_backward_block(const LinearsProblem& p, const LinearsBackward& backward,
                            std::int64_t i, const char* weights, char* workspace) {
  const Memory m(p, Direction::backward, workspace);
  const Factors factors(p, backward.factors);
  const auto [row, rows] = rows_of(p.R, rows_each(p), i);
  const bool past_caches = go_past_caches(factors.bytes);
  const std::int64_t K = all_columns(p);
  std::int64_t before = 0;
  for (std::size_t map = 0; map < p.maps.size(); ++map) {
    const std::int64_t N = p.maps[map].N;
    const float* const dy = backward.dy[map] + row * N;
    if (backward.dx != nullptr) {
      amx::pack_rows(dy, N, false, rows, N, panels_at(m.packed + amx::panel_bytes(before, 1), K));
    }
    if (backward.factors != nullptr) {
      amx::pack_rows(dy, N, true, N, rows,
                     panels_from(factors.dy + packed_bytes(before, p.R), p.R, row, past_caches));
    }
    before += in_panels(N);
  }
  if (backward.factors != nullptr) {
    amx::pack_columns(p.x + row * p.C, p.C, false, p.C, rows,
                      panels_from(factors.x, p.R, row, past_caches));
  }
  if (backward.dx != nullptr) {
    amx::multiply_rows(
        {rows, p.C, K, backward.dx + row * p.C, p.C, backward.add_dx, is_large(p.R, p.C)}, m.packed,
        weights, nullptr, m.sums);
  }
}

std::int64_t gradient_factors_bytes(const LinearsProblem& p) { return Factors(p, nullptr).bytes; }

WeightGradient weight_gradient(const LinearsProblem& p, std::size_t map, char* memory, float* dw,
                               bool add) {
  const Factors factors(p, memory);
  std::int64_t before = 0;
  for (std::size_t j = 0; j < map; ++j) before += in_panels(p.maps[j].N);
  return {p.maps[map].N, p.C, factors.dy + packed_bytes(before, p.R), factors.x, dw, add};
}

}  // namespace clearhead::kernels
