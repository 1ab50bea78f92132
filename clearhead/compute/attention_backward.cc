// Attention backward: scores are calculated again, tile by tile, from q, k and the rows' maxima and
// sums (Dao et al. 2022, "FlashAttention", algorithm 4). Which kernels, and how their pieces spread
// over threads.
#include <algorithm>
#include <numeric>
#include <type_traits>

#include "clearhead/compute/attention_internal.h"
#include "clearhead/compute/pieces_internal.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/scalar.h"
#include "clearhead/kernels/attention/simd.h"

namespace clearhead::compute {
namespace {

using kernels::AttentionProblem;
using kernels::kKeyTile;
using kernels::kQueryTile;

// One call: what it reads and where its gradients go.
template <typename T>
struct Backward {
  Backward(const AttentionProblem<T>& of, const AttentionForward& forward, const Tensor& d_z,
           const AttentionGradients<T>& gradients);

  // What comes before anything else that is calculated of a head: delta of its queries, and zeros
  // where its gradients are to be written over, so that all may be added to.
  void begin_queries(std::int64_t b, std::int64_t h) const;
  void begin_keys(std::int64_t b, std::int64_t g) const;
  void set_delta(std::int64_t b, std::int64_t h) const;

  bool wants_operands() const {
    return gradients.q.data != nullptr || gradients.k.data != nullptr ||
           gradients.v.data != nullptr;
  }
  bool nothing_is_added() const {
    const auto is_written = [](const HeadsInto<T>& d) { return d.data == nullptr || !d.add; };
    return is_written(gradients.q) && is_written(gradients.k) && is_written(gradients.v);
  }
  kernels::GradientRows<T> to() const { return {gradients.q, gradients.k, gradients.v}; }

  const AttentionProblem<T>& problem;
  const AttentionGradients<T>& gradients;
  Tensor delta;  // [B, H, T]: Σ_e dz·z of each row
  T* delta_data = delta.mutable_data<T>();
  HeadsView<T> z;
  kernels::AttentionBackward<T> saved;
};

// By the scalar kernels, queries and keys separately.
template <typename T>
void backward_scalar(const Backward<T>& call) {
  const AttentionProblem<T>& problem = call.problem;
  const std::int64_t query_tiles = ceil_div(problem.queries, kQueryTile);
  const std::int64_t key_tiles = ceil_div(problem.keys, kKeyTile);
  if (call.gradients.q.data != nullptr) {
    parallel_for(problem.B * problem.H * query_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / query_tiles;
      const Workspace<T> memory(kernels::attention_workspace_scalar(problem));
      kernels::attention_backward_queries_scalar(problem, call.saved, head / problem.H,
                                                 head % problem.H, i % query_tiles * kQueryTile,
                                                 call.to(), memory.get());
    });
  }
  if (call.gradients.k.data != nullptr || call.gradients.v.data != nullptr) {
    parallel_for(problem.B * problem.G * key_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / key_tiles;
      const Workspace<T> memory(kernels::attention_workspace_scalar(problem));
      kernels::attention_backward_keys_scalar(problem, call.saved, head / problem.G,
                                              head % problem.G, i % key_tiles * kKeyTile, call.to(),
                                              memory.get());
    });
  }
}

// The kernels that can calculate a problem: each tier is faster than the one before and takes fewer
// problems.
enum class Tier { scalar, simd, bf16 };

Tier tier_of(const AttentionProblem<float>& problem) {
  if (kernels::attention_backward_takes_bf16(problem)) return Tier::bf16;
  return kernels::attention_backward_takes_simd(problem) ? Tier::simd : Tier::scalar;
}

// Blocks of queries of a key/value head.
std::int64_t block_count(const AttentionProblem<float>& problem) {
  return tier_of(problem) == Tier::bf16 ? kernels::query_blocks_bf16(problem)
                                        : kernels::query_blocks(problem);
}

// How many rounds backward_rounds takes: one where there are heads enough, or where q is one tensor
// with k or v, so that no two threads add to the same rows of its gradient.
std::int64_t backward_round_count(const Backward<float>& call) {
  const AttentionProblem<float>& problem = call.problem;
  const float* const dq = call.gradients.q.data;
  if (dq != nullptr && (dq == call.gradients.k.data || dq == call.gradients.v.data)) return 1;
  // Work for 16 threads, if a part does not become so small that starting a thread takes longer.
  constexpr std::int64_t kPieces = 16, kSmallestPart = 256;
  const std::int64_t rows_each =
      tier_of(problem) == Tier::bf16 ? kernels::kBf16Queries : kernels::kQueryBlock;
  const std::int64_t most =
      std::min(problem.keys, block_count(problem) * rows_each) / kSmallestPart;
  return std::clamp<std::int64_t>(ceil_div(kPieces, problem.B * problem.G), 1,
                                  std::max<std::int64_t>(most, 1));
}

