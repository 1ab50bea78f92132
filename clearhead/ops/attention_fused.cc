// Attention fused: one operation on the tape (compute/attention.h). O(T) memory beyond operands and
// result: row_max and row_sum, from which every step can be calculated again, tile by tile, when it
// is asked for.
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

// Where the gradient of input i, an operand of attention, goes: a new one, or what there is.
template <typename T>
compute::HeadsInto<T> gradient_of(const compute::Attention& call, Gradients& gradients,
                                  std::size_t i, const Tensor& operand) {
  if (!gradients.wanted(i)) return {};
  const Tensor& place = gradients.place(i);
  const bool fits = place.defined() && place.is_contiguous() && !place.is_read_only();
  Tensor fresh = fits ? place : compute::empty_gradient(call, operand);
  if (gradients.take(i, fresh)) return {fresh, /*add=*/false};
  return {gradients.of(i), /*add=*/true};
}

// Adds to the gradients of q, k, v and the mask, operands 0 to 3.
void backward(const compute::Attention& call, const compute::AttentionForward& forward,
              const Tensor& d_z, Gradients& gradients) {
  with_float(call.q.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::AttentionGradients<T> to;
    to.q = gradient_of<T>(call, gradients, 0, call.q);
    to.k = gradient_of<T>(call, gradients, 1, call.k);
    to.v = gradient_of<T>(call, gradients, 2, call.v);
    if (call.mask_gradient_follows) to.mask = gradients.data<T>(3);
    compute::attention_backward(call, forward, d_z, to);
  });
}

}  // namespace

AttentionResult attention_fused(const PreparedAttention& p) {
  Tape tape = p.q.tape();
  const compute::AttentionForward forward = compute::attention_forward(p.call, p.z_into);
  const StepViews views = record_step_views(p, forward);
  const OperandList operands = {p.q, p.k, p.v, p.attn_mask, views.scores, views.pattern};
  AttentionResult result;
  result.z =
      tape.record("fused_attention", operands, forward.z,
                  [&](Record& op) {
                    op.formula = p.call.has_mask() ? "softmax({0}·{1}ᵀ·scale, masked)·{2}"
                                                   : "softmax({0}·{1}ᵀ·scale)·{2}";
                    op.any_strides = true;
                    op.backward = [call = p.call, forward](const Tensor& d_z,
                                                           Gradients& gradients) {
                      backward(call, forward, d_z, gradients);
                    };
                    op.explain = [](const Var& z, const Index& index) {
                      return explain_weighted_sum(z, z.input(5), z.input(4), z.input(2), index);
                    };
                  })
          .named(steps::kZ);
  if (p.qk_matmul_output_mode) {
    const Tensor asked = compute::attention_tile(p.call, *p.qk_matmul_output_mode, forward,
                                                 {0, 0, 0, 0}, p.scores_shape());
    result.qk_matmul_output = tape.record("qk_matmul_output", {p.q, p.k}, asked,
                                          [](Record& op) { op.formula = "scores of {0} and {1}"; });
  }
  return result;
}

}  // namespace clearhead
