// Attention fused: one operation on the tape, whose loops are kernels/attention.h. O(T) memory beyond operands and result:
// row_max and row_sum, from which every step can be calculated again, tile by tile, when it is asked for.
#include "clearhead/base/parallel.h"
#include "clearhead/ops/attention_internal.h"

namespace clearhead {
namespace {

using kernels::AttentionProblem;
using kernels::kKeyTile;
using kernels::kQueryTile;

template <typename T>
FusedForward forward(const PreparedAttention& p) {
  const AttentionProblem<T> problem = kernel_problem<T>(p);
  FusedForward result{Tensor::empty({p.B, p.H, p.T, p.Dv}, dtype_of<T>),
                      Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>),
                      Tensor::empty({p.B, p.H, p.T, 1}, dtype_of<T>)};
  T* z = result.z.mutable_data<T>();
  T* row_max = result.row_max.mutable_data<T>();
  T* row_sum = result.row_sum.mutable_data<T>();
  const std::int64_t query_tiles = tile_count(p.T, kQueryTile);
  parallel_for(p.B * p.H * query_tiles, [&](std::int64_t i) {
    const std::int64_t head = i / query_tiles;
    kernels::attention_forward_queries(problem, head / p.H, head % p.H,
                                       i % query_tiles * kQueryTile, z, row_max, row_sum,
                                       attention_memory(problem).get());
  });
  return result;
}

template <typename T>
void backward(const PreparedAttention& p, const FusedForward& saved, const Tensor& d_z,
              Gradients& gradients) {
  const AttentionProblem<T> problem = kernel_problem<T>(p);
  const T* z = saved.z.data<T>();
  const T* dz = d_z.data<T>();
  Tensor delta({p.B, p.H, p.T}, dtype_of<T>);  // Σ_e dz·z of each row
  T* delta_data = delta.mutable_data<T>();
  for (std::int64_t row = 0; row < delta.count(); ++row) {
    for (std::int64_t e = 0; e < p.Dv; ++e)
      delta_data[row] += dz[row * p.Dv + e] * z[row * p.Dv + e];
  }
  const kernels::AttentionBackward<T> rows{saved.row_max.data<T>(), saved.row_sum.data<T>(), dz,
                                           delta_data};
  T* dq = gradients.data<T>(0);
  T* dk = gradients.data<T>(1);
  T* dv = gradients.data<T>(2);
  const std::int64_t query_tiles = tile_count(p.T, kQueryTile);
  const std::int64_t key_tiles = tile_count(p.S, kKeyTile);
  if (dq != nullptr) {
    parallel_for(p.B * p.H * query_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / query_tiles;
      kernels::attention_backward_queries(problem, rows, head / p.H, head % p.H,
                                          i % query_tiles * kQueryTile, dq,
                                          attention_memory(problem).get());
    });
  }
  if (dk != nullptr || dv != nullptr) {
    parallel_for(p.B * p.G * key_tiles, [&](std::int64_t i) {
      const std::int64_t head = i / key_tiles;
      kernels::attention_backward_keys(problem, rows, head / p.G, head % p.G,
                                       i % key_tiles * kKeyTile, dk, dv,
                                       attention_memory(problem).get());
    });
  }
  if (p.attn_mask.defined() && gradients.wanted(3)) {
    T* d_mask = gradients.data<T>(3);
    parallel_for(key_tiles, [&](std::int64_t i) {
      kernels::attention_backward_mask(problem, rows, i * kKeyTile, d_mask,
                                       attention_memory(problem).get());
    });
  }
}

}  // namespace

AttentionResult attention_fused(const PreparedAttention& p) {
  Tape& tape = p.q.tape();
  const bool f64 = p.q.dtype() == DType::f64;
  const FusedForward saved = f64 ? forward<double>(p) : forward<float>(p);

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
