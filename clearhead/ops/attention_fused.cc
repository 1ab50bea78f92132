// Attention fused: one operation on the tape, whose loops are kernels/attention.h. O(T) memory beyond operands and result:
// row_max and row_sum, from which every step can be calculated again, tile by tile, when it is asked for.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/attention_block.h"
#include "clearhead/kernels/attention_packed.h"
#include "clearhead/ops/attention_internal.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::kKeyTile;
using kernels::kQueryTile;

// Where few queries meet many keys (decoding), the keys are the work that is divided: into parts of
// this length, whose results are joined in their order. It takes long enough to be worth a thread's
// while and depends on nothing but the shape, so results do not depend on the number of threads.
constexpr std::int64_t kPartKeys = 1024;

std::int64_t key_parts(const AttentionProblem<float>& problem, std::int64_t blocks) {
  const bool few = blocks == 1 && problem.rounding == kernels::SoftmaxRounding::none;
  return few ? std::max<std::int64_t>(1, problem.keys / kPartKeys) : 1;
}

// Calls f(i, memory) for every i < count, each some `multiply_adds` of work with `numbers` of memory. Small ones are taken
// several at a time, to about 10 microseconds: what a thread's while and the memory are worth.
template <typename F>
void for_each_with_memory(std::int64_t numbers, std::int64_t count, std::int64_t multiply_adds,
                          const F& f) {
  constexpr std::int64_t kEnough = std::int64_t{1} << 20;
  const std::int64_t each =
      std::clamp<std::int64_t>(kEnough / std::max<std::int64_t>(multiply_adds, 1), 1, count);
  parallel_for(tile_count(count, each), [&](std::int64_t piece) {
    const Workspace<float> memory(numbers);
    const std::int64_t end = std::min((piece + 1) * each, count);
    for (std::int64_t i = piece * each; i < end; ++i) f(i, memory.get());
  });
}

// In f32 with products of bf16, one key/value head after the other, a stretch of keys at a time: it
// is packed, then the head's queries meet it. Where there are many heads, each is the work of one
// thread.
void forward_packed(const AttentionProblem<float>& problem, float* z, float* row_max,
                    float* row_sum) {
  const std::int64_t blocks = kernels::query_blocks(problem);
  const std::int64_t heads = problem.B * problem.G;
  const std::int64_t stretch = kernels::packed_stretch(problem);
  const auto pack = [&](std::int64_t head, kernels::KeyRange keys, std::int64_t i, char* packed) {
    kernels::pack_keys_piece(problem, head / problem.G, head % problem.G, keys, i, packed);
  };
  const auto forward_block = [&](std::int64_t head, std::int64_t i, kernels::KeyRange keys,
                                 const char* packed, float* memory) {
    const kernels::QueryBlock block =
        kernels::query_block(problem, head / problem.G, head % problem.G, i);
    const std::int64_t row = kernels::row_of(problem, block);
    kernels::packed_forward_block(problem, block, keys, packed,
                                  {z + row * problem.Dv, row_max + row, row_sum + row}, memory);
  };
  const auto for_each_stretch = [&](const auto& f) {
    for (std::int64_t s = 0; s < problem.keys || s == 0; s += stretch) {
      f(kernels::KeyRange{s, std::min(s + stretch, problem.keys)});
    }
  };
  if (heads >= 2 * thread_count()) {
    parallel_for(heads, [&](std::int64_t head) {
      const Workspace<char> packed(kernels::packed_bytes(problem));
      const Workspace<float> memory(kernels::packed_block_workspace(problem));
      for_each_stretch([&](kernels::KeyRange keys) {
        for (std::int64_t i = 0; i < kernels::pack_pieces(keys); ++i) {
          pack(head, keys, i, packed.get());
        }
        for (std::int64_t i = 0; i < blocks; ++i) {
          forward_block(head, i, keys, packed.get(), memory.get());
        }
      });
    });
    return;
  }
  const Workspace<char> packed(kernels::packed_bytes(problem));
  for (std::int64_t head = 0; head < heads; ++head) {
    for_each_stretch([&](kernels::KeyRange keys) {
      parallel_for(kernels::pack_pieces(keys),
                   [&](std::int64_t i) { pack(head, keys, i, packed.get()); });
      parallel_for(blocks, [&](std::int64_t i) {
        const Workspace<float> memory(kernels::packed_block_workspace(problem));
        forward_block(head, i, keys, packed.get(), memory.get());
      });
    });
  }
}

