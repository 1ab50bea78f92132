// Linear maps of the same rows on tiles of bf16, a block of rows at a time.
#include "clearhead/kernels/products/linear_maps_bf16.h"

#include <algorithm>

#include "clearhead/base/caches.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

using tiles::kPanel;

constexpr std::int64_t kMostRows = 256;
constexpr std::int64_t kMostNumbers = 512 << 10;  // of a block, packed: 1 MiB of a cache of 2
constexpr std::int64_t kMostColumns = kMostNumbers / kPanel;

// The columns of all maps side by side, those of each as whole panels.
std::int64_t all_columns(const LinearMapsProblem& p) {
  std::int64_t columns = 0;
  for (const LinearMap<float>& map : p.maps) columns += in_panels(map.weight.rows);
  return columns;
}

std::int64_t rows_each(const LinearMapsProblem& p) {
  return rows_of_block(p.x.rows,
                       std::min(kMostRows, kMostNumbers / std::max(p.x.columns, all_columns(p))));
}

// The factors of the weights' gradients.
struct Factors {
  Factors(const LinearMapsProblem& p, char* memory) {
    Parts parts(memory);
    x = parts.bytes(packed_bytes(p.x.columns, p.x.rows));
    dy = parts.bytes(packed_bytes(all_columns(p), p.x.rows));
    bytes = parts.used();
  }
  char* x;
  char* dy;  // of all maps, one after the other
  std::int64_t bytes;
};

struct Memory {
  Memory(const LinearMapsProblem& p, Direction direction, char* memory) {
    Parts parts(memory);
    const std::int64_t rows = rows_each(p);
    packed = parts.bytes(
        packed_bytes(rows, direction == Direction::forward ? p.x.columns : all_columns(p)));
    sums = parts.numbers(rows * kPanel);
    bytes = parts.used();
  }
  char* packed;  // rows of x, or of all dy_i side by side
  float* sums;   // of a panel of columns
  std::int64_t bytes;
};

// Columns of the maps before this one.
std::int64_t columns_before(const LinearMapsProblem& p, std::size_t map) {
  std::int64_t before = 0;
  for (std::size_t i = 0; i < map; ++i) before += in_panels(p.maps[i].weight.rows);
  return before;
}

}  // namespace

bool linear_maps_take_bf16(const LinearMapsProblem& p, Precision precision) {
  const std::int64_t R = p.x.rows, C = p.x.columns, columns = all_columns(p);
  const bool wide = std::all_of(p.maps.begin(), p.maps.end(),
                                [](const LinearMap<float>& map) { return map.weight.rows >= 16; });
  return precision == Precision::medium && tiles_serve(precision) && R >= kPanel && C >= 16 &&
         wide && std::max(C, columns) <= kMostColumns && R * C * columns >= kFewestWork;
}

std::int64_t packed_weights_bytes(const LinearMapsProblem& p, Direction direction) {
  const std::int64_t C = p.x.columns, columns = all_columns(p);
  return direction == Direction::forward ? packed_bytes(columns, C) : packed_bytes(C, columns);
}

// Some panels of columns of the products: of one map forward, of all maps backward.
std::int64_t weight_pieces(const LinearMapsProblem& p, Direction) {
  std::int64_t lines = p.x.columns;
  for (const LinearMap<float>& map : p.maps) lines = std::max(lines, map.weight.rows);
  return static_cast<std::int64_t>(p.maps.size()) * ceil_div(lines, kPieceLines);
}

void pack_weight_piece(const LinearMapsProblem& p, Direction direction, std::int64_t i,
                       char* weights) {
  const auto maps = static_cast<std::int64_t>(p.maps.size());
  const auto which = static_cast<std::size_t>(i % maps);
  const std::int64_t line = i / maps * kPieceLines, C = p.x.columns;
  const std::int64_t before = columns_before(p, which);
  const MatrixView<const float>& w = p.maps[which].weight;
  if (direction == Direction::forward) {  // y = x·Wᵀ
    if (line >= w.rows) return;
    const std::int64_t lines = std::min(kPieceLines, w.rows - line);
    tiles::pack_columns(w.part(line, 0, lines, C).transposed(),
                        panels_at(weights + packed_bytes(before + line, C), C));
  } else {  // dx += dy·W
    if (line >= C) return;
    const std::int64_t K = all_columns(p);
    char* const to = weights + packed_bytes(line, K) + tiles::panel_bytes(before, 1);
    tiles::pack_columns(w.part(0, line, w.rows, std::min(kPieceLines, C - line)), panels_at(to, K));
  }
}

std::int64_t linear_maps_blocks(const LinearMapsProblem& p) {
  return ceil_div(p.x.rows, rows_each(p));
}

std::int64_t linear_maps_workspace(const LinearMapsProblem& p, Direction direction) {
  return Memory(p, direction, nullptr).bytes;
}

void linear_maps_block(const LinearMapsProblem& p, std::int64_t i, const char* weights,
                       std::span<const MatrixView<float>> y, char* workspace) {
  const Memory m(p, Direction::forward, workspace);
  const std::int64_t R = p.x.rows, C = p.x.columns;
  const RowRange rows = rows_of(R, rows_each(p), i);
  tiles::pack_rows(rows_of(p.x, rows), panels_at(m.packed, C));
  for (std::size_t map = 0; map < p.maps.size(); ++map) {
    const std::int64_t N = p.maps[map].weight.rows;
    tiles::multiply_rows({rows_of(y[map], rows), /*accumulate=*/false, is_large(R * N)}, C,
                         m.packed, weights, p.maps[map].bias, m.sums);
    weights += packed_bytes(N, C);
  }
}

void linear_maps_backward_block(const LinearMapsProblem& p, const LinearMapsBackward& backward,
                                std::int64_t i, const char* weights, char* workspace) {
  const Memory m(p, Direction::backward, workspace);
  const Factors factors(p, backward.factors);
  const bool wants_dx = backward.dx.data != nullptr, wants_dw = backward.factors != nullptr;
  const bool past_caches = go_past_caches(factors.bytes);
  const std::int64_t R = p.x.rows, K = all_columns(p);
  const RowRange rows = rows_of(R, rows_each(p), i);
  std::int64_t before = 0;
  for (const MatrixView<const float>& all_dy : backward.dy) {
    const MatrixView<const float> dy = rows_of(all_dy, rows);
    if (wants_dx) {
      tiles::pack_rows(dy, panels_at(m.packed + tiles::panel_bytes(before, 1), K));
    }
    if (wants_dw) {
      tiles::pack_rows(dy.transposed(), panels_from(factors.dy + packed_bytes(before, R), R,
                                                    rows.first, past_caches));
    }
    before += in_panels(dy.columns);
  }
  if (wants_dw) {
    tiles::pack_columns(rows_of(p.x, rows), panels_from(factors.x, R, rows.first, past_caches));
  }
  if (wants_dx) {
    tiles::multiply_rows({rows_of(backward.dx, rows), backward.add_dx, is_large(R * p.x.columns)},
                         K, m.packed, weights, nullptr, m.sums);
  }
}

std::int64_t gradient_factors_bytes(const LinearMapsProblem& p) {
  return Factors(p, nullptr).bytes;
}

WeightGradient weight_gradient(const LinearMapsProblem& p, std::size_t map, char* memory, float* dw,
                               bool add) {
  const Factors factors(p, memory);
  return {{dw, p.maps[map].weight.rows, p.x.columns},
          add,
          factors.dy + packed_bytes(columns_before(p, map), p.x.rows),
          factors.x};
}

}  // namespace clearhead::kernels
