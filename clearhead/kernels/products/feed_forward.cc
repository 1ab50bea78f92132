#include "clearhead/kernels/products/feed_forward.h"

#include <algorithm>

#include "clearhead/kernels/products/feed_forward_amx.h"
#include "clearhead/kernels/products/matmul_amx.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {
namespace {

using amx::kPanel;

// For a block of 256 rows and a strip of 512 columns of h, backward has 1.2 MiB at hand at C = O = 384:
// the packed rows of x, dy and dh, and the sums of dx. The weights stream by, of a second-level cache
// of 2 MiB in all.
constexpr std::int64_t kMostRows = 256;
constexpr std::int64_t kColumns = 512;
constexpr std::int64_t kMostSums = 128 << 10;  // of a block: fewer rows where C or O is large
constexpr std::int64_t kMostChannels = 1024;

std::int64_t rows_each(const FeedForwardProblem& p) {
  return rows_of_block(p.R, std::min(kMostRows, kMostSums / std::max(p.C, p.O)));
}

std::int64_t strips(const FeedForwardProblem& p) { return divided_up(p.F, kColumns); }

// A right factor made of weights, for a strip of columns of h: W_inᵀ, which gives them, and what they
// meet after.
struct WeightFactor {
  const float* data;
  std::int64_t stride;
  bool transposed;
  std::int64_t lines, K;
};

constexpr std::int64_t factors_of(Direction direction) {
  return direction == Direction::forward ? 2 : 3;
}

WeightFactor weight_factor(const FeedForwardProblem& p, Direction direction, std::int64_t strip,
                           std::int64_t which) {
  const std::int64_t f = strip * kColumns, columns = std::min(kColumns, p.F - f);
  if (which == 0) return {p.w_in + f * p.C, p.C, true, columns, p.C};  // h = x·W_inᵀ
  if (direction == Direction::forward) {
    return {p.w_out + f, p.F, true, p.O, columns};  // y = f(h)·W_outᵀ
  }
  if (which == 1) return {p.w_out + f, p.F, false, columns, p.O};  // dy·W_out
  return {p.w_in + f * p.C, p.C, false, p.C, columns};             // dx = dh·W_in
}

// Where it is packed: strip after strip, of which only the last one may be smaller.
std::int64_t weight_offset(const FeedForwardProblem& p, Direction direction, std::int64_t strip,
                           std::int64_t which) {
  const auto bytes = [&](std::int64_t of_strip, std::int64_t factor) {
    const WeightFactor w = weight_factor(p, direction, of_strip, factor);
    return packed_bytes(w.lines, w.K);
  };
  std::int64_t offset = 0;
  if (strip > 0) {
    for (std::int64_t i = 0; i < factors_of(direction); ++i) offset += strip * bytes(0, i);
  }
  for (std::int64_t i = 0; i < which; ++i) offset += bytes(strip, i);
  return offset;
}

amx::PackedWeights packed_weights(const FeedForwardProblem& p, Direction direction,
                                  std::int64_t strip, std::int64_t which, const char* weights) {
  const WeightFactor w = weight_factor(p, direction, strip, which);
  return {weights + weight_offset(p, direction, strip, which), divided_up(w.lines, kPanel),
          divided_up(w.K, amx::kDepthStep)};
}

struct Memory {
  Memory(const FeedForwardProblem& p, Direction direction, char* memory) {
    Parts parts(memory);
    const std::int64_t rows = rows_each(p);
    const bool is_backward = direction == Direction::backward;
    x = parts.bytes(packed_bytes(rows, p.C));
    hidden = parts.bytes(packed_bytes(rows, std::min(kColumns, p.F)));
    h = parts.numbers(rows * kPanel);
    sums = parts.numbers(rows * in_panels(is_backward ? p.C : p.O));
    if (is_backward) {
      dy = parts.bytes(packed_bytes(rows, p.O));
      d = parts.numbers(rows * kPanel);
    }
    bytes = parts.used();
  }

