#include "clearhead/kernels/feed_forward.h"

#include <algorithm>

#include "clearhead/kernels/dispatch.h"
#include "clearhead/kernels/feed_forward_amx.h"
#include "clearhead/kernels/matmul_amx.h"

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
constexpr std::int64_t kFewestBlocks = 16;  // work for as many threads, if the rows suffice

// From this size on y is written past the caches: twice what a second-level cache holds.
constexpr std::int64_t kLargeBytes = 4 << 20;

constexpr std::int64_t kPiecePanels = 4;  // of a piece of packing

// A block of a weight's gradient, and the packed lines that it reads over and over: 512 × 512 sums
// are 1 MiB of tiles, which wait in the second-level cache.
constexpr std::int64_t kGradientSize = 512;
constexpr std::int64_t kFewestWork = 64 * 64 * 64;

std::int64_t divided_up(std::int64_t n, std::int64_t by) { return (n + by - 1) / by; }
std::int64_t in_panels(std::int64_t n) { return divided_up(n, kPanel) * kPanel; }

std::int64_t packed_bytes(std::int64_t lines, std::int64_t K) {
  return divided_up(lines, kPanel) * amx::panel_bytes(K, 1);
}

amx::Panels panels_at(char* at, std::int64_t K) {
  return {at, amx::panel_bytes(K, 1), 1, /*past_caches=*/false};
}

std::int64_t rows_each(const FeedForwardProblem& p) {
  const std::int64_t most = std::min(kMostRows, kMostSums / std::max(p.C, p.O) / kPanel * kPanel);
  return std::clamp(in_panels(divided_up(p.R, kFewestBlocks)), kPanel, most);
}

std::int64_t strips(const FeedForwardProblem& p) { return divided_up(p.F, kColumns); }

// A right factor made of weights, for the columns [first, first + F) of h: W_inᵀ, which gives them,
// and what they meet after.
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

// Hands out the parts of a piece of memory; of none, nullptr, to count the bytes.
class Parts {
 public:
  explicit Parts(char* memory) : memory_(memory) {}
  char* bytes(std::int64_t n) {
    char* const part = memory_ == nullptr ? nullptr : memory_ + used_;
    used_ += divided_up(n, 64) * 64;
    return part;
  }
  float* numbers(std::int64_t n) { return reinterpret_cast<float*>(bytes(n * 4)); }
  std::int64_t used() const { return used_; }

 private:
  char* memory_;
  std::int64_t used_ = 0;
};

struct Memory {
  Memory(const FeedForwardProblem& p, Direction direction, Parts& parts) {
    const std::int64_t rows = rows_each(p);
    const bool is_backward = direction == Direction::backward;
    x = parts.bytes(packed_bytes(rows, p.C));
    hidden = parts.bytes(packed_bytes(rows, std::min(kColumns, p.F)));
    h = parts.numbers(rows * kPanel);
    sums = parts.numbers(rows * in_panels(is_backward ? p.C : p.O));
    if (!is_backward) return;
    dy = parts.bytes(packed_bytes(rows, p.O));
    d = parts.numbers(rows * kPanel);
  }

  char *x, *hidden, *dy = nullptr;  // packed rows; f(h), or dh in backward
  float *h, *d = nullptr;           // a panel of columns
  float* sums;                      // y, or dx
};

// The rows of a block.
struct Rows {
  std::int64_t first, count;
};
Rows rows_of(const FeedForwardProblem& p, std::int64_t i) {
  const std::int64_t first = i * rows_each(p);
  return {first, std::min(rows_each(p), p.R - first)};
}

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

bool is_large(std::int64_t rows, std::int64_t columns) {
  return rows * columns * static_cast<std::int64_t>(sizeof(float)) >= kLargeBytes;
}

// The factors of the gradients dW_in = dhᵀ·x and dW_out = dyᵀ·f(h).
struct GradientFactors {
  GradientFactors(const FeedForwardProblem& p, Parts& parts)
      : dh(parts.bytes(packed_bytes(p.F, p.R))),
        x(parts.bytes(packed_bytes(p.C, p.R))),
        dy(parts.bytes(packed_bytes(p.O, p.R))),
        activated(parts.bytes(packed_bytes(p.F, p.R))) {}

  char *dh, *x, *dy, *activated;
};

// Where the steps of these rows lie in the panels of `lines` lines from `line` on.
amx::Panels factor_panels(const FeedForwardProblem& p, char* factor, std::int64_t line,
                          std::int64_t row) {
  const std::int64_t bytes = amx::panel_bytes(p.R, 1);
  return {factor + line / kPanel * bytes + amx::panel_bytes(row, 1), bytes, 1,
          /*past_caches=*/true};
}

// The two gradients as products over the R rows.
struct GradientBlocks {
  GradientBlocks(const FeedForwardProblem& p, std::int64_t threads) {
    const auto divide = [&](std::int64_t lines, std::int64_t columns) {
      across = divided_up(columns, kGradientSize);
      const std::int64_t wanted = divided_up(threads, across);
      const std::int64_t down = std::max(divided_up(lines, kGradientSize),
                                         std::min(wanted, divided_up(lines, 4 * kPanel)));
      return in_panels(divided_up(lines, down));
    };
    rows_out = divide(p.O, p.F);
    across_out = across;
    rows_in = divide(p.F, p.C);
    across_in = across;
    count_in = divided_up(p.F, rows_in) * across_in;
    count_out = divided_up(p.O, rows_out) * across_out;
  }

  std::int64_t rows_in, across_in, count_in;     // of dW_in
  std::int64_t rows_out, across_out, count_out;  // of dW_out
  std::int64_t across;
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
  return strips(p) * factors_of(direction) * divided_up(most, kPiecePanels * kPanel);
}