// Begins a key/value head; gradients that kernels write `over` what lies there need no zeros.
void begin_head(const Backward<float>& call, std::int64_t b, std::int64_t g, bool over) {
  const std::int64_t group = call.problem.H / call.problem.G;
  for (std::int64_t h = g * group; h < (g + 1) * group; ++h) {
    over ? call.set_delta(b, h) : call.begin_queries(b, h);
  }
  if (!over) call.begin_keys(b, g);
}

// By blocks of queries, with vectors or tiles. The pairs of a head are divided into n × n
// rectangles, which are calculated in n rounds: in round r those of key part i and query part i + r
// (mod n). No two rectangles of a round share keys or queries, so they may run at the same time,
// and each gradient is summed in the order of the rounds, for any number of threads. A single round
// begins the heads, too: their rows then come into a cache once.
void backward_rounds(const Backward<float>& call, std::int64_t n) {
  const AttentionProblem<float>& problem = call.problem;
  const bool on_tiles = tier_of(problem) == Tier::bf16;
  const std::int64_t heads = problem.B * problem.G;
  const std::int64_t blocks = block_count(problem);
  const std::int64_t key_tiles = ceil_div(problem.keys, kernels::kKeyBlock);
  // Keys, values and their gradients that stay in a second-level cache while all queries of a part
  // pass by: 1 MiB of 2.
  const std::int64_t near =
      std::max<std::int64_t>(4, (1 << 20) / (8 * (problem.D + problem.Dv) * kernels::kKeyBlock)) *
      kernels::kKeyBlock;
  const std::int64_t work = problem.H / problem.G * ceil_div(problem.queries, n) *
                            ceil_div(problem.keys, n) * (3 * problem.D + 2 * problem.Dv);
  const std::int64_t numbers = on_tiles ? kernels::attention_backward_workspace_bf16(problem)
                                        : kernels::attention_workspace_simd(problem);
  // Tiles can write a whole head's gradients, rather than add to zeros.
  const bool over = on_tiles && n == 1 && call.nothing_is_added();
  for (std::int64_t round = 0; round < n; ++round) {
    for_each_with_memory(numbers, heads * n, work, [&](std::int64_t piece, float* memory) {
      const std::int64_t head = piece / n;
      const std::int64_t key_part = piece % n;
      const std::int64_t query_part = (key_part + round) % n;
      const KeyRange keys{
          key_part * key_tiles / n * kernels::kKeyBlock,
          std::min((key_part + 1) * key_tiles / n * kernels::kKeyBlock, problem.keys)};
      const std::int64_t block = query_part * blocks / n;
      const std::int64_t block_end = (query_part + 1) * blocks / n;
      if (n == 1) begin_head(call, head / problem.G, head % problem.G, over);
      if (on_tiles) {
        kernels::attention_backward_bf16(problem, call.saved, head / problem.G, head % problem.G,
                                         block, block_end, keys, call.to(), over, memory);
        return;
      }
      for (std::int64_t s = keys.begin; s < keys.end; s += near) {
        const KeyRange some{s, std::min(s + near, keys.end)};
        for (std::int64_t i = block; i < block_end; ++i) {
          kernels::attention_backward_simd(
              problem, call.saved,
              kernels::query_block(problem, head / problem.G, head % problem.G, i), some, call.to(),
              memory);
        }
      }
    });
  }
}

template <typename T>
void begin_all(const Backward<T>& call) {
  const AttentionProblem<T>& p = call.problem;
  parallel_for(p.B * p.H, [&](std::int64_t i) { call.begin_queries(i / p.H, i % p.H); });
  parallel_for(p.B * p.G, [&](std::int64_t i) { call.begin_keys(i / p.G, i % p.G); });
}

void backward_operands(const Backward<float>& call) {
  const bool is_scalar = tier_of(call.problem) == Tier::scalar;
  const std::int64_t rounds = is_scalar ? 0 : backward_round_count(call);
  if (rounds != 1) begin_all(call);
  is_scalar ? backward_scalar(call) : backward_rounds(call, rounds);
}

