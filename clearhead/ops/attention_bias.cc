// hook_mask: everything that decides which key a query sees, as numbers that are added to the scores.
//
//     bias[b, h, t, s] = −inf                       if query t does not see key s: causality, window, padding, boolean mask
//                      = attn_mask[b, h, t, s]      a float mask (its own −inf included)
//                      = 0                          otherwise
//
// Forward broadcasts attn_mask [1|B, 1|H, 1|T, ≤S] to [1|B, 1|H, T, S]; backward sums over what was broadcast.
#include <cmath>
#include <limits>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/attention_internal.h"
#include "clearhead/tape/explain.h"

namespace clearhead {
namespace {

// The bias has a batch (head) axis of its own only if something depends on it.
Shape bias_shape(const PreparedAttention& p) {
  bool per_batch = p.attn_mask.defined() && p.attn_mask.size(0) > 1;
  for (const std::int64_t offset : p.offset) per_batch = per_batch || offset != p.offset[0];
  for (const std::int64_t count : p.key_count) per_batch = per_batch || count != p.key_count[0];
  const bool per_head = p.attn_mask.defined() && p.attn_mask.size(1) > 1;
  return {per_batch ? p.B : std::min<std::int64_t>(p.B, 1), per_head ? p.H : 1, p.T, p.S};
}

// Positions [begin, end) of the bias.
template <typename Number>
Tensor bias_tile(const PreparedAttention& p, const Index& begin, const Index& end) {
  const Shape shape = {end[0] - begin[0], end[1] - begin[1], end[2] - begin[2], end[3] - begin[3]};
  Tensor bias = Tensor::empty(shape, dtype_of<Number>);
  const kernels::AttentionProblem<Number> problem = kernel_problem<Number>(p);
  const kernels::MaskView<Number>& mask = problem.mask;
  Number* out = bias.mutable_data<Number>();
  parallel_for(shape[0] * shape[1] * shape[2], [&](std::int64_t row) {
    const std::int64_t t = begin[2] + row % shape[2];
    const std::int64_t h = begin[1] + row / shape[2] % shape[1];
    const std::int64_t b = begin[0] + row / shape[2] / shape[1];
    const kernels::KeyRange range = kernels::visible_keys(problem, b, t);
    for (std::int64_t s = begin[3]; s < end[3]; ++s) {
      const bool in_range = range.begin <= s && s < range.end;
      const std::int64_t at = in_range ? mask.offset(b, h, t, s) : 0;
      const bool seen = in_range && (mask.visible == nullptr || mask.visible[at]);
      out[row * shape[3] + s - begin[3]] = !seen ? -std::numeric_limits<Number>::infinity()
                                           : mask.bias != nullptr ? mask.bias[at]
                                                                  : Number{0};
    }
  });
  return bias;
}

Tensor bias_tile(const PreparedAttention& p, const Index& begin, const Index& end) {
  return p.q.dtype() == DType::f64 ? bias_tile<double>(p, begin, end)
                                   : bias_tile<float>(p, begin, end);
}

// d_mask[…] += d_bias[b, h, t, s] where query t sees key s; broadcast axes sum up.
template <typename Number>
void bias_backward(const PreparedAttention& p, const Tensor& d_bias, Number* d_mask) {
  const kernels::AttentionProblem<Number> problem = kernel_problem<Number>(p);
  const Number* d_out = d_bias.data<Number>();
  std::int64_t i = 0;
  for (std::int64_t b = 0; b < d_bias.size(0); ++b) {
    for (std::int64_t h = 0; h < d_bias.size(1); ++h) {
      for (std::int64_t t = 0; t < p.T; ++t, i += p.S) {
        const kernels::KeyRange range = kernels::visible_keys(problem, b, t);
        for (std::int64_t s = range.begin; s < range.end; ++s) {
          d_mask[problem.mask.offset(b, h, t, s)] += d_out[i + s];
        }
      }
    }
  }
}

bool is_float_mask(const PreparedAttention& p) {
  return p.attn_mask.defined() && is_floating(p.attn_mask.dtype());
}

// Kind, formula, inputs and explanation.
Operation description(const PreparedAttention& p) {
  Operation operation;
  operation.kind = "attention_bias";
  operation.formula =
      std::string(is_float_mask(p) ? "{0}" : "0") + " where the query sees the key, else -inf";
  if (p.attn_mask.defined()) operation.inputs = {p.attn_mask};
  operation.explain = [p, shape = bias_shape(p)](const Index& index) {
    const Index at = broadcast_index(index, shape);
    Calculation calculation;
    calculation.value = bias_tile(p, at, {at[0] + 1, at[1] + 1, at[2] + 1, at[3] + 1}).item();
    const bool seen = calculation.value != -INFINITY;
    calculation.text = seen ? format_number(calculation.value) : "-inf (not seen)";
    if (!p.attn_mask.defined()) return calculation;
    const Index from = broadcast_index(index, p.attn_mask.shape());
    if (from.back() < p.attn_mask.size(3)) calculation.operands = {operand(p.attn_mask, from)};
    return calculation;
  };
  return operation;
}

}  // namespace

Var attention_bias(const PreparedAttention& p) {
  Operation operation = description(p);
  operation.value = bias_tile(p, {0, 0, 0, 0}, bias_shape(p));
  if (is_float_mask(p)) {
    operation.backward = [p](const Tensor& d_bias, Gradients& gradients) {
      if (p.q.dtype() == DType::f64) {
        bias_backward(p, d_bias, gradients.data<double>(0));
      } else {
        bias_backward(p, d_bias, gradients.data<float>(0));
      }
    };
  }
  return p.q.tape().record(std::move(operation));
}

Var attention_bias_view(const PreparedAttention& p) {
  Operation operation = description(p);
  operation.view = [p](const Index& begin, const Index& end) { return bias_tile(p, begin, end); };
  operation.view_shape = bias_shape(p);
  operation.view_dtype = p.q.dtype();
  return p.q.tape().record(std::move(operation));
}

}  // namespace clearhead
