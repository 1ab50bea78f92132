// Attention backward: scores are calculated again, tile by tile, from q, k and the rows' maxima and
// sums (Dao et al. 2022, "FlashAttention", algorithm 4). Which kernels, and how their pieces spread
// over threads.
#include <algorithm>
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

// What backward adds to; null where no gradient is wanted.
template <typename T>
struct Wanted {
  T* dq;
  T* dk;
  T* dv;
};

// By the scalar kernels, queries and keys separately.
template <typename T>
void backward_tiles(const AttentionProblem<T>& problem, const kernels::AttentionBackward<T>& rows,
                    const Wanted<T>& wanted) {
  const std::int64_t query_tiles = ceil_div(problem.queries, kQueryTile);
  const std::int64_t key_tiles = ceil_div(problem.keys, kKeyTile);
  if (wanted.dq != nullptr) {
    parallel_for(problem.B * problem.H * query_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / query_tiles;
      const Workspace<T> memory(kernels::attention_workspace_scalar(problem));
      kernels::attention_backward_queries_scalar(problem, rows, head / problem.H, head % problem.H,
                                                 i % query_tiles * kQueryTile, wanted.dq,
                                                 memory.get());
    });
  }
  if (wanted.dk != nullptr || wanted.dv != nullptr) {
    parallel_for(problem.B * problem.G * key_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / key_tiles;
      const Workspace<T> memory(kernels::attention_workspace_scalar(problem));
      kernels::attention_backward_keys_scalar(problem, rows, head / problem.G, head % problem.G,
                                              i % key_tiles * kKeyTile, wanted.dk, wanted.dv,
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

// How many rounds backward_rounds takes: one where there are heads enough.
std::int64_t backward_round_count(const AttentionProblem<float>& problem) {
  // Work for 16 threads, if a part does not become so small that starting a thread takes longer.
  constexpr std::int64_t kPieces = 16, kSmallestPart = 256;
  const std::int64_t rows_each =
      tier_of(problem) == Tier::bf16 ? kernels::kBf16Queries : kernels::kQueryBlock;
  const std::int64_t most =
      std::min(problem.keys, block_count(problem) * rows_each) / kSmallestPart;
  return std::clamp<std::int64_t>(ceil_div(kPieces, problem.B * problem.G), 1,
                                  std::max<std::int64_t>(most, 1));
}

// By blocks of queries, with vectors or tiles. The pairs of a head are divided into n × n
// rectangles, which are calculated in n rounds: in round r those of key part i and query part i + r
// (mod n). No two rectangles of a round share keys or queries, so they may run at the same time,
// and each gradient is summed in the order of the rounds, for any number of threads.
void backward_rounds(const AttentionProblem<float>& problem,
                     const kernels::AttentionBackward<float>& rows, const Wanted<float>& wanted,
                     std::int64_t n) {
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
      if (on_tiles) {
        kernels::attention_backward_bf16(problem, rows, head / problem.G, head % problem.G, block,
                                         block_end, keys, wanted.dq, wanted.dk, wanted.dv, memory);
        return;
      }
      for (std::int64_t s = keys.begin; s < keys.end; s += near) {
        const KeyRange some{s, std::min(s + near, keys.end)};
        for (std::int64_t i = block; i < block_end; ++i) {
          kernels::attention_backward_simd(
              problem, rows, kernels::query_block(problem, head / problem.G, head % problem.G, i),
              some, wanted.dq, wanted.dk, wanted.dv, memory);
        }
      }
    });
  }
}

void backward_pieces(const AttentionProblem<float>& problem,
                     const kernels::AttentionBackward<float>& rows, const Wanted<float>& wanted) {
  if (tier_of(problem) == Tier::scalar) {
    backward_tiles(problem, rows, wanted);
  } else {
    backward_rounds(problem, rows, wanted, backward_round_count(problem));
  }
}

