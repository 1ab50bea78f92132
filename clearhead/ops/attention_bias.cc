// hook_mask: everything that decides which key a query sees, as numbers that are added to the
// scores (compute/attention.h: attention_bias).
#include <cmath>

#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

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
  operation.explain = [p, shape = compute::attention_bias_shape(p.call)](const Index& index) {
    const Index at = broadcast_index(index, shape);
    Calculation calculation;
    const Index next = {at[0] + 1, at[1] + 1, at[2] + 1, at[3] + 1};
    calculation.value = compute::attention_bias(p.call, at, next).item();
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
  operation.value =
      compute::attention_bias(p.call, {0, 0, 0, 0}, compute::attention_bias_shape(p.call));
  if (is_float_mask(p)) {
    operation.backward = [p](const Tensor& d_bias, Gradients& gradients) {
      with_float(p.q.dtype(), [&](auto zero) {
        compute::attention_bias_backward(p.call, d_bias, gradients.data<decltype(zero)>(0));
      });
    };
  }
  return p.q.tape().record(std::move(operation));
}

Var attention_bias_view(const PreparedAttention& p) {
  Operation operation = description(p);
  operation.view = [p](const Index& begin, const Index& end) {
    return compute::attention_bias(p.call, begin, end);
  };
  operation.view_shape = compute::attention_bias_shape(p.call);
  operation.view_dtype = p.q.dtype();
  return p.q.tape().record(std::move(operation));
}

}  // namespace clearhead
