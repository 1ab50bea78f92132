// z_id = Σ_j p_ij·v_jd, over the keys j that query i sees: those whose score s_ij is not −inf, or
// whose weight p_ij is not 0
//
//     p, s [..., T, S], v [..., S, Dv], z [..., T, Dv]
//     ∂L/∂p_ij = Σ_d ∂L/∂z_id·v_jd    where query i sees key j, else 0
//     ∂L/∂v_jd = Σ_i p_ij·∂L/∂z_id    over the queries i that see key j
//     both summed over the batch axes along which p or v was repeated
//
// This is p·v; but 0·NaN = NaN, and what a mask hides must not show. A softmax gives 0 where
// s = −inf: a weight there was put by an intervention.
#include "clearhead/ops/weighted_sum.h"

#include <limits>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/weighted_sum.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

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
void backward_p(const Shape& batch, const Tensor& d_z, const Tensor& p, const Tensor& s,
                const Tensor& v, Tensor& d_p) {
  compute::weighted_sums_backward_pattern<T>(matrices_of<T>(d_z, batch), matrices_of<T>(p, batch),
                                             matrices_of<T>(s, batch), matrices_of<T>(v, batch),
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

// Whether a pair is left out of z: its query does not see its key.
bool is_hidden(double weight, double score) {
  return score == -std::numeric_limits<double>::infinity() && !(weight < 0 || weight > 0);
}
bool is_hidden(const Var& z, const Index& pair) {
  return is_hidden(broadcast_operand(z.input(0), pair).value,
                   broadcast_operand(z.input(1), pair).value);
}

// The places of the batch of z to which the matrix of `operand` that `index` lies in is repeated.
std::vector<Index> places_in_batch(const Var& z, const Var& operand, const Index& index) {
  return broadcast_indices(Index(index.begin(), index.end() - 2), batch_axes(operand.shape()),
                           batch_axes(z.shape()));
}

// dp_ij = Σ_d dz_id·v_jd where query i sees key j
Calculation explain_gradient_of_pattern(const Var& z, const Index& index) {
  if (is_hidden(z, index)) return {{}, "0, for the mask hides it", 0};
  std::vector<Operand> pairs;
  for (const Index& place : places_in_batch(z, z.input(0), index)) {
    for (std::int64_t d = 0; d < z.size(-1); ++d) {
      Index in_z = place, in_v = place;
      in_z.insert(in_z.end(), {*(index.end() - 2), d});
      in_v.insert(in_v.end(), {index.back(), d});
      pairs.push_back(gradient_operand(z, in_z));
      pairs.push_back(broadcast_operand(z.input(2), in_v));
    }
  }
  return sum_of_products(std::move(pairs));
}

// dv_jd = Σ_i p_ij·dz_id over the queries that see key j
Calculation explain_gradient_of_v(const Var& z, const Index& index) {
  std::vector<Operand> pairs;
  for (const Index& place : places_in_batch(z, z.input(2), index)) {
    for (std::int64_t i = 0; i < z.size(-2); ++i) {
      Index in_z = place, in_p = place;
      in_z.insert(in_z.end(), {i, index.back()});
      in_p.insert(in_p.end(), {i, *(index.end() - 2)});
      if (is_hidden(z, in_p)) continue;
      pairs.push_back(broadcast_operand(z.input(0), in_p));
      pairs.push_back(gradient_operand(z, in_z));
    }
  }
  return sum_of_products(std::move(pairs));
}

}  // namespace

Calculation explain_weighted_sum(const Var& z, const Var& pattern, const Var& scores, const Var& v,
                                 const Index& index) {
  Index in_p = shared_index(index, z.shape(), pattern.shape());
  Index in_v = shared_index(index, z.shape(), v.shape());
  Index begin = in_p, end = in_p;  // the row of all keys, at once where it is calculated
  for (std::int64_t& i : end) ++i;
  begin.back() = 0, end.back() = pattern.size(-1);
  const Tensor weights = pattern.tile(begin, end), row = scores.tile(begin, end);
  Index in_row(begin.size(), 0);
  std::vector<Operand> pairs;
  for (std::int64_t j = 0; j < pattern.size(-1); ++j) {
    in_p.back() = in_row.back() = *(in_v.end() - 2) = j;
    if (is_hidden(weights.at(in_row), row.at(in_row))) continue;
    pairs.push_back(operand(pattern, in_p));
    pairs.push_back(operand(v, in_v));
  }
  return sum_of_products(std::move(pairs));
}

Var weighted_sum(const Var& pattern, const Var& scores, const Var& v) {
  const Sizes sizes = sizes_of(pattern, scores, v);
  const Tensor p_value = pattern.value().contiguous();
  const Tensor s_value = scores.value().contiguous();
  const Tensor v_value = with_dense_rows(v.value());
  Shape shape = sizes.batch;  // [..., T, Dv]
  shape.insert(shape.end(), {sizes.M, sizes.D});

  Tensor z_value = Tensor::empty(shape, v.dtype());
  with_float(v.dtype(), [&](auto zero) {
    forward<decltype(zero)>(sizes.batch, p_value, s_value, v_value, z_value);
  });
  return v.tape().record("weighted_sum", {pattern, scores, v}, z_value, [&](Record& op) {
    op.formula = "{0}·{2}";
    op.backward = [batch = sizes.batch, p_value, s_value,
                   v_value = pattern.needs_grad() ? v_value : Tensor()](const Tensor& d_z,
                                                                        Gradients& gradients) {
      with_float(d_z.dtype(), [&](auto zero) {
        using T = decltype(zero);
        if (gradients.wanted(0))
          backward_p<T>(batch, d_z, p_value, s_value, v_value, gradients.of(0));
        if (gradients.wanted(2)) backward_v<T>(batch, d_z, p_value, s_value, gradients.of(2));
      });
    };
    op.gradients = {{"{y}_grad·{2}ᵀ", explain_gradient_of_pattern},
                    {},  // whether a score is −inf has no gradient
                    {"{0}ᵀ·{y}_grad", explain_gradient_of_v}};
    op.explain = [](const Var& z, const Index& index) {
      return explain_weighted_sum(z, z.input(0), z.input(1), z.input(2), index);
    };
  });
}

}  // namespace clearhead