// In f32 by blocks of queries, with the processor's vectors.
void forward_pieces(const AttentionProblem<float>& problem, float* z, float* row_max,
                    float* row_sum) {
  if (kernels::attention_is_packed(problem)) {
    forward_packed(problem, z, row_max, row_sum);
    return;
  }
  const std::int64_t blocks = kernels::query_blocks(problem);
  const std::int64_t parts = key_parts(problem, blocks);
  const std::int64_t heads = problem.B * problem.G;
  const auto block_of = [&](std::int64_t i) {
    return kernels::query_block(problem, i / blocks / problem.G, i / blocks % problem.G,
                                i % blocks);
  };
  const auto result_of = [&](const kernels::QueryBlock& block) {
    const std::int64_t row = kernels::row_of(problem, block);
    return kernels::BlockResult{z + row * problem.Dv, row_max + row, row_sum + row};
  };
  if (parts == 1) {
    const std::int64_t work = kernels::kQueryBlock * problem.keys * (problem.D + problem.Dv);
    const std::int64_t numbers = kernels::attention_block_workspace(problem);
    for_each_with_memory(numbers, heads * blocks, work, [&](std::int64_t i, float* memory) {
      const kernels::QueryBlock block = block_of(i);
      kernels::attention_forward_block(problem, block, {0, problem.keys}, result_of(block), memory);
    });
    return;
  }
  const std::int64_t rows = block_of(0).rows;
  const std::int64_t count = heads * parts * rows;
  const Workspace<float> of_parts(count * (problem.Dv + 2));
  const auto part = [&](std::int64_t i) {
    float* const rest = of_parts.get() + count * problem.Dv;
    return kernels::BlockResult{of_parts.get() + i * rows * problem.Dv, rest + i * rows,
                                rest + count + i * rows};
  };
  parallel_for(heads * parts, [&](std::int64_t i) {
    const std::int64_t begin = i % parts * kPartKeys;
    const std::int64_t end = i % parts + 1 == parts ? problem.keys : begin + kPartKeys;
    const Workspace<float> memory(kernels::attention_block_workspace(problem));
    kernels::attention_forward_block(problem, block_of(i / parts), {begin, end}, part(i),
                                     memory.get());
  });
  for (std::int64_t i = 0; i < heads; ++i) {
    kernels::attention_join_parts(parts, rows, problem.Dv, part(i * parts), result_of(block_of(i)));
  }
}

// In f64 by the reference.
void forward_pieces(const AttentionProblem<double>& problem, double* z, double* row_max,
                    double* row_sum) {
  const std::int64_t tiles = tile_count(problem.queries, kQueryTile);
  parallel_for(problem.B * problem.H * tiles, [&](std::int64_t i) {
    const std::int64_t head = i / tiles;
    const std::int64_t t = i % tiles * kQueryTile;
    const std::int64_t row = head * problem.queries + t;
    kernels::attention_forward_queries(problem, head / problem.H, head % problem.H, t,
                                       std::min(t + kQueryTile, problem.queries), {0, problem.keys},
                                       z + row * problem.Dv, row_max + row, row_sum + row,
                                       attention_memory(problem).get());
  });
}

bool all_finite(const Tensor& tensor) {
  const float* x = tensor.data<float>();
  return std::all_of(x, x + tensor.count(), [](float y) { return std::isfinite(y); });
}

template <typename T>
FusedForward forward(const PreparedAttention& p) {
  FusedForward result{Tensor::empty({p.B, p.H, p.T, p.Dv}, dtype_of<T>),
                      Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>),
                      Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>)};
  if (result.row_max.count() == 0) return result;
  forward_pieces(kernel_problem<T>(p), result.z.mutable_data<T>(), result.row_max.mutable_data<T>(),
                 result.row_sum.mutable_data<T>());
  if (p.k_value.dtype() != dtype_of<T> &&
      !(all_finite(result.z) && all_finite(result.row_sum))) {  // left to the caller
    PreparedAttention widened = p;
    widened.k_value = p.k_value.to(dtype_of<T>);
    widened.v_value = p.v_value.to(dtype_of<T>);
    return forward<T>(widened);
  }
  return result;
}

// What backward adds to; null where no gradient is wanted.
template <typename T>
struct Wanted {
  T* dq;
  T* dk;
  T* dv;
};