  char *x, *hidden, *dy = nullptr;  // packed rows; f(h), or dh in backward
  float *h, *d = nullptr;           // a panel of columns
  float* sums;                      // y, or dx
  std::int64_t bytes;
};

amx::FeedForwardStrip strip_of(const FeedForwardProblem& p, const Memory& m, std::int64_t rows,
                               std::int64_t strip, const amx::PackedWeights& in, const char* next) {
  const std::int64_t f = strip * kColumns;
  return {divided_up(rows, kPanel),
          std::min(kColumns, p.F - f),
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
  GradientFactors(const FeedForwardProblem& p, char* memory) {
    Parts parts(memory);
    dh = parts.bytes(packed_bytes(p.F, p.R));
    x = parts.bytes(packed_bytes(p.C, p.R));
    dy = parts.bytes(packed_bytes(p.O, p.R));
    activated = parts.bytes(packed_bytes(p.F, p.R));
    bytes = parts.used();
  }

  char *dh, *x, *dy, *activated;
  std::int64_t bytes;
};

}  // namespace

bool feed_forward_takes_bf16(const FeedForwardProblem& p, Precision precision) {
  return precision == Precision::medium && current_target() == Target::amx && p.R >= kPanel &&
         p.C >= 16 && p.F >= 16 && p.O >= 16 && std::max(p.C, p.O) <= kMostChannels &&
         p.R * p.F * std::min(p.C, p.O) >= kFewestWork;
}

std::int64_t packed_weights_bytes(const FeedForwardProblem& p, Direction direction) {
  return weight_offset(p, direction, strips(p) - 1, factors_of(direction));
}

std::int64_t weight_pieces(const FeedForwardProblem& p, Direction direction) {
  const std::int64_t most = std::max({std::min(kColumns, p.F), p.C, p.O});
  return strips(p) * factors_of(direction) * divided_up(most, kPieceLines);
}

void pack_weight_piece(const FeedForwardProblem& p, Direction direction, std::int64_t i,
                       char* weights) {
  const std::int64_t factors = strips(p) * factors_of(direction);
  const std::int64_t strip = i % factors / factors_of(direction), which = i % factors_of(direction);
  const WeightFactor w = weight_factor(p, direction, strip, which);
  const std::int64_t line = i / factors * kPieceLines;
  if (line >= w.lines) return;
  char* const to = weights + weight_offset(p, direction, strip, which) + packed_bytes(line, w.K);
  amx::pack_columns(w.data + line * (w.transposed ? w.stride : 1), w.stride, w.transposed,
                    std::min(kPieceLines, w.lines - line), w.K, panels_at(to, w.K));
}

std::int64_t feed_forward_blocks(const FeedForwardProblem& p) {
  return divided_up(p.R, rows_each(p));
}

std::int64_t feed_forward_workspace(const FeedForwardProblem& p, Direction direction) {
  return Memory(p, direction, nullptr).bytes;
}

void feed_forward_block(const FeedForwardProblem& p, std::int64_t i, const char* weights, float* y,
                        char* workspace) {
  const Memory m(p, Direction::forward, workspace);
  const auto [row, rows] = rows_of(p.R, rows_each(p), i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::forward, strip, which, weights);
  };
  amx::pack_rows(p.x + row * p.C, p.C, false, rows, p.C, panels_at(m.x, p.C));
  for (std::int64_t strip = 0; strip < strips(p); ++strip) {
    const char* const next = weight((strip + 1) % strips(p), 0).panels;
    amx::forward_strip(strip_of(p, m, rows, strip, weight(strip, 0), next), weight(strip, 1),
                       m.sums, /*add=*/strip > 0);
  }
  amx::write_sums({rows, p.O, p.F, y + row * p.O, p.O, /*accumulate=*/false, is_large(p.R, p.O)},
                  divided_up(rows, kPanel), m.sums, p.b_out);
}

void feed_forward_backward_block(const FeedForwardProblem& p, const FeedForwardBackward& backward,
                                 std::int64_t i, const char* weights, char* workspace) {
  const Memory m(p, Direction::backward, workspace);
  const auto [row, rows] = rows_of(p.R, rows_each(p), i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::backward, strip, which, weights);
  };
  const float *const x = p.x + row * p.C, *const dy = backward.dy + row * p.O;
  const GradientFactors factors(p, backward.factors);
  const bool wants_weights = backward.factors != nullptr;
  const bool past_caches = go_past_caches(factors.bytes);

  amx::pack_rows(x, p.C, false, rows, p.C, panels_at(m.x, p.C));
  amx::pack_rows(dy, p.O, false, rows, p.O, panels_at(m.dy, p.O));
  if (wants_weights) {
    amx::pack_columns(x, p.C, false, p.C, rows, panels_from(factors.x, p.R, row, past_caches));
    amx::pack_rows(dy, p.O, true, p.O, rows, panels_from(factors.dy, p.R, row, past_caches));
  }
  for (std::int64_t strip = 0; strip < strips(p); ++strip) {
    const std::int64_t f = strip * kColumns;
    const char* const next = weight((strip + 1) % strips(p), 0).panels;
    amx::FeedForwardStripBackward part = {};
    part.dy = m.dy;
    part.dh = weight(strip, 1);
    part.d = m.d;
    part.dx = weight(strip, 2);
    part.sums = backward.dx == nullptr ? nullptr : m.sums;
    part.add = strip > 0;
    if (backward.db_in != nullptr) part.d_bias = backward.db_in + i * p.F + f;
    if (wants_weights) {
      part.left = panels_from(factors.dh + packed_bytes(f, p.R), p.R, row, past_caches).at;
      part.right = panels_from(factors.activated + packed_bytes(f, p.R), p.R, row, past_caches).at;
      part.bytes = amx::panel_bytes(p.R, 1);
      part.past_caches = past_caches;
    }
    amx::backward_strip(strip_of(p, m, rows, strip, weight(strip, 0), next), part);
  }
  if (backward.dx == nullptr) return;
  amx::write_sums(
      {rows, p.C, p.F, backward.dx + row * p.C, p.C, backward.add_dx, is_large(p.R, p.C)},
      divided_up(rows, kPanel), m.sums, nullptr);
}

std::int64_t gradient_factors_bytes(const FeedForwardProblem& p) {
  return GradientFactors(p, nullptr).bytes;
}

WeightGradient gradient_of_w_in(const FeedForwardProblem& p, char* memory, float* dw, bool add) {
  const GradientFactors factors(p, memory);
  return {p.F, p.C, factors.dh, factors.x, dw, add};
}

WeightGradient gradient_of_w_out(const FeedForwardProblem& p, char* memory, float* dw, bool add) {
  const GradientFactors factors(p, memory);
  return {p.O, p.F, factors.dy, factors.activated, dw, add};
}

}  // namespace clearhead::kernels
