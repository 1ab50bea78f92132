// Y = X·Wᵀ + b
//
//     X [R, in]: all axes of x but the last taken as R rows; W [out, in], b [out], Y [R, out]
//     ∂L/∂X = ∂L/∂Y·W      ∂L/∂W = (∂L/∂Y)ᵀ·X      ∂L/∂b = Σ_r ∂L/∂Y_r
#include "clearhead/ops/linear.h"

#include <algorithm>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/linear_maps.h"
#include "clearhead/compute/products.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

bool is_stored_bf16(const Var& x, const Var& weight) {
  return x.dtype() == DType::f32 && weight.dtype() == DType::bf16;
}

void check(const Var& x, const Var& weight, const Var& bias) {
  const Var& like_x = is_stored_bf16(x, weight) ? x : weight;
  if (bias.defined()) {
    require_same_float("linear", {x, like_x, bias});
  } else {
    require_same_float("linear", {x, like_x});
  }
  if (x.rank() < 1 || weight.rank() != 2 || x.size(-1) != weight.size(1)) {
    throw Error("linear: expected x [..., in] and weight [out, in], got " + to_string(x.shape()) +
                " and " + to_string(weight.shape()));
  }
  if (bias.defined() && bias.shape() != Shape{weight.size(0)}) {
    throw Error("linear: expected a bias " + to_string(Shape{weight.size(0)}) + " for weight " +
                to_string(weight.shape()) + ", got " + to_string(bias.shape()));
  }
}

// X, and W_i and b_i of some linear maps of it, as they are held.
class Maps {
 public:
  Maps(const Var& x, std::span<const LinearWeights> all, Precision precision)
      : shape_(x.shape()), x_(x.value().contiguous()), precision_(precision) {
    R_ = element_count(Shape(shape_.begin(), shape_.end() - 1));
    for (const auto& [weight, bias] : all) {
      check(x, weight, bias);
      maps_.push_back({weight.size(0), weight.value().contiguous(),
                       bias.defined() ? bias.value().contiguous() : Tensor()});
      weights_learn_ = weights_learn_ || weight.needs_grad();
    }
    x_learns_ = x.needs_grad();
  }

  bool pay_together() const {
    return x_.dtype() == DType::f32 && maps_[0].weight.dtype() == DType::f32 &&
           compute::pay_together(x_matrix<float>(), map_views<float>(), precision_);
  }

  // Y_i = X·W_iᵀ + b_i, each [..., out_i]
  std::vector<Tensor> forward() const {
    if (maps_[0].weight.dtype() == DType::bf16) return forward<bf16>();
    return with_float(x_.dtype(), [&](auto zero) { return forward<decltype(zero)>(); });
  }

  // What backward needs: X if weights learn, the weights if X does.
  Maps held_for_backward() const {
    Maps held = *this;
    if (!weights_learn_) held.x_ = Tensor();
    for (Map& map : held.maps_) {
      if (!x_learns_) map.weight = Tensor();
    }
    return held;
  }

  // Adds to the gradients of input 0, X, and of inputs 1, 2, …: each W_i, followed by its b_i if it has
  // one. A d_y may be undefined, if nothing depends on that result.
  template <typename T>
  void backward(std::vector<Tensor> d_y, Gradients& gradients) const {
    const compute::Into<T> dx = into<T>(gradients, 0);
    std::vector<compute::LinearMapGradient<T>> of_maps;
    std::size_t input = 1;
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const std::int64_t out = maps_[i].out;
      if (!d_y[i].defined()) d_y[i] = Tensor({R_, out}, dtype_of<T>);
      of_maps.push_back({{d_y[i].data<T>(), R_, out}, into<T>(gradients, input)});
      input += maps_[i].bias.defined() ? 2 : 1;
    }
    compute::linear_maps_backward<T>(x_matrix<T>(), map_views<T>(), of_maps, dx, precision_);
    input = 1;
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      if (maps_[i].bias.defined()) add_gradient(gradients, ++input, d_y[i]);  // Y = … + b
      ++input;
    }
  }

 private:
  struct Map {
    std::int64_t out;
    Tensor weight, bias;
  };

  template <typename T>
  MatrixView<const T> x_matrix() const {
    return {x_.defined() ? x_.data<T>() : nullptr, R_, shape_.back()};
  }
  template <typename W>
  std::vector<compute::LinearMap<W>> map_views() const {
    using T = typename compute::LinearMap<W>::Number;
    std::vector<compute::LinearMap<W>> maps;
    for (const Map& map : maps_) {
      maps.push_back(
          {{map.weight.defined() ? map.weight.data<W>() : nullptr, map.out, shape_.back()},
           map.bias.defined() ? map.bias.data<T>() : nullptr});
    }
    return maps;
  }
  template <typename W>
  std::vector<Tensor> forward() const {
    using T = typename compute::LinearMap<W>::Number;
    std::vector<Tensor> results;
    std::vector<MatrixView<T>> y;
    for (const Map& map : maps_) {
      Shape shape = shape_;
      shape.back() = map.out;
      results.push_back(Tensor::empty(std::move(shape), dtype_of<T>));
      y.push_back({results.back().mutable_data<T>(), R_, map.out});
    }
    compute::linear_maps<W>(x_matrix<T>(), map_views<W>(), y, precision_);
    return results;
  }

  Shape shape_;  // of X
  std::int64_t R_;
  Tensor x_;               // undefined if it is not held
  std::vector<Map> maps_;  // likewise their weights
  Precision precision_;
  bool x_learns_ = false, weights_learn_ = false;
};