// By the reference, queries and keys separately.
template <typename T>
void backward_tiles(const AttentionProblem<T>& problem, const kernels::AttentionBackward<T>& rows,
                    const Wanted<T>& wanted) {
  const std::int64_t query_tiles = tile_count(problem.queries, kQueryTile);
  const std::int64_t key_tiles = tile_count(problem.keys, kKeyTile);
  if (wanted.dq != nullptr) {
    parallel_for(problem.B * problem.H * query_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / query_tiles;
      kernels::attention_backward_queries(problem, rows, head / problem.H, head % problem.H,
                                          i % query_tiles * kQueryTile, wanted.dq,
                                          attention_memory(problem).get());
    });
  }
  if (wanted.dk != nullptr || wanted.dv != nullptr) {
    parallel_for(problem.B * problem.G * key_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / key_tiles;
      kernels::attention_backward_keys(problem, rows, head / problem.G, head % problem.G,
                                       i % key_tiles * kKeyTile, wanted.dk, wanted.dv,
                                       attention_memory(problem).get());
    });
  }
}

// By blocks of queries, with the processor's vectors. The pairs of a head are cut into n × n
// rectangles, and worked off in n rounds: in round r, those of key part i and query part i + r
// (mod n). No two rectangles of a round share keys or queries, so they may run at the same time,
// and each gradient is gathered in the order of the rounds, whatever the number of threads.
void backward_rounds(const AttentionProblem<float>& problem,
                     const kernels::AttentionBackward<float>& rows, const Wanted<float>& wanted) {
  // Work for 16 threads, if parts do not become too small for a thread's while.
  constexpr std::int64_t kPieces = 16, kSmallestPart = 256;
  const bool packed = kernels::backward_is_packed(problem);
  const std::int64_t heads = problem.B * problem.G;
  const std::int64_t blocks =
      packed ? kernels::packed_query_blocks(problem) : kernels::query_blocks(problem);
  const std::int64_t rows_each = packed ? kernels::kPackedQueries : kernels::kQueryBlock;
  const std::int64_t most = std::min(problem.keys, blocks * rows_each) / kSmallestPart;
  const std::int64_t n =
      std::clamp<std::int64_t>(tile_count(kPieces, heads), 1, std::max<std::int64_t>(most, 1));
  const std::int64_t key_tiles = tile_count(problem.keys, kernels::kKeyBlock);
  // Keys, values and their gradients that stay in a second-level cache while all queries of a part
  // pass by: 1 MiB of 2.
  const std::int64_t near =
      std::max<std::int64_t>(4, (1 << 20) / (8 * (problem.D + problem.Dv) * kernels::kKeyBlock)) *
      kernels::kKeyBlock;
  const std::int64_t work = problem.H / problem.G * tile_count(problem.queries, n) *
                            tile_count(problem.keys, n) * (3 * problem.D + 2 * problem.Dv);
  const std::int64_t numbers = packed ? kernels::packed_backward_workspace(problem)
                                      : kernels::attention_block_workspace(problem);
  for (std::int64_t round = 0; round < n; ++round) {
    for_each_with_memory(numbers, heads * n, work, [&](std::int64_t piece, float* memory) {
      const std::int64_t head = piece / n;
      const std::int64_t key_part = piece % n;
      const std::int64_t query_part = (key_part + round) % n;
      const kernels::KeyRange keys{
          key_part * key_tiles / n * kernels::kKeyBlock,
          std::min((key_part + 1) * key_tiles / n * kernels::kKeyBlock, problem.keys)};
      const std::int64_t block = query_part * blocks / n;
      const std::int64_t block_end = (query_part + 1) * blocks / n;
      if (packed) {
        kernels::packed_backward(problem, rows, head / problem.G, head % problem.G, block,
                                 block_end, keys, wanted.dq, wanted.dk, wanted.dv, memory);
        return;
      }
      for (std::int64_t s = keys.begin; s < keys.end; s += near) {
        const kernels::KeyRange some{s, std::min(s + near, keys.end)};
        for (std::int64_t i = block; i < block_end; ++i) {
          kernels::attention_backward_block(
              problem, rows, kernels::query_block(problem, head / problem.G, head % problem.G, i),
              some, wanted.dq, wanted.dk, wanted.dv, memory);
        }
      }
    });
  }
}

void backward_pieces(const AttentionProblem<float>& problem,
                     const kernels::AttentionBackward<float>& rows, const Wanted<float>& wanted) {
  if (kernels::backward_by_blocks(problem)) {
    backward_rounds(problem, rows, wanted);
  } else {
    backward_tiles(problem, rows, wanted);
  }
}

