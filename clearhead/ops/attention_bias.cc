// hook_mask: everything that decides which key a query sees, as numbers that are added to the
// scores (compute/attention.h: attention_bias).
#include <cmath>

#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

bool is_float_mask(const PreparedAttention& p) {
  return p.attn_mask.defined() && is_floating(p.attn_mask.dtype());
}

// The number of the bias y at `index`: of the mask, operand 0, or 0 or −inf.
Calculation explain_bias(const compute::Attention& call, const Var& y, const Index& index) {
  const Index at = broadcast_index(index, y.shape());
  const Index next = {at[0] + 1, at[1] + 1, at[2] + 1, at[3] + 1};
  Calculation calculation;
  calculation.value = compute::attention_bias(call, at, next).item();
  const bool seen = calculation.value != -INFINITY;
  calculation.text = seen ? format_number(calculation.value) : "-inf (not seen)";
  const Var mask = y.input(0);
  if (!mask.defined()) return calculation;
  const Index from = broadcast_index(index, mask.shape());
  if (from.back() < mask.size(3)) calculation.operands = {operand(mask, from)};
  return calculation;
}

void describe(Record& op, const PreparedAttention& p) {
  op.formula =
      std::string(is_float_mask(p) ? "{0}" : "0") + " where the query sees the key, else -inf";
  op.explain = [call = p.call](const Var& y, const Index& index) {
    return explain_bias(call, y, index);
  };
}

}  // namespace

Var attention_bias(const PreparedAttention& p) {
  const Tensor bias =
      compute::attention_bias(p.call, {0, 0, 0, 0}, compute::attention_bias_shape(p.call));
  return p.q.tape().record("attention_bias", {p.attn_mask}, bias, [&](Record& op) {
    describe(op, p);
    if (!is_float_mask(p)) return;
    op.backward = [call = p.call](const Tensor& d_bias, Gradients& gradients) {
      with_float(call.q.dtype(), [&](auto zero) {
        compute::attention_bias_backward(call, d_bias, gradients.data<decltype(zero)>(0));
      });
    };
  });
}

Var attention_bias_view(const PreparedAttention& p) {
  return p.q.tape().record("attention_bias", {p.attn_mask}, [&](Record& op) {
    describe(op, p);
    op.view = [call = p.call](const Var&, const Index& begin, const Index& end) {
      return compute::attention_bias(call, begin, end);
    };
    op.view_shape = compute::attention_bias_shape(p.call);
    op.view_dtype = p.q.dtype();
  });
}

}  // namespace clearhead
