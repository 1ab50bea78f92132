// A feed-forward part on tiles of bf16, a block of rows at a time.
#include "clearhead/kernels/products/feed_forward_bf16.h"

#include <algorithm>

#include "clearhead/base/caches.h"
#include "clearhead/kernels/products/feed_forward_tiles.h"
#include "clearhead/kernels/products/matmul_tiles.h"
#include "clearhead/kernels/rows/activation.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

using tiles::kPanel;

// For a block of 256 rows and a strip of 512 columns of h, backward has 1.2 MiB at hand at C = O =
// 384: the packed rows of x, dy and dh, and the sums of dx. The weights stream by, of a
// second-level cache of 2 MiB in all.
constexpr std::int64_t kMostRows = 256;
constexpr std::int64_t kColumns = 512;
constexpr std::int64_t kMostSums = 128 << 10;  // of a block: fewer rows where C or O is large
constexpr std::int64_t kMostChannels = 1024;

struct Sizes {
  explicit Sizes(const FeedForwardOperands& p)
      : R(p.x.rows), C(p.x.columns), F(p.w_in.rows), O(p.w_out.rows) {}
  std::int64_t R, C, F, O;
};

std::int64_t rows_each(const FeedForwardOperands& p) {
  return rows_of_block(p.x.rows,
                       std::min(kMostRows, kMostSums / std::max(p.x.columns, p.w_out.rows)));
}

// Strips of columns of h.
std::int64_t strips(const FeedForwardOperands& p) { return ceil_div(p.w_in.rows, kColumns); }

constexpr std::int64_t factors_of(Direction direction) {
  return direction == Direction::forward ? 2 : 3;
}

// A right factor made of weights, for a strip: W_inᵀ, which gives h, and what meets it after.
MatrixView<const float> weight_factor(const FeedForwardOperands& p, Direction direction,
                                      std::int64_t strip, std::int64_t which) {
  const Sizes s(p);
  const std::int64_t f = strip * kColumns, columns = std::min(kColumns, s.F - f);
  const MatrixView<const float> w_in = p.w_in.part(f, 0, columns, s.C);
  const MatrixView<const float> w_out = p.w_out.part(0, f, s.O, columns);
  if (which == 0) return w_in.transposed();                        // h = x·W_inᵀ
  if (direction == Direction::forward) return w_out.transposed();  // y = f(h)·W_outᵀ
  return which == 1 ? w_out : w_in;                                // dy·W_out, then dx = dh·W_in
}

// Where it is packed: strip after strip, of which only the last one may be smaller.
std::int64_t weight_offset(const FeedForwardOperands& p, Direction direction, std::int64_t strip,
                           std::int64_t which) {
  const auto bytes = [&](std::int64_t of_strip, std::int64_t factor) {
    const MatrixView<const float> w = weight_factor(p, direction, of_strip, factor);
    return packed_bytes(w.columns, w.rows);
  };
  std::int64_t offset = 0;
  if (strip > 0) {
    for (std::int64_t i = 0; i < factors_of(direction); ++i) offset += strip * bytes(0, i);
  }
  for (std::int64_t i = 0; i < which; ++i) offset += bytes(strip, i);
  return offset;
}

tiles::PackedWeights packed_weights(const FeedForwardOperands& p, Direction direction,
                                    std::int64_t strip, std::int64_t which, const char* weights) {
  const MatrixView<const float> w = weight_factor(p, direction, strip, which);
  return {weights + weight_offset(p, direction, strip, which), ceil_div(w.columns, kPanel),
          ceil_div(w.rows, tiles::kDepthStep)};
}

struct Memory {
  Memory(const FeedForwardOperands& p, Direction direction, char* memory) {
    Parts parts(memory);
    const Sizes s(p);
    const std::int64_t rows = rows_each(p);
    const bool is_backward = direction == Direction::backward;
    x = parts.bytes(packed_bytes(rows, s.C));
    hidden = parts.bytes(packed_bytes(rows, std::min(kColumns, s.F)));
    h = parts.numbers(rows * kPanel);
    sums = parts.numbers(rows * in_panels(is_backward ? s.C : s.O));
    if (is_backward) {
      dy = parts.bytes(packed_bytes(rows, s.O));
      d = parts.numbers(rows * kPanel);
    }
    bytes = parts.used();
  }

  char *x, *hidden, *dy = nullptr;  // packed rows; f(h), or dh in backward
  float *h, *d = nullptr;           // a panel of columns
  float* sums;                      // y, or dx
  std::int64_t bytes;
};

tiles::FeedForwardStrip strip_of(const FeedForwardOperands& p, const Memory& m, std::int64_t rows,
                                 std::int64_t strip, const tiles::PackedWeights& in,
                                 const char* next) {
  const std::int64_t f = strip * kColumns;
  return {ceil_div(rows, kPanel),
          std::min(kColumns, p.w_in.rows - f),
          activation_table(p.activation),
          p.b_in == nullptr ? nullptr : p.b_in + f,
          m.x,
          in,
          m.h,
          m.hidden,
          next};
}

// The factors of the gradients dW_in = dhᵀ·x and dW_out = dyᵀ·f(h).
struct GradientFactors {
  GradientFactors(const FeedForwardOperands& p, char* memory) {
    Parts parts(memory);
    const Sizes s(p);
    dh = parts.bytes(packed_bytes(s.F, s.R));
    x = parts.bytes(packed_bytes(s.C, s.R));
    dy = parts.bytes(packed_bytes(s.O, s.R));
    activated = parts.bytes(packed_bytes(s.F, s.R));
    bytes = parts.used();
  }

  char *dh, *x, *dy, *activated;
  std::int64_t bytes;
};

}  // namespace