void pack_weight_piece(const FeedForwardProblem& p, Direction direction, std::int64_t i,
                       char* weights) {
  constexpr std::int64_t kLines = kPiecePanels * kPanel;
  const std::int64_t factors = strips(p) * factors_of(direction);
  const std::int64_t strip = i % factors / factors_of(direction), which = i % factors_of(direction);
  const WeightFactor w = weight_factor(p, direction, strip, which);
  const std::int64_t line = i / factors * kLines;
  if (line >= w.lines) return;
  char* const to = weights + weight_offset(p, direction, strip, which) + packed_bytes(line, w.K);
  amx::pack_columns(w.data + line * (w.transposed ? w.stride : 1), w.stride, w.transposed,
                    std::min(kLines, w.lines - line), w.K, panels_at(to, w.K));
}

std::int64_t feed_forward_blocks(const FeedForwardProblem& p) {
  return divided_up(p.R, rows_each(p));
}

std::int64_t feed_forward_workspace(const FeedForwardProblem& p, Direction direction) {
  Parts parts(nullptr);
  const Memory memory(p, direction, parts);
  return parts.used();
}

void feed_forward_block(const FeedForwardProblem& p, std::int64_t i, const char* weights, float* y,
                        char* workspace) {
  Parts parts(workspace);
  const Memory m(p, Direction::forward, parts);
  const auto [row, rows] = rows_of(p, i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::forward, strip, which, weights);
  };
  amx::pack_rows(p.x + row * p.C, p.C, false, rows, p.C, panels_at(m.x, p.C));
  for (std::int64_t strip = 0; strip < strips(p); ++strip) {
    const char* const next = weight((strip + 1) % strips(p), 0).panels;
    amx::forward_strip(strip_of(p, m, rows, strip, weight(strip, 0), next), weight(strip, 1),
                       m.sums,
                       /*add=*/strip > 0);
  }
  amx::write_sums(m.sums, divided_up(rows, kPanel), rows, p.O, p.b_out, /*add=*/false,
                  is_large(p.R, p.O), p.O, y + row * p.O);
}

void feed_forward_backward_block(const FeedForwardProblem& p, const FeedForwardBackward& backward,
                                 std::int64_t i, const char* weights, char* workspace) {
  Parts parts(workspace);
  const Memory m(p, Direction::backward, parts);
  const auto [row, rows] = rows_of(p, i);
  const auto weight = [&](std::int64_t strip, std::int64_t which) {
    return packed_weights(p, Direction::backward, strip, which, weights);
  };
  const float *const x = p.x + row * p.C, *const dy = backward.dy + row * p.O;
  Parts of_factors(backward.factors);
  const GradientFactors factors(p, of_factors);
  const bool wants_weights = backward.factors != nullptr;

  amx::pack_rows(x, p.C, false, rows, p.C, panels_at(m.x, p.C));
  amx::pack_rows(dy, p.O, false, rows, p.O, panels_at(m.dy, p.O));
  if (wants_weights) {
    amx::pack_columns(x, p.C, false, p.C, rows, factor_panels(p, factors.x, 0, row));
    amx::pack_rows(dy, p.O, true, p.O, rows, factor_panels(p, factors.dy, 0, row));
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
      part.left = factor_panels(p, factors.dh, f, row).at;
      part.right = factor_panels(p, factors.activated, f, row).at;
      part.bytes = amx::panel_bytes(p.R, 1);
    }
    amx::backward_strip(strip_of(p, m, rows, strip, weight(strip, 0), next), part);
  }
  if (backward.dx == nullptr) return;
  amx::write_sums(m.sums, divided_up(rows, kPanel), rows, p.C, nullptr, backward.add_dx,
                  is_large(p.R, p.C), p.C, backward.dx + row * p.C);
}

std::int64_t weight_factors_bytes(const FeedForwardProblem& p) {
  Parts parts(nullptr);
  const GradientFactors factors(p, parts);
  return parts.used();
}

std::int64_t weight_gradient_blocks(const FeedForwardProblem& p, std::int64_t threads) {
  const GradientBlocks blocks(p, threads);
  return blocks.count_in + blocks.count_out;
}

std::int64_t weight_gradient_workspace(const FeedForwardProblem& p, std::int64_t threads) {
  const GradientBlocks blocks(p, threads);
  return std::max(blocks.rows_in, blocks.rows_out) * kGradientSize * 4;
}

void weight_gradient_block(const FeedForwardProblem& p, std::int64_t threads, std::int64_t i,
                           const char* packed, const WeightGradient& dw_in,
                           const WeightGradient& dw_out, char* workspace) {
  const GradientBlocks blocks(p, threads);
  Parts parts(const_cast<char*>(packed));  // read from here on
  const GradientFactors factors(p, parts);
  const bool is_in = i < blocks.count_in;
  const WeightGradient& dw = is_in ? dw_in : dw_out;
  if (dw.data == nullptr) return;
  if (!is_in) i -= blocks.count_in;
  const std::int64_t M = is_in ? p.F : p.O, N = is_in ? p.C : p.F;
  const std::int64_t across = is_in ? blocks.across_in : blocks.across_out;
  const std::int64_t most = is_in ? blocks.rows_in : blocks.rows_out;
  const std::int64_t row = i / across * most, column = i % across * kGradientSize;
  amx::multiply_panels({std::min(most, M - row), std::min(kGradientSize, N - column), p.R,
                        dw.data + row * N + column, N, dw.add, /*past_caches=*/false},
                       (is_in ? factors.dh : factors.dy) + packed_bytes(row, p.R),
                       (is_in ? factors.x : factors.activated) + packed_bytes(column, p.R), 1,
                       reinterpret_cast<float*>(workspace));
}

}  // namespace clearhead::kernels
