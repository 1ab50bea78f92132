// Attention fused: one operation on the tape, whose loops are kernels/attention.h. O(T) memory beyond operands and result:
// row_max and row_sum, from which every step can be calculated again, tile by tile, when it is asked for.
#include "clearhead/ops/attention_fused.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "clearhead/kernels/attention/attention_block.h"
#include "clearhead/kernels/attention/attention_packed.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::kQueryTile;

// Where few queries meet many keys (decoding), the keys are the work that is divided: into parts of
// this length, whose results are joined in their order. It takes long enough to be worth a thread's
// while and depends on nothing but the shape, so results do not depend on the number of threads.
constexpr std::int64_t kPartKeys = 1024;

std::int64_t key_parts(const AttentionProblem<float>& problem, std::int64_t blocks) {
  const bool few = blocks == 1 && problem.rounding == kernels::SoftmaxRounding::none;
  return few ? std::max<std::int64_t>(1, problem.keys / kPartKeys) : 1;
}

// Whether each key/value head is the work of one thread.
bool is_work_of_heads(const AttentionProblem<float>& problem) {
  return kernels::attention_is_packed(problem) && problem.B * problem.G >= 2 * thread_count();
}

// Whether it is made in a near cache, from where its rows may be brought to any place.
bool brings_heads(const AttentionProblem<float>& problem) {
  return is_work_of_heads(problem) &&
         are_near(problem.H / problem.G * problem.queries * problem.Dv);
}

// In f32 with products of bf16, one key/value head after the other, a stretch of keys at a time: it
// is packed, then the head's queries meet it. z is dense unless heads are brought to it.
void forward_packed(const AttentionProblem<float>& problem, const HeadRows& z, float* row_max,
                    float* row_sum) {
  const std::int64_t blocks = kernels::query_blocks(problem);
  const std::int64_t heads = problem.B * problem.G;
  const std::int64_t stretch = kernels::packed_stretch(problem);
  const auto pack = [&](std::int64_t head, kernels::KeyRange keys, std::int64_t i, char* packed) {
    kernels::pack_keys_piece(problem, head / problem.G, head % problem.G, keys, i, packed);
  };
  // z_head: the rows of z of this key/value head, dense.
  const std::int64_t group = problem.H / problem.G, head_rows = group * problem.queries;
  const auto forward_block = [&](std::int64_t head, std::int64_t i, kernels::KeyRange keys,
                                 const char* packed, float* z_head, float* memory) {
    const kernels::QueryBlock block =
        kernels::query_block(problem, head / problem.G, head % problem.G, i);
    const std::int64_t row = kernels::row_of(problem, block);
    float* const z_rows = z_head + (row - head * head_rows) * problem.Dv;
    kernels::packed_forward_block(problem, block, keys, packed,
                                  {z_rows, row_max + row, row_sum + row}, memory);
  };
  const auto for_each_stretch = [&](const auto& f) {
    for (std::int64_t s = 0; s < problem.keys || s == 0; s += stretch) {
      f(kernels::KeyRange{s, std::min(s + stretch, problem.keys)});
    }
  };
  if (is_work_of_heads(problem)) {
    parallel_for(heads, [&](std::int64_t head) {
      const Workspace<char> packed(kernels::packed_bytes(problem));
      const Workspace<float> memory(kernels::packed_block_workspace(problem));
      const bool brings = brings_heads(problem);
      const Workspace<float> near(brings ? head_rows * problem.Dv : 0);
      float* const z_head = brings ? near.get() : z.data + head * head_rows * problem.Dv;
      for_each_stretch([&](kernels::KeyRange keys) {
        for (std::int64_t i = 0; i < kernels::pack_pieces(keys); ++i) {
          pack(head, keys, i, packed.get());
        }
        for (std::int64_t i = 0; i < blocks; ++i) {
          forward_block(head, i, keys, packed.get(), z_head, memory.get());
        }
      });
      if (brings) {
        put_rows(z_head, head / problem.G, head % problem.G * group, group, problem.queries,
                 problem.Dv, /*add=*/false, z);
      }
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
        forward_block(head, i, keys, packed.get(), z.data + head * head_rows * problem.Dv,
                      memory.get());
      });
    });
  }
}

// In f32 by blocks of queries, with the processor's vectors.
void forward_pieces(const AttentionProblem<float>& problem, Tensor& result, float* row_max,
                    float* row_sum) {
  if (kernels::attention_is_packed(problem)) {
    forward_packed(problem, HeadRows(result), row_max, row_sum);
    return;
  }
  float* const z = result.mutable_data<float>();
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
void forward_pieces(const AttentionProblem<double>& problem, Tensor& result, double* row_max,
                    double* row_sum) {
  double* const z = result.mutable_data<double>();
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

// z [B, H, T, Dv]: in the order of q where values are not kept and heads may be brought to any place.
template <typename T>
Tensor empty_result(const PreparedAttention& p, const AttentionProblem<T>& problem) {
  const Shape shape = {p.B, p.H, p.T, p.Dv};
  if constexpr (std::is_same_v<T, float>) {
    const bool kept = p.q.tape().keep() == Keep::everything;
    if (!kept && brings_heads(problem)) return in_order_of(p.q_value, shape);
  }
  return Tensor::empty(shape, dtype_of<T>);
}

template <typename T>
FusedForward forward(const PreparedAttention& p) {
  const AttentionProblem<T> problem = kernel_problem<T>(p);
  FusedForward result{empty_result(p, problem), Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>),
                      Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>)};
  if (result.row_max.count() == 0) return result;
  forward_pieces(problem, result.z, result.row_max.mutable_data<T>(),
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
  operation.any_strides = true;
  if (tape.keep() != Keep::nothing) {
    operation.backward = [p, saved](const Tensor& d_z, Gradients& gradients) {
      attention_backward(p, saved, d_z, gradients);
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