void backward_operands(const Backward<double>& call) {
  begin_all(call);
  backward_scalar(call);
}

// Whoever shares a number of the mask, batches, heads or queries, is gathered by one thread: that
// of its key.
template <typename T>
void backward_mask_tile(const AttentionProblem<T>& problem,
                        const kernels::AttentionBackward<T>& rows, std::int64_t s, T* d_mask) {
  if constexpr (std::is_same_v<T, float>) {
    if (tier_of(problem) != Tier::scalar) {
      const Workspace<float> memory(kernels::attention_workspace_simd(problem));
      kernels::attention_backward_mask_simd(problem, rows, s, d_mask, memory.get());
      return;
    }
  }
  const Workspace<T> memory(kernels::attention_workspace_scalar(problem));
  kernels::attention_backward_mask_scalar(problem, rows, s, d_mask, memory.get());
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const float* dz, std::int64_t dz_stride,
                   const float* z, std::int64_t z_stride, float* delta) {
  kernels::attention_delta_simd(rows, Dv, dz, dz_stride, z, z_stride, delta);
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const double* dz, std::int64_t dz_stride,
                   const double* z, std::int64_t z_stride, double* delta) {
  for (std::int64_t i = 0; i < rows; ++i) {
    delta[i] =
        std::inner_product(dz + i * dz_stride, dz + i * dz_stride + Dv, z + i * z_stride, 0.0);
  }
}

template <typename T>
Backward<T>::Backward(const AttentionProblem<T>& of, const AttentionForward& forward,
                      const Tensor& d_z, const AttentionGradients<T>& into)
    : problem(of),
      gradients(into),
      delta(Tensor::empty({of.B, of.H, of.queries}, dtype_of<T>)),
      z(heads_view<T>(forward.z)),
      saved{forward.row_max.data<T>(), forward.row_sum.data<T>(), heads_view<T>(d_z), delta_data} {}

template <typename T>
void Backward<T>::set_delta(std::int64_t b, std::int64_t h) const {
  delta_of_rows(problem.queries, problem.Dv, saved.dz.row(b, h, 0), saved.dz.stride_t,
                z.row(b, h, 0), z.stride_t, delta_data + (b * problem.H + h) * problem.queries);
}

template <typename T>
void Backward<T>::begin_queries(std::int64_t b, std::int64_t h) const {
  set_delta(b, h);
  if (!gradients.q.add) kernels::fill_zeros<T>(gradients.q, b, h, {0, problem.queries}, problem.D);
}

template <typename T>
void Backward<T>::begin_keys(std::int64_t b, std::int64_t g) const {
  if (!gradients.k.add) kernels::fill_zeros<T>(gradients.k, b, g, {0, problem.keys}, problem.D);
  if (!gradients.v.add) kernels::fill_zeros<T>(gradients.v, b, g, {0, problem.keys}, problem.Dv);
}

}  // namespace

template <typename T>
void attention_backward(const Attention& a, const AttentionForward& forward, const Tensor& any_d_z,
                        const AttentionGradients<T>& gradients) {
  const AttentionProblem<T> problem = problem_of<T>(a);
  const bool dense_rows = a.Dv <= 1 || any_d_z.strides().back() == 1;
  const Tensor d_z = dense_rows ? any_d_z : any_d_z.contiguous();
  const Backward<T> call(problem, forward, d_z, gradients);
  const bool has_rows = problem.B * problem.H * problem.queries > 0;
  if (call.wants_operands() && has_rows) {
    backward_operands(call);
  } else {
    begin_all(call);
  }
  if (gradients.mask == nullptr || !has_rows) return;
  parallel_for(ceil_div(a.S, kKeyTile), [&](std::int64_t i) {
    backward_mask_tile(problem, call.saved, i * kKeyTile, gradients.mask);
  });
}

Tensor empty_gradient(const Attention& a, const Tensor& operand) {
  // What is added to later must stay where it is, and becomes row-major then.
  const void *const q = a.q.address(), *const k = a.k.address(), *const v = a.v.address();
  if (q == k || k == v || v == q) return Tensor::empty(operand.shape(), operand.dtype());
  return in_order_of(operand, operand.shape());
}

template void attention_backward(const Attention&, const AttentionForward&, const Tensor&,
                                 const AttentionGradients<float>&);
template void attention_backward(const Attention&, const AttentionForward&, const Tensor&,
                                 const AttentionGradients<double>&);

}  // namespace clearhead::compute
