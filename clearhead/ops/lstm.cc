// (i, o, f, g)_t before their functions: a_t = gates_t + h_{t−1}·Rᵀ
//
//     i = σ(a_i + P_i ⊙ c_{t−1})    f = σ(a_f + P_f ⊙ c_{t−1})    g = tanh(a_g)
//     c_t = f ⊙ c_{t−1} + i ⊙ g
//     o = σ(a_o + P_o ⊙ c_t)        h_t = o ⊙ tanh(c_t)
//
//     gates [B, T, 4·H], in each step i, o, f, g; R [4·H, H]; h, c [B, T, H];
//     P [3·H]: P_i, P_o, P_f
//
// Back through time, with dh_t and dc_t from outside and from step t + 1:
//
//     da_o = dh ⊙ tanh(c_t) ⊙ o(1 − o)           dc += dh ⊙ o ⊙ (1 − tanh²(c_t)) + da_o ⊙ P_o
//     da_i = dc ⊙ g ⊙ i(1 − i)      da_f = dc ⊙ c_{t−1} ⊙ f(1 − f)      da_g = dc ⊙ i ⊙ (1 − g²)
//     dc_{t−1} += dc ⊙ f + da_i ⊙ P_i + da_f ⊙ P_f                      dh_{t−1} += da·R
//     ∂L/∂gates_t = da_t   ∂L/∂R = Σ_t da_tᵀ·h_{t−1}   ∂L/∂P_i = Σ da_i ⊙ c_{t−1}, and so on
//
// Source: Hochreiter and Schmidhuber, "Long short-term memory" (1997); peepholes Gers and
// Schmidhuber (2000).
#include "clearhead/ops/lstm.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/ops/recurrence_steps_internal.h"
#include "clearhead/ops/reshape.h"

namespace clearhead {
namespace {

enum Gate : std::int64_t { kInput, kOutput, kForget, kCell };

struct Saved {
  Steps steps;
  Tensor R, h0, c0, peephole;
  Tensor gates;   // [B, T, 4·H]: i, o, f, g
  Tensor states;  // [2, B, T, H]: h, c
};

// The numbers of one step of one sequence, each H long.
template <typename T>
struct Step {
  Step(const Saved& s, std::int64_t b, std::int64_t t)
      : H(s.steps.H),
        gates(s.gates.data<T>() + (b * s.steps.T + t) * 4 * H),
        h(s.states.data<T>() + (b * s.steps.T + t) * H),
        c(h + s.steps.B * s.steps.T * H),
        h_before(s.steps.previous(s.states.data<T>(), s.h0.data<T>(), b, t)),
        c_before(
            s.steps.previous(s.states.data<T>() + s.steps.B * s.steps.T * H, s.c0.data<T>(), b, t)),
        peephole(s.peephole.data<T>()) {}