void backward_pieces(const AttentionProblem<double>& problem,
                     const kernels::AttentionBackward<double>& rows, const Wanted<double>& wanted) {
  backward_tiles(problem, rows, wanted);
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

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const float* dz, const float* z,
                   float* delta) {
  kernels::attention_delta_simd(rows, Dv, dz, z, delta);
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const double* dz, const double* z,
                   double* delta) {
  for (std::int64_t i = 0; i < rows * Dv; ++i) delta[i / Dv] += dz[i] * z[i];
}

// A key/value head with its queries as a problem of its own.
AttentionProblem<float> head_alone(const AttentionProblem<float>& problem, std::int64_t b,
                                   std::int64_t g) {
  AttentionProblem<float> alone = problem;
  const std::int64_t group = problem.H / problem.G, mask = problem.mask.offset(b, g * group, 0, 0);
  alone.B = 1, alone.H = group, alone.G = 1;
  alone.q.data = problem.q.row(b, g * group, 0);
  alone.k.data = problem.k.row(b, g, 0);
  alone.v.data = problem.v.row(b, g, 0);
  if (problem.mask.visible != nullptr) alone.mask.visible += mask;
  if (problem.mask.bias != nullptr) alone.mask.bias += mask;
  alone.offset += b;
  alone.key_count += b;
  return alone;
}

// Heads [h, h + heads) of batch b of x, dense: where they lie, or brought to `memory`.
const float* dense_heads(const Tensor& x, std::int64_t b, std::int64_t h, std::int64_t heads,
                         float* memory) {
  const std::int64_t rows = x.size(2), D = x.size(3);
  const float* const from = x.data<float>() + b * x.strides()[0] + h * x.strides()[1];
  if (x.is_contiguous()) return from;
  float* to = memory;
  for (std::int64_t i = 0; i < heads; ++i) {
    for (std::int64_t t = 0; t < rows; ++t, to += D) {
      std::copy_n(from + i * x.strides()[1] + t * x.strides()[2], D, to);
    }
  }
  return memory;
}

// Numbers at hand for a key/value head in backward_by_heads.
std::int64_t numbers_of_head(const AttentionProblem<float>& p) {
  const std::int64_t queries = p.H / p.G * p.queries;
  return queries * (p.D + 2 * p.Dv + 1) + p.keys * (p.D + p.Dv);
}

// Where there are many heads, each is the work of one thread: its rows come from and go to any
// place, and while they are worked on lie in a near cache.
bool goes_by_heads(const Attention& a, const AttentionProblem<float>& problem) {
  const bool empty = problem.B * problem.H * problem.queries == 0;
  return !empty && tier_of(problem) != Tier::scalar && !a.mask_gradient_follows &&
         backward_round_count(problem) == 1 && are_near(numbers_of_head(problem));
}

void backward_by_heads(const AttentionProblem<float>& problem, const AttentionForward& saved,
                       const Tensor& any_d_z, const AttentionGradients<float>& gradients) {
  const bool dense_rows = any_d_z.size(-1) <= 1 || any_d_z.strides().back() == 1;
  const Tensor d_z = dense_rows ? any_d_z : any_d_z.contiguous();
  const std::int64_t group = problem.H / problem.G, queries = group * problem.queries;
  const std::int64_t q_count = queries * problem.D, z_count = queries * problem.Dv;
  const std::int64_t k_count = problem.keys * problem.D, v_count = problem.keys * problem.Dv;
  const std::int64_t work = queries * problem.keys * (3 * problem.D + 2 * problem.Dv);
  for_each_with_memory(
      numbers_of_head(problem), problem.B * problem.G, work, [&](std::int64_t head, float* memory) {
        const std::int64_t b = head / problem.G, g = head % problem.G, h = g * group;
        float* const delta = memory + 2 * z_count;
        float* const dq_rows = delta + queries;
        float* const dk_rows = dq_rows + q_count;
        float* const dv_rows = dk_rows + k_count;
        const float* const dz = dense_heads(d_z, b, h, group, memory);
        const float* const z = dense_heads(saved.z, b, h, group, memory + z_count);
        kernels::attention_delta_simd(queries, problem.Dv, dz, z, delta);
        std::fill_n(dq_rows, q_count + k_count + v_count, 0.0F);
        const std::int64_t row = (b * problem.H + h) * problem.queries;
        const auto if_wanted = [](const HeadsInto<float>& d, float* rows) {
          return d.data == nullptr ? nullptr : rows;
        };
        backward_rounds(
            head_alone(problem, b, g),
            {saved.row_max.data<float>() + row, saved.row_sum.data<float>() + row, dz, delta},
            {if_wanted(gradients.q, dq_rows), if_wanted(gradients.k, dk_rows),
             if_wanted(gradients.v, dv_rows)},
            /*rounds=*/1);
        const auto put = [&](const HeadsInto<float>& d, const float* from, std::int64_t first,
                             std::int64_t heads, std::int64_t rows, std::int64_t D) {
          if (d.data != nullptr) put_rows(from, b, first, heads, rows, D, d);
        };
        put(gradients.q, dq_rows, h, group, problem.queries, problem.D);
        put(gradients.k, dk_rows, g, 1, problem.keys, problem.D);
        put(gradients.v, dv_rows, g, 1, problem.keys, problem.Dv);
      });
}