std::vector<Var> record_together(const Var& x, std::span<const LinearWeights> all,
                                 const Maps& maps) {
  std::vector<Var> inputs = {x};
  for (const auto& [weight, bias] : all) {
    inputs.push_back(weight);
    if (bias.defined()) inputs.push_back(bias);
  }
  return x.tape().record_several(
      "linear", inputs, maps.forward(),
      [held = maps.held_for_backward()](const std::vector<Tensor>& d_y, Gradients& gradients) {
        held.backward<float>(d_y, gradients);
      });
}

}  // namespace

std::vector<Var> linears(const Var& x, std::span<const LinearWeights> all, Precision precision) {
  const auto all_are = [&](DType dtype) {
    return !all.empty() && std::all_of(all.begin(), all.end(), [&](const LinearWeights& w) {
      return w.weight.dtype() == dtype;
    });
  };
  if (x.tape().keep() == Keep::for_backward && x.dtype() == DType::f32 && all_are(DType::f32)) {
    const Maps maps(x, all, precision);
    if (maps.pay_together()) return record_together(x, all, maps);
  }
  const bool few =
      x.rank() > 0 && x.size(-1) > 0 && compute::is_few_rows(element_count(x.shape()) / x.size(-1));
  if (x.tape().keep() == Keep::nothing &&
      (all_are(x.dtype()) || (few && x.dtype() == DType::f32 && all_are(DType::bf16)))) {
    std::vector<Var> results;
    std::vector<Tensor> values = Maps(x, all, precision).forward();
    for (std::size_t i = 0; i < all.size(); ++i) {
      results.push_back(
          x.tape().unrecorded("linear", {&x, &all[i].weight, &all[i].bias}, values[i]));
    }
    return results;
  }
  std::vector<Var> results;
  for (const auto& [weight, bias] : all) results.push_back(linear(x, weight, bias, precision));
  return results;
}

Var linear(const Var& x, const Var& weight, const Var& bias, Precision precision) {
  check(x, weight, bias);
  const std::int64_t in = x.size(-1);
  const bool learns =
      x.needs_grad() || weight.needs_grad() || (bias.defined() && bias.needs_grad());
  const std::int64_t R = element_count(Shape(x.shape().begin(), x.shape().end() - 1));
  if (is_stored_bf16(x, weight) && (!compute::is_few_rows(R) || learns)) {
    return linear(x, cast(weight, DType::f32), bias, precision);
  }
  const LinearWeights one[] = {{weight, bias}};
  const Maps maps(x, one, precision);
  Tensor y = maps.forward()[0];  // [..., out]
  if (x.tape().keep() == Keep::nothing) {
    return x.tape().unrecorded("linear", {&x, &weight, &bias}, std::move(y));
  }

  Operation op{.kind = "linear",
               .formula = bias.defined() ? "{0}·{1}ᵀ + {2}" : "{0}·{1}ᵀ",
               .inputs = {x, weight},
               .value = std::move(y)};
  if (bias.defined()) op.inputs.push_back(bias);
  op.backward = [held = maps.held_for_backward()](const Tensor& d_y, Gradients& gradients) {
    with_float(d_y.dtype(), [&](auto zero) { held.backward<decltype(zero)>({d_y}, gradients); });
  };
  op.explain = [x, weight, bias, in](const Index& index) {
    std::vector<Operand> pairs;  // y_o = Σ_i x_i·w_oi + b_o
    for (std::int64_t i = 0; i < in; ++i) {
      Index in_x = index;
      in_x.back() = i;
      pairs.push_back(operand(x, in_x));
      pairs.push_back(operand(weight, {index.back(), i}));
    }
    Calculation sum = sum_of_products(std::move(pairs));
    if (bias.defined()) {
      sum.operands.push_back(operand(bias, {index.back()}));
      sum.value += sum.operands.back().value;
      sum.text += " + " + format_number(sum.operands.back().value, true);
    }
    return sum;
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
