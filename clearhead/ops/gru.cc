// With s_t = h_{t−1}·Rᵀ, the recurrent part, and (z, r, n)_t the update, reset and candidate:
//
//     z = σ(gates_z + s_z)    r = σ(gates_r + s_r)    q = s_n + b    n = tanh(gates_n + r ⊙ q)
//     h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}
//
//     gates [B, T, 3·H], in each step z, r, n; R [3·H, H]; b [H]; h [B, T, H]
//     back through time, with dh_t from outside and from step t + 1:
//     da_z = dh ⊙ (h_{t−1} − n) ⊙ z(1 − z)      da_n = dh ⊙ (1 − z) ⊙ (1 − n²)
//     da_r = da_n ⊙ q ⊙ r(1 − r)                dq = da_n ⊙ r
//     ∂L/∂gates_t = (da_z, da_r, da_n)          ds = (da_z, da_r, dq)
//     dh_{t−1} += dh ⊙ z + ds·R                 ∂L/∂R = Σ_t ds_tᵀ·h_{t−1}      ∂L/∂b = Σ dq
//
// Source: Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014).
#include "clearhead/ops/gru.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/ops/recurrence_steps_internal.h"

namespace clearhead {
namespace {

enum Gate : std::int64_t { kUpdate, kReset, kCandidate };

struct Saved {
  Steps steps;
  Tensor R, h0;
  Tensor gates;      // [B, T, 3·H]: z, r, n
  Tensor recurrent;  // [B, T, 3·H]: s and, where that of the candidate stands, q
  Tensor h;          // [B, T, H]
};

template <typename T>
void forward(Saved& saved, const T* bias) {
  const Steps& steps = saved.steps;
  const std::int64_t H = steps.H;
  T* all_gates = saved.gates.mutable_data<T>();
  T* all_recurrent = saved.recurrent.mutable_data<T>();
  T* all_h = saved.h.mutable_data<T>();
  steps.forward([&](std::int64_t t) {
    steps.add_recurrent(all_h, saved.h0.data<T>(), saved.R, t, all_recurrent);  // s = h_{t−1}·Rᵀ
    steps.for_each_sequence([&](std::int64_t b) {
      const std::int64_t at = (b * steps.T + t) * H;
      T *gates = all_gates + 3 * at, *s = all_recurrent + 3 * at, *h = all_h + at;
      const T* before = steps.previous(all_h, saved.h0.data<T>(), b, t);
      for (std::int64_t j = 0; j < H; ++j) {
        if (!steps.counts(b, t)) {
          h[j] = before[j];
          continue;
        }
        T& q = s[kCandidate * H + j];
        if (bias != nullptr) q += bias[j];  // q = s_n + b
        const T z = logistic(gates[kUpdate * H + j] + s[kUpdate * H + j]);
        const T r = logistic(gates[kReset * H + j] + s[kReset * H + j]);
        const T n = std::tanh(gates[kCandidate * H + j] + r * q);
        h[j] = (1 - z) * n + z * before[j];
        gates[kUpdate * H + j] = z;
        gates[kReset * H + j] = r;
        gates[kCandidate * H + j] = n;
      }
    });
  });
}

// Takes dh_t to da_t, ds_t and the part of dh_{t−1} that comes through h_t = … + z ⊙ h_{t−1}.
template <typename T>
void backward_step(std::int64_t H, const T* gates, const T* q, const T* before, T* dh, T* da,
                   T* ds) {
  for (std::int64_t j = 0; j < H; ++j) {
    const T z = gates[kUpdate * H + j], r = gates[kReset * H + j], n = gates[kCandidate * H + j];
    const T da_z = dh[j] * (before[j] - n) * z * (1 - z);  // h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}
    const T da_n = dh[j] * (1 - z) * (1 - n * n);          // n = tanh(…)
    const T da_r = da_n * q[j] * r * (1 - r);              // n = tanh(… + r ⊙ q)
    da[kUpdate * H + j] = ds[kUpdate * H + j] = da_z;
    da[kReset * H + j] = ds[kReset * H + j] = da_r;
    da[kCandidate * H + j] = da_n;
    ds[kCandidate * H + j] = da_n * r;  // n = tanh(… + r ⊙ q)
    dh[j] *= z;
  }
}

// Places among the operands.
enum Place : std::size_t { kGates, kR, kBias, kInitialH };

template <typename T>
void backward(const Saved& saved, const Tensor& d_out, Gradients& gradients) {
  const Steps& steps = saved.steps;
  const std::int64_t H = steps.H;
  Tensor d_state({steps.B, H}, dtype_of<T>);
  Tensor d_gates(saved.gates.shape(), dtype_of<T>), d_recurrent(saved.gates.shape(), dtype_of<T>);
  T *dh = d_state.mutable_data<T>(), *da = d_gates.mutable_data<T>();
  T* ds = d_recurrent.mutable_data<T>();
  const T* h = saved.h.data<T>();
  steps.backward([&](std::int64_t t) {
    steps.for_each_sequence([&](std::int64_t b) {
      const std::int64_t at = (b * steps.T + t) * H;
      for (std::int64_t j = 0; j < H; ++j) dh[b * H + j] += d_out.data<T>()[at + j];
      if (!steps.counts(b, t)) return;  // h_t = h_{t−1}
      backward_step(
          H, saved.gates.data<T>() + 3 * at, saved.recurrent.data<T>() + 3 * at + kCandidate * H,
          steps.previous(h, saved.h0.data<T>(), b, t), dh + b * H, da + 3 * at, ds + 3 * at);
    });
    steps.add_state_gradient(ds, saved.R, t, dh);  // s = h_{t−1}·Rᵀ
  });
  if (T* d_R = gradients.data<T>(kR)) {
    steps.add_weight_gradient(ds, h, saved.h0.data<T>(), d_R, 3 * H);
  }
  if (gradients.wanted(kBias)) {  // q = s_n + b
    add_gradient(gradients, kBias, d_recurrent.slice(2, kCandidate * H, (kCandidate + 1) * H));
  }
  add_gradient(gradients, kInitialH, d_state);
  add_gradient(gradients, kGates, d_gates);
}

Calculation explain_state(const Steps& steps, const Var& states, const Index& index) {
  const GruInputs in{states.input(kGates), states.input(kR), states.input(kBias),
                     states.input(kInitialH)};
  const std::int64_t b = index[0], t = index[1], j = index[2], H = steps.H;
  Calculation c;
  const double before = previous_state(c, in.initial_h, states, {}, steps, b, t, j);
  if (!steps.counts(b, t)) {
    c.value = before;
    c.text = format_number(c.value) + " (padding: as before)";
    return c;
  }
  // a gate before its function: what the input says, and the recurrent part
  const auto parts = [&](Gate which) {
    const Calculation a =
        explain_gate(in.gates, in.R, in.initial_h, states, {}, steps, b, t, which * H + j);
    c.operands.insert(c.operands.end(), a.operands.begin(), a.operands.end());
    return std::pair(a.operands[0].value, a.value - a.operands[0].value);
  };
  const auto [z_input, z_state] = parts(kUpdate);
  const auto [r_input, r_state] = parts(kReset);
  auto [n_input, q] = parts(kCandidate);
  if (in.bias.defined()) {
    c.operands.push_back(operand(in.bias, {j}));
    q += c.operands.back().value;
  }
  const double z = logistic(z_input + z_state), r = logistic(r_input + r_state);
  const double n = std::tanh(n_input + r * q);
  c.text = "(1 - " + format_number(z) + ")·" + format_number(n, true) + " + " + format_number(z) +
           "·" + format_number(before, true);
  c.value = (1 - z) * n + z * before;
  return c;
}

void check_bias(const Var& bias, const Var& gates, std::int64_t H) {
  if (!bias.defined()) return;
  require_same_float("gru", {gates, bias});
  if (bias.shape() != Shape{H}) {
    throw Error("gru: expected a bias " + to_string(Shape{H}) + ", got " + to_string(bias.shape()));
  }
}

}  // namespace

Var gru(const GruInputs& in, const RecurrenceOptions& options) {
  const Steps steps("gru", 3, in.gates, in.R, {in.initial_h}, options);
  check_bias(in.bias, in.gates, steps.H);
  const DType dtype = in.gates.dtype();
  Saved saved{steps,
              in.R.value().contiguous(),
              initial_state(in.initial_h, steps, dtype),
              in.gates.value().clone(),
              Tensor(in.gates.shape(), dtype),
              Tensor::empty({steps.B, steps.T, steps.H}, dtype)};
  const Tensor bias = in.bias.defined() ? in.bias.value().contiguous() : Tensor();
  with_float(dtype, [&](auto zero) {
    using T = decltype(zero);
    forward<T>(saved, bias.defined() ? bias.data<T>() : nullptr);
  });

  return in.gates.tape().record(
      "gru", {in.gates, in.R, in.bias, in.initial_h}, saved.h, [&](Record& op) {
        op.formula = "gru({0}, {1})";
        op.backward = [saved](const Tensor& d_h, Gradients& gradients) {
          with_float(d_h.dtype(),
                     [&](auto zero) { backward<decltype(zero)>(saved, d_h, gradients); });
        };
        op.explain = [steps](const Var& y, const Index& index) {
          return explain_state(steps, y, index);
        };
      });
}

}  // namespace clearhead
