// y[b, t, s] = Σ_a v_a·u_a,  u_a = tanh(q[b, t, a] + k[b, s, a])
//
//     q [B, T, A], k [B, S, A], v [A], y [B, T, S]
//     with g_a = ∂L/∂y · v_a·(1 − u_a²) of each pair:
//     ∂L/∂q[t] = Σ_s g      ∂L/∂k[s] = Σ_t g      ∂L/∂v = Σ_{b,t,s} ∂L/∂y · u
//
// Backward calculates u again: it would take A times the memory of y.
//
// Source: Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and
// translate" (2015), appendix A.1.2.
#include "clearhead/ops/additive_scores.h"

#include <cmath>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

struct Sizes {
  std::int64_t B, T, S, A;
};

Sizes sizes_of(const Var& q, const Var& k, const Var& v) {
  require_same_float("additive_scores", {q, k, v});
  const bool fits = q.rank() == 3 && k.rank() == 3 && v.rank() == 1 && k.size(0) == q.size(0) &&
                    k.size(2) == q.size(2) && v.size(0) == q.size(2);
  if (!fits) {
    throw Error("additive_scores: expected q [B, T, A], k [B, S, A] and v [A], got " +
                to_string(q.shape()) + ", " + to_string(k.shape()) + " and " +
                to_string(v.shape()));
  }
  return {q.size(0), q.size(1), k.size(1), q.size(2)};
}

struct Operands {
  Tensor q, k, v;
};

template <typename T>
void forward(const Sizes& n, const Operands& in, Tensor& y) {
  const T* v = in.v.data<T>();
  T* out = y.mutable_data<T>();
  parallel_for(n.B * n.T, [&](std::int64_t row) {
    const T* q = in.q.data<T>() + row * n.A;
    const T* keys = in.k.data<T>() + row / n.T * n.S * n.A;
    for (std::int64_t s = 0; s < n.S; ++s) {
      const T* k = keys + s * n.A;
      T sum = 0;
      for (std::int64_t a = 0; a < n.A; ++a) sum += v[a] * std::tanh(q[a] + k[a]);
      out[row * n.S + s] = sum;
    }
  });
}

// Each batch by itself: its pairs share queries and keys. d_v gathers in the order of the batches.
template <typename T>
void backward(const Sizes& n, const Operands& in, const Tensor& d_y, T* d_q, T* d_k, T* d_v) {
  const T* v = in.v.data<T>();
  const T* d = d_y.data<T>();
  std::vector<T> sums(static_cast<std::size_t>(n.B * n.A));
  parallel_for(n.B, [&](std::int64_t b) {
    T* sum = sums.data() + b * n.A;
    for (std::int64_t t = 0; t < n.T; ++t) {
      for (std::int64_t s = 0; s < n.S; ++s) {
        const std::int64_t at_q = (b * n.T + t) * n.A, at_k = (b * n.S + s) * n.A;
        const T d_pair = d[(b * n.T + t) * n.S + s];
        if (d_pair == 0) continue;  // a pair that a mask hides
        for (std::int64_t a = 0; a < n.A; ++a) {
          const T u = std::tanh(in.q.data<T>()[at_q + a] + in.k.data<T>()[at_k + a]);
          const T g = d_pair * v[a] * (1 - u * u);  // u = tanh(q + k)
          if (d_q != nullptr) d_q[at_q + a] += g;
          if (d_k != nullptr) d_k[at_k + a] += g;
          sum[a] += d_pair * u;  // y = Σ_a v_a·u_a
        }
      }
    }
  });
  if (d_v == nullptr) return;
  for (std::int64_t b = 0; b < n.B; ++b) {
    for (std::int64_t a = 0; a < n.A; ++a) d_v[a] += sums[static_cast<std::size_t>(b * n.A + a)];
  }
}

}  // namespace

Var additive_scores(const Var& q, const Var& k, const Var& v) {
  const Sizes n = sizes_of(q, k, v);
  const Operands in{q.value().contiguous(), k.value().contiguous(), v.value().contiguous()};
  Tensor y_value = Tensor::empty({n.B, n.T, n.S}, q.dtype());
  with_float(q.dtype(), [&](auto zero) { forward<decltype(zero)>(n, in, y_value); });
  return q.tape().record("additive_scores", {q, k, v}, y_value, [&](Record& op) {
    op.formula = "{2}·tanh({0} + {1})";
    op.backward = [n, in](const Tensor& d_y, Gradients& gradients) {
      with_float(d_y.dtype(), [&](auto zero) {
        using T = decltype(zero);
        backward<T>(n, in, d_y, gradients.data<T>(0), gradients.data<T>(1), gradients.data<T>(2));
      });
    };
    op.explain = [A = n.A](const Var& y, const Index& index) {
      const Var q = y.input(0), k = y.input(1), v = y.input(2);
      Calculation c;
      for (std::int64_t a = 0; a < A; ++a) {
        c.operands.push_back(operand(v, {a}));
        c.operands.push_back(operand(q, {index[0], index[1], a}));
        c.operands.push_back(operand(k, {index[0], index[2], a}));
        const double* value[3] = {};
        for (std::size_t i = 0; i < 3; ++i) value[i] = &c.operands[c.operands.size() - 3 + i].value;
        c.value += *value[0] * std::tanh(*value[1] + *value[2]);
        if (a >= 3) continue;  // some terms show how they are made
        c.text += (a == 0 ? "" : " + ") + format_number(*value[0], true) + "·tanh(" +
                  format_number(*value[1]) + " + " + format_number(*value[2], true) + ")";
      }
      if (A > 3) c.text += " + … (" + std::to_string(A) + " terms)";
      return c;
    };
  });
}

}  // namespace clearhead
