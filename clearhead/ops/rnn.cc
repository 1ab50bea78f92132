// h_t = tanh(a_t),  a_t = gates_t + h_{t−1}·Rᵀ
//
//     gates, h [B, T, H]; R [H, H]; h_{−1} [B, H]
//     back through time, with dh_t = ∂L/∂h_t from outside and from step t + 1:
//     da_t = dh_t ⊙ (1 − h_t²)      dh_{t−1} += da_t·R
//     ∂L/∂gates_t = da_t            ∂L/∂R = Σ_t da_tᵀ·h_{t−1}
//
// Source: Elman, "Finding structure in time" (1990); Werbos, "Backpropagation through time" (1990).
#include "clearhead/ops/rnn.h"

#include <cmath>

#include "clearhead/ops/recurrence_steps_internal.h"

namespace clearhead {
namespace {

struct Saved {
  Steps steps;
  Tensor R, initial, h;
};

template <typename T>
Tensor forward(const Steps& steps, const Tensor& gates, const Tensor& R, const Tensor& initial) {
  Tensor result = gates.clone();  // becomes a, then h
  T* h = result.mutable_data<T>();
  const T* h0 = initial.data<T>();
  steps.forward([&](std::int64_t t) {
    steps.add_recurrent(h, h0, R, t, h);  // a_t = gates_t + h_{t−1}·Rᵀ
    steps.for_each_sequence([&](std::int64_t b) {
      T* row = h + (b * steps.T + t) * steps.H;
      const T* before = steps.previous(h, h0, b, t);
      const bool counts = steps.counts(b, t);
      for (std::int64_t j = 0; j < steps.H; ++j) row[j] = counts ? std::tanh(row[j]) : before[j];
    });
  });
  return result;
}

template <typename T>
void backward(const Saved& saved, const Tensor& d_out, Gradients& gradients) {
  const Steps& steps = saved.steps;
  Tensor d_state({steps.B, steps.H}, dtype_of<T>);  // dh_t
  Tensor d_gates = Tensor::empty(saved.h.shape(), dtype_of<T>);
  T* dh = d_state.mutable_data<T>();
  T* da = d_gates.mutable_data<T>();
  const T* h = saved.h.data<T>();
  steps.backward([&](std::int64_t t) {
    steps.for_each_sequence([&](std::int64_t b) {
      const std::int64_t at = (b * steps.T + t) * steps.H;
      const bool counts = steps.counts(b, t);
      for (std::int64_t j = 0; j < steps.H; ++j) {
        T& d = dh[b * steps.H + j];
        d += d_out.data<T>()[at + j];
        da[at + j] = counts ? d * (1 - h[at + j] * h[at + j]) : 0;  // h_t = tanh(a_t)
        if (counts) d = 0;                                          // in padding, h_t = h_{t−1}
      }
    });
    steps.add_state_gradient(da, saved.R, t, dh);  // a_t = … + h_{t−1}·Rᵀ
  });
  if (T* d_R = gradients.data<T>(1)) {
    steps.add_weight_gradient(da, h, saved.initial.data<T>(), d_R, steps.H);
  }
  add_gradient(gradients, 0, d_gates);  // a_t = gates_t + …
  add_gradient(gradients, 2, d_state);  // what has come back to h_{−1}
}

// The number [b, t, j] of the states y, which follows from those before it.
Calculation explain_state(const Steps& steps, const Var& y, const Index& index) {
  const Var gates = y.input(0), R = y.input(1), initial_h = y.input(2);
  const std::int64_t b = index[0], t = index[1], j = index[2];
  Calculation c;
  if (!steps.counts(b, t)) {
    c.value = previous_state(c, initial_h, y, {}, steps, b, t, j);
    c.text = format_number(c.value) + " (padding: as before)";
    return c;
  }
  c = explain_gate(gates, R, initial_h, y, {}, steps, b, t, j);
  c.text = "tanh(" + c.text + ")";
  c.value = std::tanh(c.value);
  return c;
}

}  // namespace

Var rnn(const Var& gates, const Var& R, const Var& initial_h, const RecurrenceOptions& options) {
  const Steps steps("rnn", 1, gates, R, {initial_h}, options);
  Saved saved{steps, R.value().contiguous(), initial_state(initial_h, steps, gates.dtype()), {}};
  saved.h = with_float(gates.dtype(), [&](auto zero) {
    return forward<decltype(zero)>(steps, gates.value(), saved.R, saved.initial);
  });
  return gates.tape().record("rnn", {gates, R, initial_h}, saved.h, [&](Record& op) {
    op.formula = initial_h.defined() ? "tanh({0} + h·{1}ᵀ), h from {2} on" : "tanh({0} + h·{1}ᵀ)";
    op.backward = [saved](const Tensor& d_h, Gradients& gradients) {
      with_float(d_h.dtype(), [&](auto zero) { backward<decltype(zero)>(saved, d_h, gradients); });
    };
    op.explain = [steps](const Var& y, const Index& index) {
      return explain_state(steps, y, index);
    };
  });
}

}  // namespace clearhead
