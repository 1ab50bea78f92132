// PreparedAttention as the kernels take it: pointers, strides and sizes.
#include "clearhead/ops/attention_internal.h"

namespace clearhead {
namespace {

kernels::SoftmaxRounding rounding_of(const PreparedAttention& p) {
  if (!p.softmax_precision || *p.softmax_precision == p.q.dtype()) {
    return kernels::SoftmaxRounding::none;
  }
  switch (*p.softmax_precision) {
    case DType::f16:
      return kernels::SoftmaxRounding::f16;
    case DType::bf16:
      return kernels::SoftmaxRounding::bf16;
    case DType::f32:
      return kernels::SoftmaxRounding::f32;
    default:
      return kernels::SoftmaxRounding::f64;
  }
}

template <typename T>
kernels::HeadsView<T> heads_view(const Tensor& tensor) {
  return {tensor.data<T>(), tensor.strides()[0], tensor.strides()[1], tensor.strides()[2]};
}

// attn_mask [1|B, 1|H, 1|T, n]; along an axis of 1 the stride is 0, so that every position reads the same.
template <typename T>
kernels::MaskView<T> mask_view(const Var& mask) {
  kernels::MaskView<T> view;
  if (!mask.defined()) return view;
  const Tensor tensor = mask.value();
  if (tensor.dtype() == DType::boolean) {
    view.visible = tensor.data<bool>();
  } else {
    view.bias = tensor.data<T>();
  }
  const auto stride = [&](std::size_t axis) {
    return tensor.shape()[axis] == 1 ? 0 : tensor.strides()[axis];
  };
  view.stride_b = stride(0), view.stride_h = stride(1);
  view.stride_t = stride(2), view.stride_s = stride(3);
  return view;
}

// Tiles score otherwise than f32 does, and row_max and row_sum belong to the scores that they were
// made of. So whoever calculates weights again without tiles needs a forward without them: views, the
// gradient of a mask, and backward of few queries.
bool can_be_lower(const PreparedAttention& p) {
  constexpr std::int64_t kFewQueries = 16;  // for which backward does not take tiles
  const Keep keep = p.q.tape().keep();
  if (keep == Keep::everything || p.qk_matmul_output_mode) return false;
  return keep == Keep::nothing ||
         (p.T >= kFewQueries && !(p.attn_mask.defined() && p.attn_mask.needs_grad()));
}

}  // namespace

template <typename T>
kernels::AttentionProblem<T> kernel_problem(const PreparedAttention& p) {
  kernels::AttentionProblem<T> problem;
  problem.B = p.B, problem.H = p.H, problem.G = p.G;
  problem.queries = p.T, problem.keys = p.S, problem.D = p.D, problem.Dv = p.Dv;
  problem.q = heads_view<T>(p.q_value);
  if (p.k_value.dtype() == dtype_of<T>) {
    problem.k = heads_view<T>(p.k_value);
    problem.v = heads_view<T>(p.v_value);
  } else {
    problem.k_bf16 = heads_view<bf16>(p.k_value);
    problem.v_bf16 = heads_view<bf16>(p.v_value);
  }
  problem.mask = mask_view<T>(p.attn_mask);
  problem.scale = static_cast<T>(p.scale);
  problem.softcap = static_cast<T>(p.softcap);
  problem.is_causal = p.is_causal;
  problem.left = p.left;
  problem.right = p.right;
  problem.offset = p.offset.data();
  problem.key_count = p.key_count.data();
  problem.rounding = rounding_of(p);
  const Keep keep = p.q.tape().keep();
  problem.scores_again = keep != Keep::nothing || p.qk_matmul_output_mode.has_value();
  problem.precision = can_be_lower(p) ? p.precision : Precision::highest;
  return problem;
}

template <typename T>
std::unique_ptr<T[]> attention_memory(const kernels::AttentionProblem<T>& problem) {
  return std::make_unique_for_overwrite<T[]>(
      static_cast<std::size_t>(kernels::attention_workspace(problem)));
}

template kernels::AttentionProblem<float> kernel_problem(const PreparedAttention&);
template kernels::AttentionProblem<double> kernel_problem(const PreparedAttention&);
template std::unique_ptr<float[]> attention_memory(const kernels::AttentionProblem<float>&);
template std::unique_ptr<double[]> attention_memory(const kernels::AttentionProblem<double>&);

}  // namespace clearhead