bool feed_forward_takes_bf16(const FeedForwardOperands& p, Precision precision) {
  const auto [R, C, F, O] = Sizes(p);
  return precision == Precision::medium && tiles_serve(precision) && R >= kPanel && C >= 16 &&
         F >= 16 && O >= 16 && std::max(C, O) <= kMostChannels &&
         R * F * std::min(C, O) >= kFewestWork;
}

std::int64_t packed_weights_bytes(const FeedForwardOperands& p, Direction direction) {
  return weight_offset(p, direction, strips(p) - 1, factors_of(direction));
}

std::int64_t weight_pieces(const FeedForwardOperands& p, Direction direction) {
  const auto [R, C, F, O] = Sizes(p);
  const std::int64_t most = std::max({std::min(kColumns, F), C, O});
  return strips(p) * factors_of(direction) * ceil_div(most, kPieceLines);
}

void pack_weight_piece(const FeedForwardOperands& p, Direction direction, std::int64_t i,
                       char* weights) {
  const std::int64_t factors = strips(p) * factors_of(direction);
  const std::int64_t strip = i % factors / factors_of(direction), which = i % factors_of(direction);
  const MatrixView<const float> w = weight_factor(p, direction, strip, which);
  const std::int64_t column = i / factors * kPieceLines;
  if (column >= w.columns) return;
  char* const to =
      weights + weight_offset(p, direction, strip, which) + packed_bytes(column, w.rows);
  tiles::pack_columns(w.part(0, column, w.rows, std::min(kPieceLines, w.columns - column)),
                      panels_at(to, w.rows));
}

std::int64_t feed_forward_blocks(const FeedForwardOperands& p) {
  return ceil_div(p.x.rows, rows_each(p));
}

std::int64_t feed_forward_workspace(const FeedForwardOperands& p, Direction direction) {
  return Memory(p, direction, nullptr).bytes;
}

void feed_forward_block(const FeedForwardOperands& p, std::int64_t i, const char* weights,
                        const MatrixView<float>& y, char* workspace) {
  const Memory m(p, Direction::forward, workspace);
  const RowRange rows = rows_of(p.x.rows, rows_each(p), i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::forward, strip, which, weights);
  };
  tiles::pack_rows(rows_of(p.x, rows), panels_at(m.x, p.x.columns));
  for (std::int64_t strip = 0; strip < strips(p); ++strip) {
    const char* const next = weight((strip + 1) % strips(p), 0).panels;
    tiles::forward_strip(strip_of(p, m, rows.count, strip, weight(strip, 0), next),
                         weight(strip, 1), m.sums, /*add=*/strip > 0);
  }
  tiles::write_sums({rows_of(y, rows), /*accumulate=*/false, is_large(y.rows * y.columns)},
                    ceil_div(rows.count, kPanel), m.sums, p.b_out);
}

void feed_forward_backward_block(const FeedForwardOperands& p, const FeedForwardBackward& backward,
                                 std::int64_t i, const char* weights, char* workspace) {
  const Memory m(p, Direction::backward, workspace);
  const auto [R, C, F, O] = Sizes(p);
  const RowRange rows = rows_of(R, rows_each(p), i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::backward, strip, which, weights);
  };
  const MatrixView<const float> x = rows_of(p.x, rows), dy = rows_of(backward.dy, rows);
  const GradientFactors factors(p, backward.factors);
  const bool wants_weights = backward.factors != nullptr;
  const bool past_caches = go_past_caches(factors.bytes);
  // The steps of the factors' panels that are these rows.
  const auto steps = [&](char* panels, std::int64_t line) {
    return panels_from(panels + packed_bytes(line, p.x.rows), p.x.rows, rows.first, past_caches);
  };

  tiles::pack_rows(x, panels_at(m.x, C));
  tiles::pack_rows(dy, panels_at(m.dy, O));
  if (wants_weights) {
    tiles::pack_columns(x, steps(factors.x, 0));
    tiles::pack_rows(dy.transposed(), steps(factors.dy, 0));
  }
  for (std::int64_t strip = 0; strip < strips(p); ++strip) {
    const std::int64_t f = strip * kColumns;
    const char* const next = weight((strip + 1) % strips(p), 0).panels;
    tiles::FeedForwardStripBackward part = {};
    part.dy = m.dy;
    part.dh = weight(strip, 1);
    part.d = m.d;
    part.dx = weight(strip, 2);
    part.sums = backward.dx.data == nullptr ? nullptr : m.sums;
    part.add = strip > 0;
    if (backward.db_in != nullptr) part.d_bias = backward.db_in + i * F + f;
    if (wants_weights) {
      part.left = steps(factors.dh, f).at;
      part.right = steps(factors.activated, f).at;
      part.bytes = tiles::panel_bytes(R, 1);
      part.past_caches = past_caches;
    }
    tiles::backward_strip(strip_of(p, m, rows.count, strip, weight(strip, 0), next), part);
  }
  if (backward.dx.data == nullptr) return;
  tiles::write_sums({rows_of(backward.dx, rows), backward.add_dx, is_large(R * C)},
                    ceil_div(rows.count, kPanel), m.sums, nullptr);
}

std::int64_t gradient_factors_bytes(const FeedForwardOperands& p) {
  return GradientFactors(p, nullptr).bytes;
}

WeightGradient gradient_of_w_in(const FeedForwardOperands& p, char* memory, float* dw, bool add) {
  const GradientFactors factors(p, memory);
  return {{dw, p.w_in.rows, p.w_in.columns}, add, factors.dh, factors.x};
}

WeightGradient gradient_of_w_out(const FeedForwardOperands& p, char* memory, float* dw, bool add) {
  const GradientFactors factors(p, memory);
  return {{dw, p.w_out.rows, p.w_out.columns}, add, factors.dy, factors.activated};
}

}  // namespace clearhead::kernels
