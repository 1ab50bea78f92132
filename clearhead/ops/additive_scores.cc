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

#include "clearhead/base/error.h"
#include "clearhead/compute/additive_scores.h"
#include "clearhead/ops/elementwise_internal.h"

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
  Sizes n;
  Tensor q, k, v;

  template <typename T>
  compute::AdditiveScores<T> scores() const {
    return {n.B, n.T, n.S, n.A, q.data<T>(), k.data<T>(), v.data<T>()};
  }
};

}  // namespace

Var additive_scores(const Var& q, const Var& k, const Var& v) {
  const Sizes n = sizes_of(q, k, v);
  const Operands in{n, q.value().contiguous(), k.value().contiguous(), v.value().contiguous()};
  Tensor y_value = Tensor::empty({n.B, n.T, n.S}, q.dtype());
  with_float(q.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::additive_scores(in.scores<T>(), y_value.mutable_data<T>());
  });
  return q.tape().record("additive_scores", {q, k, v}, y_value, [&](Record& op) {
    op.formula = "{2}·tanh({0} + {1})";
    op.backward = [in](const Tensor& d_y, Gradients& gradients) {
      with_float(d_y.dtype(), [&](auto zero) {
        using T = decltype(zero);
        compute::additive_scores_backward(in.scores<T>(), d_y.data<T>(), gradients.data<T>(0),
                                          gradients.data<T>(1), gradients.data<T>(2));
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
