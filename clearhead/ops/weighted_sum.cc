// z_id = Σ_j p_ij·v_jd, over the keys j that query i sees: those whose score s_ij is not −inf
//
//     p, s [..., T, S], v [..., S, Dv], z [..., T, Dv]
//     ∂L/∂p_ij = Σ_d ∂L/∂z_id·v_jd    where s_ij > −inf, else 0
//     ∂L/∂v_jd = Σ_i p_ij·∂L/∂z_id    over the queries i that see key j
//     both summed over the batch axes along which p or v was repeated
//
// p is 0 where s = −inf, so this is p·v; but 0·NaN = NaN, and what a mask hides must not show.
#include "clearhead/ops/weighted_sum.h"

#include <limits>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/weighted_sum.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

using compute::matrices_of;
using compute::mutable_matrices_of;

struct Sizes {
  std::int64_t M, S, D;  // queries, keys, size of a value
  Shape batch;           // of the result
};

// z = p·v
template <typename T>
void forward(const Shape& batch, const Tensor& p, const Tensor& s, const Tensor& v, Tensor& z) {
  compute::weighted_sums<T>(matrices_of<T>(p, batch), matrices_of<T>(s, batch),
                            matrices_of<T>(v, batch), mutable_matrices_of<T>(z, batch));
}

// z = p·v, so dp += dz·vᵀ
template <typename T>
void backward_p(const Shape& batch, const Tensor& d_z, const Tensor& s, const Tensor& v,
                Tensor& d_p) {
  compute::weighted_sums_backward_pattern<T>(matrices_of<T>(d_z, batch), matrices_of<T>(s, batch),
                                             matrices_of<T>(v, batch),
                                             mutable_matrices_of<T>(d_p, batch));
}

// z = p·v, so dv += pᵀ·dz
template <typename T>
void backward_v(const Shape& batch, const Tensor& d_z, const Tensor& p, const Tensor& s,
                Tensor& d_v) {
  compute::weighted_sums_backward_v<T>(matrices_of<T>(p, batch), matrices_of<T>(s, batch),
                                       matrices_of<T>(d_z, batch),
                                       mutable_matrices_of<T>(d_v, batch));
}

Sizes sizes_of(const Var& pattern, const Var& scores, const Var& v) {
  require_same_float("weighted_sum", {pattern, scores, v});
  const auto fail = [&](const std::string& expected) {
    throw Error("weighted_sum: " + expected + ", got pattern " + to_string(pattern.shape()) +
                ", scores " + to_string(scores.shape()) + " and v " + to_string(v.shape()));
  };
  if (pattern.rank() < 2 || v.rank() < 2 || pattern.size(-1) != v.size(-2)) {
    fail("expected a pattern [..., T, S] and values [..., S, Dv]");
  }
  if (scores.shape() != pattern.shape()) fail("expected scores of the shape of the pattern");
  Sizes sizes{pattern.size(-2), pattern.size(-1), v.size(-1), {}};
  try {
    sizes.batch = broadcast_shapes(batch_axes(pattern.shape()), batch_axes(v.shape()));
  } catch (const Error&) {
    fail("expected axes before the last two that broadcast (sizes equal or 1)");
  }
  return sizes;
}

}  // namespace

Var weighted_sum(const Var& pattern, const Var& scores, const Var& v) {
  const Sizes sizes = sizes_of(pattern, scores, v);
  const Tensor p_value = pattern.value().contiguous();
  const Tensor s_value = scores.value().contiguous();
  const Tensor v_value = with_dense_rows(v.value());
  Shape shape = sizes.batch;  // [..., T, Dv]
  shape.insert(shape.end(), {sizes.M, sizes.D});

  Operation op{.kind = "weighted_sum",
               .formula = "{0}·{2}",
               .inputs = {pattern, scores, v},
               .value = Tensor::empty(shape, v.dtype())};
  with_float(v.dtype(), [&](auto zero) {
    forward<decltype(zero)>(sizes.batch, p_value, s_value, v_value, op.value);
  });
  op.backward = [batch = sizes.batch, s_value, p_value = v.needs_grad() ? p_value : Tensor(),
                 v_value = pattern.needs_grad() ? v_value : Tensor()](const Tensor& d_z,
                                                                      Gradients& gradients) {
    with_float(d_z.dtype(), [&](auto zero) {
      using T = decltype(zero);
      if (gradients.wanted(0)) backward_p<T>(batch, d_z, s_value, v_value, gradients.of(0));
      if (gradients.wanted(2)) backward_v<T>(batch, d_z, p_value, s_value, gradients.of(2));
    });
  };
  op.explain = [pattern, scores, v, S = sizes.S](const Index& index) {
    std::vector<Operand> pairs;  // z_id = Σ_j p_ij·v_jd
    for (std::int64_t j = 0; j < S; ++j) {
      Index in_p = index, in_v = index;
      in_p.back() = j;
      in_v[in_v.size() - 2] = j;
      const Index pair = broadcast_index(in_p, pattern.shape());
      if (operand(scores, pair).value == -std::numeric_limits<double>::infinity()) continue;
      pairs.push_back(operand(pattern, pair));
      pairs.push_back(operand(v, broadcast_index(in_v, v.shape())));
    }
    return sum_of_products(std::move(pairs));
  };
  return v.tape().record(std::move(op));
}

}  // namespace clearhead