// Zeros in a row-major gradient that is to be written over, so that all may be added to.
template <typename T>
void begin(const HeadsInto<T>& d, std::int64_t count) {
  if (d.data == nullptr || d.add) return;
  for_each_piece(count, kPiece, [&](std::int64_t begin, std::int64_t end) {
    std::fill(d.data + begin, d.data + end, T{0});
  });
}

}  // namespace

template <typename T>
void attention_backward(const Attention& a, const AttentionForward& saved, const Tensor& any_d_z,
                        const AttentionGradients<T>& gradients) {
  const AttentionProblem<T> problem = problem_of<T>(a);
  if constexpr (std::is_same_v<T, float>) {
    if (goes_by_heads(a, problem)) {
      backward_by_heads(problem, saved, any_d_z, gradients);
      return;
    }
  }
  begin(gradients.q, a.q.count());
  begin(gradients.k, a.k.count());
  begin(gradients.v, a.v.count());
  if (saved.row_max.count() == 0) return;
  const Tensor d_z = any_d_z.contiguous(), z_value = saved.z.contiguous();
  const T* z = z_value.data<T>();
  const T* dz = d_z.data<T>();
  Tensor delta({a.B, a.H, a.T}, dtype_of<T>);  // Σ_e dz·z of each row
  T* delta_data = delta.mutable_data<T>();
  parallel_for(a.B * a.H, [&](std::int64_t head) {
    const std::int64_t row = head * a.T;
    delta_of_rows(a.T, a.Dv, dz + row * a.Dv, z + row * a.Dv, delta_data + row);
  });
  const kernels::AttentionBackward<T> rows{saved.row_max.data<T>(), saved.row_sum.data<T>(), dz,
                                           delta_data};
  const Wanted<T> wanted{gradients.q.data, gradients.k.data, gradients.v.data};
  if (wanted.dq != nullptr || wanted.dk != nullptr || wanted.dv != nullptr) {
    backward_pieces(problem, rows, wanted);
  }
  if (gradients.mask == nullptr) return;
  parallel_for(ceil_div(a.S, kKeyTile), [&](std::int64_t i) {
    backward_mask_tile(problem, rows, i * kKeyTile, gradients.mask);
  });
}

Tensor empty_gradient(const Attention& a, const Tensor& operand) {
  if (operand.dtype() == DType::f32) {
    // What is added to later must stay where it is, and becomes row-major then.
    const void *const q = a.q.address(), *const k = a.k.address(), *const v = a.v.address();
    const bool shared = q == k || k == v || v == q;
    if (!shared && goes_by_heads(a, problem_of<float>(a))) {
      return in_order_of(operand, operand.shape());
    }
  }
  return Tensor::empty(operand.shape(), operand.dtype());
}

template void attention_backward(const Attention&, const AttentionForward&, const Tensor&,
                                 const AttentionGradients<float>&);
template void attention_backward(const Attention&, const AttentionForward&, const Tensor&,
                                 const AttentionGradients<double>&);

}  // namespace clearhead::compute