void backward_pieces(const AttentionProblem<double>& problem,
                     const kernels::AttentionBackward<double>& rows, const Wanted<double>& wanted) {
  backward_tiles(problem, rows, wanted);
}

// Whoever shares a number of the mask, batches, heads or queries, is gathered by one thread: that of
// its key.
template <typename T>
void backward_mask_tile(const AttentionProblem<T>& problem,
                        const kernels::AttentionBackward<T>& rows, std::int64_t s, T* d_mask) {
  if constexpr (std::is_same_v<T, float>) {
    if (kernels::backward_by_blocks(problem)) {
      const Workspace<float> memory(kernels::attention_block_workspace(problem));
      kernels::attention_backward_mask_tile(problem, rows, s, d_mask, memory.get());
      return;
    }
  }
  kernels::attention_backward_mask(problem, rows, s, d_mask, attention_memory(problem).get());
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const float* dz, const float* z,
                   float* delta) {
  kernels::attention_delta(rows, Dv, dz, z, delta);
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const double* dz, const double* z,
                   double* delta) {
  for (std::int64_t i = 0; i < rows * Dv; ++i) delta[i / Dv] += dz[i] * z[i];
}

template <typename T>
void backward(const PreparedAttention& p, const FusedForward& saved, const Tensor& d_z,
              Gradients& gradients) {
  const AttentionProblem<T> problem = kernel_problem<T>(p);
  const T* z = saved.z.data<T>();
  const T* dz = d_z.data<T>();
  if (saved.row_max.count() == 0) return;
  Tensor delta({p.B, p.H, p.T}, dtype_of<T>);  // Σ_e dz·z of each row
  T* delta_data = delta.mutable_data<T>();
  parallel_for(p.B * p.H, [&](std::int64_t head) {
    const std::int64_t row = head * p.T;
    delta_of_rows(p.T, p.Dv, dz + row * p.Dv, z + row * p.Dv, delta_data + row);
  });
  const kernels::AttentionBackward<T> rows{saved.row_max.data<T>(), saved.row_sum.data<T>(), dz,
                                           delta_data};
  const Wanted<T> wanted{gradients.data<T>(0), gradients.data<T>(1), gradients.data<T>(2)};
  if (wanted.dq != nullptr || wanted.dk != nullptr || wanted.dv != nullptr) {
    backward_pieces(problem, rows, wanted);
  }
  if (p.attn_mask.defined() && gradients.wanted(3)) {
    T* d_mask = gradients.data<T>(3);
    parallel_for(tile_count(p.S, kKeyTile),
                 [&](std::int64_t i) { backward_mask_tile(problem, rows, i * kKeyTile, d_mask); });
  }
}

}  // namespace

AttentionResult attention_fused(const PreparedAttention& p) {
  Tape& tape = p.q.tape();
  const bool f64 = p.q.dtype() == DType::f64;
  const FusedForward saved = f64 ? forward<double>(p) : forward<float>(p);

  if (tape.keep() == Keep::nothing && !p.qk_matmul_output_mode) {
    return {.z = tape.unrecorded("fused_attention", {&p.q, &p.k, &p.v, &p.attn_mask}, saved.z),
            .qk_matmul_output = {}};
  }
  Operation operation;
  operation.kind = "fused_attention";
  operation.formula =
      p.has_mask() ? "softmax({0}·{1}ᵀ·scale, masked)·{2}" : "softmax({0}·{1}ᵀ·scale)·{2}";
  operation.inputs = {p.q, p.k, p.v};
  if (p.attn_mask.defined()) operation.inputs.push_back(p.attn_mask);
  operation.value = saved.z;
  if (tape.keep() != Keep::nothing) {
    operation.backward = [p, saved, f64](const Tensor& d_z, Gradients& gradients) {
      f64 ? backward<double>(p, saved, d_z, gradients) : backward<float>(p, saved, d_z, gradients);
    };
  }
  if (tape.keep() == Keep::everything) operation.explain = record_step_views(p, saved);

  AttentionResult result;
  result.z = tape.record(std::move(operation)).named("hook_z");
  if (p.qk_matmul_output_mode) {
    Operation asked;
    asked.kind = "qk_matmul_output";
    asked.inputs = {p.q, p.k};
    asked.formula = "scores of {0} and {1}";
    asked.value =
        recalculate_step(p, *p.qk_matmul_output_mode, saved, {0, 0, 0, 0}, {p.B, p.H, p.T, p.S});
    result.qk_matmul_output = tape.record(std::move(asked));
  }
  return result;
}

}  // namespace clearhead