  std::int64_t H;
  const T *gates, *h, *c, *h_before, *c_before, *peephole;
};

template <typename T>
void forward_step(const Step<T>& s, bool counts, T* gates, T* h, T* c) {
  const std::int64_t H = s.H;
  const T* P = s.peephole;
  for (std::int64_t j = 0; j < H; ++j) {
    if (!counts) {
      c[j] = s.c_before[j];
      h[j] = s.h_before[j];
      continue;
    }
    const T i = logistic(gates[kInput * H + j] + P[j] * s.c_before[j]);
    const T f = logistic(gates[kForget * H + j] + P[2 * H + j] * s.c_before[j]);
    const T g = std::tanh(gates[kCell * H + j]);
    c[j] = f * s.c_before[j] + i * g;
    const T o = logistic(gates[kOutput * H + j] + P[H + j] * c[j]);
    h[j] = o * std::tanh(c[j]);
    gates[kInput * H + j] = i;
    gates[kOutput * H + j] = o;
    gates[kForget * H + j] = f;
    gates[kCell * H + j] = g;
  }
}

template <typename T>
void forward(Saved& saved) {
  const Steps& steps = saved.steps;
  T* gates = saved.gates.mutable_data<T>();
  T* h = saved.states.mutable_data<T>();
  steps.forward([&](std::int64_t t) {
    steps.add_recurrent(h, saved.h0.data<T>(), saved.R, t, gates);  // a_t = gates_t + h_{t−1}·Rᵀ
    steps.for_each_sequence([&](std::int64_t b) {
      const std::int64_t at = (b * steps.T + t) * steps.H;
      forward_step(Step<T>(saved, b, t), steps.counts(b, t), gates + 4 * at, h + at,
                   h + steps.B * steps.T * steps.H + at);
    });
  });
}

// Takes dh_t, dc_t to da_t, dc_{t−1}.
template <typename T>
void backward_step(const Step<T>& s, T* dh, T* dc, T* da) {
  const std::int64_t H = s.H;
  const T* P = s.peephole;
  for (std::int64_t j = 0; j < H; ++j) {
    const T i = s.gates[kInput * H + j], o = s.gates[kOutput * H + j];
    const T f = s.gates[kForget * H + j], g = s.gates[kCell * H + j];
    const T tanh_c = std::tanh(s.c[j]);
    const T da_o = dh[j] * tanh_c * o * (1 - o);             // h_t = o ⊙ …
    const T d = dc[j] + dh[j] * o * (1 - tanh_c * tanh_c) +  // h_t = … ⊙ tanh(c_t)
                da_o * P[H + j];                             // o = σ(… + P_o ⊙ c_t)
    const T da_i = d * g * i * (1 - i);                      // c_t = … + i ⊙ g
    const T da_f = d * s.c_before[j] * f * (1 - f);          // c_t = f ⊙ c_{t−1} + …
    da[kInput * H + j] = da_i;
    da[kOutput * H + j] = da_o;
    da[kForget * H + j] = da_f;
    da[kCell * H + j] = d * i * (1 - g * g);  // g = tanh(a_g)
    dc[j] = d * f + da_i * P[j] + da_f * P[2 * H + j];
    dh[j] = 0;
  }
}

// ∂L/∂P: the sums of da ⊙ c over all steps that count (da is 0 in the others).
template <typename T>
void add_peephole_gradient(const Saved& saved, const T* da, T* d_P) {
  const Steps& steps = saved.steps;
  const std::int64_t H = steps.H;
  for (std::int64_t b = 0; b < steps.B; ++b) {
    for (std::int64_t t = 0; t < steps.T; ++t) {
      const Step<T> s(saved, b, t);
      const T* d = da + (b * steps.T + t) * 4 * H;
      for (std::int64_t j = 0; j < H; ++j) {
        d_P[j] += d[kInput * H + j] * s.c_before[j];           // i = σ(… + P_i ⊙ c_{t−1})
        d_P[H + j] += d[kOutput * H + j] * s.c[j];             // o = σ(… + P_o ⊙ c_t)
        d_P[2 * H + j] += d[kForget * H + j] * s.c_before[j];  // f = σ(… + P_f ⊙ c_{t−1})
      }
    }
  }
}

// Places among the operands.
enum Place : std::size_t { kGates, kR, kInitialH, kInitialC, kPeephole };

template <typename T>
void backward(const Saved& saved, const Tensor& d_states, Gradients& gradients) {
  const Steps& steps = saved.steps;
  const std::int64_t H = steps.H;
  Tensor d_h({steps.B, H}, dtype_of<T>), d_c({steps.B, H}, dtype_of<T>);
  Tensor d_gates(saved.gates.shape(), dtype_of<T>);
  T *dh = d_h.mutable_data<T>(), *dc = d_c.mutable_data<T>(), *da = d_gates.mutable_data<T>();
  const T* from_outside = d_states.data<T>();
  steps.backward([&](std::int64_t t) {
    steps.for_each_sequence([&](std::int64_t b) {
      const std::int64_t at = (b * steps.T + t) * H;
      for (std::int64_t j = 0; j < H; ++j) {
        dh[b * H + j] += from_outside[at + j];
        dc[b * H + j] += from_outside[steps.B * steps.T * H + at + j];
      }
      if (!steps.counts(b, t)) return;  // h_t = h_{t−1}, c_t = c_{t−1}
      backward_step(Step<T>(saved, b, t), dh + b * H, dc + b * H, da + 4 * at);
    });
    steps.add_state_gradient(da, saved.R, t, dh);  // a_t = … + h_{t−1}·Rᵀ
  });
  if (T* d_R = gradients.data<T>(kR)) {
    steps.add_weight_gradient(da, saved.states.data<T>(), saved.h0.data<T>(), d_R, 4 * H);
  }
  add_gradient(gradients, kInitialH, d_h);
  add_gradient(gradients, kInitialC, d_c);
  if (T* d_P = gradients.data<T>(kPeephole)) add_peephole_gradient(saved, da, d_P);
  add_gradient(gradients, kGates, d_gates);  // a_t = gates_t + …
}

// The number [0 (h) or 1 (c), b, t, j] of the states.
Calculation explain_state(const Steps& steps, const Var& states, const Index& index) {
  const LstmInputs in{states.input(kGates), states.input(kR), states.input(kInitialH),
                      states.input(kInitialC), states.input(kPeephole)};
  const std::int64_t b = index[1], t = index[2], j = index[3], H = steps.H;
  Calculation c;
  if (!steps.counts(b, t)) {
    const bool is_h = index[0] == 0;
    c.value =
        previous_state(c, is_h ? in.initial_h : in.initial_c, states, {index[0]}, steps, b, t, j);
    c.text = format_number(c.value) + " (padding: as before)";
    return c;
  }
  // a gate before its function, its operands added to c
  const auto gate = [&](Gate which, std::int64_t peephole, double cell) {
    Calculation a =
        explain_gate(in.gates, in.R, in.initial_h, states, {0}, steps, b, t, which * H + j);
    c.operands.insert(c.operands.end(), a.operands.begin(), a.operands.end());
    if (peephole < 0 || !in.peephole.defined()) return a.value;
    c.operands.push_back(operand(in.peephole, {peephole * H + j}));
    return a.value + c.operands.back().value * cell;
  };
  if (index[0] == 0) {
    c.operands.push_back(operand(states, {1, b, t, j}));
    const double cell = c.operands.back().value;
    const double o = logistic(gate(kOutput, 1, cell));
    c.text = format_number(o) + " · tanh(" + format_number(cell) + ")";
    c.value = o * std::tanh(cell);
    return c;
  }
  const double before = previous_state(c, in.initial_c, states, {1}, steps, b, t, j);
  const double i = logistic(gate(kInput, 0, before)), f = logistic(gate(kForget, 2, before));
  const double g = std::tanh(gate(kCell, -1, 0));
  c.text = format_number(f) + "·" + format_number(before, true) + " + " + format_number(i) + "·" +
           format_number(g, true);
  c.value = f * before + i * g;
  return c;
}

void check_peephole(const Var& peephole, const Var& gates, std::int64_t H) {
  if (!peephole.defined()) return;
  require_same_float("lstm", {gates, peephole});
  if (peephole.shape() != Shape{3 * H}) {
    throw Error("lstm: expected peepholes " + to_string(Shape{3 * H}) + ", got " +
                to_string(peephole.shape()));
  }
}

}  // namespace

LstmOutput lstm(const LstmInputs& in, const RecurrenceOptions& options) {
  const Steps steps("lstm", 4, in.gates, in.R, {in.initial_h, in.initial_c}, options);
  check_peephole(in.peephole, in.gates, steps.H);
  const DType dtype = in.gates.dtype();
  Saved saved{
      steps,
      in.R.value().contiguous(),
      initial_state(in.initial_h, steps, dtype),
      initial_state(in.initial_c, steps, dtype),
      in.peephole.defined() ? in.peephole.value().contiguous() : Tensor({3 * steps.H}, dtype),
      in.gates.value().clone(),
      Tensor::empty({2, steps.B, steps.T, steps.H}, dtype)};
  with_float(dtype, [&](auto zero) { forward<decltype(zero)>(saved); });

  const Var states = in.gates.tape().record(
      "lstm", {in.gates, in.R, in.initial_h, in.initial_c, in.peephole}, saved.states,
      [&](Record& op) {
        op.formula = "lstm({0}, {1})";
        op.backward = [saved](const Tensor& d_states, Gradients& gradients) {
          with_float(d_states.dtype(),
                     [&](auto zero) { backward<decltype(zero)>(saved, d_states, gradients); });
        };
        op.explain = [steps](const Var& y, const Index& index) {
          return explain_state(steps, y, index);
        };
      });
  const Shape one = {steps.B, steps.T, steps.H};
  return {reshape(slice(states, 0, 0, 1), one), reshape(slice(states, 0, 1, 2), one)};
}

}  // namespace clearhead
