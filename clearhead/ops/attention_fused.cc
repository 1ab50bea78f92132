// Attention fused: one operation on the tape (compute/attention.h). O(T) memory beyond operands and
// result: row_max and row_sum, from which every step can be calculated again, tile by tile, when it
// is asked for.
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

compute::AttentionStage stage_of(QkMatmulOutput output) {
  switch (output) {
    case QkMatmulOutput::scaled_scores:
      return compute::AttentionStage::scaled_scores;
    case QkMatmulOutput::capped_scores:
      return compute::AttentionStage::capped_scores;
    case QkMatmulOutput::attn_scores:
      return compute::AttentionStage::attn_scores;
    case QkMatmulOutput::pattern:
      break;
  }
  return compute::AttentionStage::pattern;
}

// Where the gradient of input i, an operand of attention, goes: a new one, or what there is.
template <typename T>
compute::HeadsInto<T> gradient_of(const compute::Attention& call, Gradients& gradients,
                                  std::size_t i, const Tensor& operand) {
  if (!gradients.wanted(i)) return {};
  Tensor fresh = compute::empty_gradient(call, operand);
  if (gradients.take(i, fresh)) return {fresh, /*add=*/false};
  return {gradients.of(i), /*add=*/true};
}

// Adds to the gradients of q, k, v and the mask, inputs 0 to 3.
void backward(const PreparedAttention& p, const compute::AttentionForward& forward,
              const Tensor& d_z, Gradients& gradients) {
  with_float(p.q.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::AttentionGradients<T> to;
    to.q = gradient_of<T>(p.call, gradients, 0, p.call.q);
    to.k = gradient_of<T>(p.call, gradients, 1, p.call.k);
    to.v = gradient_of<T>(p.call, gradients, 2, p.call.v);
    if (p.call.mask_gradient_follows) to.mask = gradients.data<T>(3);
    compute::attention_backward(p.call, forward, d_z, to);
  });
}

}  // namespace

AttentionResult attention_fused(const PreparedAttention& p) {
  Tape& tape = p.q.tape();
  const bool kept = tape.keep() != Keep::nothing;
  const compute::AttentionForward forward = compute::attention_forward(p.call);

  if (!kept && !p.qk_matmul_output_mode) {
    return {.z = tape.unrecorded("fused_attention", {&p.q, &p.k, &p.v, &p.attn_mask}, forward.z),
            .qk_matmul_output = {}};
  }
  Operation operation;
  operation.kind = "fused_attention";
  operation.formula =
      p.call.has_mask() ? "softmax({0}·{1}ᵀ·scale, masked)·{2}" : "softmax({0}·{1}ᵀ·scale)·{2}";
  operation.inputs = {p.q, p.k, p.v};
  if (p.attn_mask.defined()) operation.inputs.push_back(p.attn_mask);
  operation.value = forward.z;
  operation.any_strides = true;
  if (kept) {
    operation.backward = [p, forward](const Tensor& d_z, Gradients& gradients) {
      backward(p, forward, d_z, gradients);
    };
  }
  if (tape.keep() == Keep::everything) operation.explain = record_step_views(p, forward);

  AttentionResult result;
  result.z = tape.record(std::move(operation)).named("hook_z");
  if (p.qk_matmul_output_mode) {
    Operation asked;
    asked.kind = "qk_matmul_output";
    asked.inputs = {p.q, p.k};
    asked.formula = "scores of {0} and {1}";
    asked.value = compute::attention_tile(p.call, stage_of(*p.qk_matmul_output_mode), forward,
                                          {0, 0, 0, 0}, {p.call.B, p.call.H, p.call.T, p.call.S});
    result.qk_matmul_output = tape.record(std::move(asked));
  }
  return result;
}

}  // namespace clearhead
