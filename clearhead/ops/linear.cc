// Y = X·Wᵀ + b
//
//     X [R, in]: all axes of x but the last taken as R rows; W [out, in], b [out], Y [R, out]
//     ∂L/∂X = ∂L/∂Y·W      ∂L/∂W = (∂L/∂Y)ᵀ·X      ∂L/∂b = Σ_r ∂L/∂Y_r
#include "clearhead/ops/linear.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/linear_maps.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise_internal.h"

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

// Where the weight and the bias of map i stand among the operands; X is operand 0.
std::size_t place_of_weight(std::size_t i) { return 2 * i + 1; }
std::size_t place_of_bias(std::size_t i) { return 2 * i + 2; }

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
      map.bias = Tensor();
      if (!x_learns_) map.weight = Tensor();
    }
    return held;
  }

  // Adds to the gradients of the operands. A d_y is undefined if nothing depends on that result.
  template <typename T>
  void backward(std::vector<Tensor> d_y, Gradients& gradients) const {
    const compute::Into<T> dx = into<T>(gradients, 0);
    std::vector<compute::LinearMapGradient<T>> of_maps;
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      const std::int64_t out = maps_[i].out;
      if (!d_y[i].defined()) d_y[i] = Tensor({R_, out}, dtype_of<T>);
      of_maps.push_back({{d_y[i].data<T>(), R_, out}, into<T>(gradients, place_of_weight(i))});
    }
    compute::linear_maps_backward<T>(x_matrix<T>(), map_views<T>(), of_maps, dx, precision_);
    for (std::size_t i = 0; i < maps_.size(); ++i) {
      add_gradient(gradients, place_of_bias(i), d_y[i]);  // Y = … + b
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
  std::vector<LinearMap<W>> map_views() const {
    using T = typename LinearMap<W>::Number;
    std::vector<LinearMap<W>> maps;
    for (const Map& map : maps_) {
      maps.push_back(
          {{map.weight.defined() ? map.weight.data<W>() : nullptr, map.out, shape_.back()},
           map.bias.defined() ? map.bias.data<T>() : nullptr});
    }
    return maps;
  }
  template <typename W>
  std::vector<Tensor> forward() const {
    using T = typename LinearMap<W>::Number;
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

// y_o = Σ_i x_i·w_oi + b_o, of map i
Calculation explain_map(const Var& y, std::size_t i, const Index& index) {
  const Var x = y.input(0), weight = y.input(place_of_weight(i)), bias = y.input(place_of_bias(i));
  std::vector<Operand> pairs;
  for (std::int64_t k = 0; k < x.size(-1); ++k) {
    Index in_x = index;
    in_x.back() = k;
    pairs.push_back(operand(x, in_x));
    pairs.push_back(operand(weight, {index.back(), k}));
  }
  Calculation sum = sum_of_products(std::move(pairs));
  if (!bias.defined()) return sum;
  sum.operands.push_back(operand(bias, {index.back()}));
  sum.value += sum.operands.back().value;
  sum.text += " + " + format_number(sum.operands.back().value, true);
  return sum;
}

// dx_i = Σ_o dy_o·w_oi
Calculation explain_gradient_of_x(const Var& y, std::size_t i, const Index& index) {
  std::vector<Operand> pairs;
  Index in_y = index;
  for (in_y.back() = 0; in_y.back() < y.size(-1); ++in_y.back()) {
    pairs.push_back(gradient_operand(y, in_y));
    pairs.push_back(operand(y.input(place_of_weight(i)), {in_y.back(), index.back()}));
  }
  return sum_of_products(std::move(pairs));
}

// The places [..., o] of y, one for each row.
std::vector<Index> column_of(const Var& y, std::int64_t o) {
  Shape rows = y.shape();
  rows.back() = 1;
  std::vector<Index> places;
  for (std::int64_t r = 0; r < element_count(rows); ++r) {
    places.push_back(unflatten(r, rows));
    places.back().back() = o;
  }
  return places;
}

// dw_oi = Σ_r dy_ro·x_ri
Calculation explain_gradient_of_weight(const Var& y, const Index& index) {
  std::vector<Operand> pairs;
  for (const Index& place : column_of(y, index[0])) {
    Index in_x = place;
    in_x.back() = index[1];
    pairs.push_back(gradient_operand(y, place));
    pairs.push_back(operand(y.input(0), in_x));
  }
  return sum_of_products(std::move(pairs));
}

// db_o = Σ_r dy_ro
Calculation explain_gradient_of_bias(const Var& y, const Index& index) {
  std::vector<Operand> terms;
  for (const Index& place : column_of(y, index[0])) terms.push_back(gradient_operand(y, place));
  return sum_of(std::move(terms));
}

void describe_map(Record& op, std::size_t i, bool has_bias) {
  const std::string weight = "{" + std::to_string(place_of_weight(i)) + "}";
  const std::string bias = "{" + std::to_string(place_of_bias(i)) + "}";
  op.formula = "{0}·" + weight + "ᵀ" + (has_bias ? " + " + bias : "");
  op.explain = [i](const Var& y, const Index& index) { return explain_map(y, i, index); };
  op.gradients.resize(place_of_bias(i) + 1);
  op.gradients[0] = {"{y}_grad·" + weight, [i](const Var& y, const Index& index) {
                       return explain_gradient_of_x(y, i, index);
                     }};
  op.gradients[place_of_weight(i)] = {"{y}_gradᵀ·{0}", explain_gradient_of_weight};
  op.gradients[place_of_bias(i)] = {"Σ {y}_grad over rows", explain_gradient_of_bias};
}

// Whether a weight stored as bf16 becomes f32 on the tape, for gradients to flow through.
bool is_cast(const Var& x, const LinearWeights& map) {
  const bool learns = x.needs_grad() || map.weight.needs_grad() || map.bias.needs_grad();
  return learns && is_stored_bf16(x, map.weight);
}

// Whether the maps are one operation: their weights are of one type, as they are.
bool go_together(const Var& x, std::span<const LinearWeights> all) {
  for (const LinearWeights& map : all) {
    check(x, map.weight, map.bias);
    if (map.weight.dtype() != all[0].weight.dtype() || is_cast(x, map)) return false;
  }
  return true;
}

BackwardOfSeveral backward_of(const Maps& maps) {
  return [held = maps.held_for_backward()](const std::vector<Tensor>& d_y, Gradients& gradients) {
    const auto any =
        std::find_if(d_y.begin(), d_y.end(), [](const Tensor& d) { return d.defined(); });
    with_float(any->dtype(), [&](auto zero) { held.backward<decltype(zero)>(d_y, gradients); });
  };
}

// Positions [begin, end) of each axis of y = x·Wᵀ + b: of these rows of x and of W.
Tensor tile_of(const Var& y, Index begin, Index end, Precision precision) {
  const Var x = y.input(0), weight = y.input(1), bias = y.input(2);
  const std::int64_t from = std::exchange(begin.back(), 0);
  const std::int64_t to = std::exchange(end.back(), x.size(-1));
  Tape tape(Keep::nothing);
  const auto rows = [&](const Var& all) {
    return all.defined() ? tape.input("rows", all.value().slice(0, from, to)) : Var();
  };
  return linear(tape.input("x", x.tile(begin, end)), rows(weight), rows(bias), precision).value();
}

}  // namespace

std::vector<Var> linears(const Var& x, std::span<const LinearWeights> all, Precision precision) {
  if (all.empty()) return {};
  if (!go_together(x, all)) {
    std::vector<Var> results;
    for (const LinearWeights& map : all) {
      const Var weight = is_cast(x, map) ? cast(map.weight, DType::f32) : map.weight;
      const LinearWeights one[] = {{weight, map.bias}};
      results.push_back(linears(x, one, precision)[0]);
    }
    return results;
  }
  const Maps maps(x, all, precision);
  OperandList operands = {x};
  for (const auto& [weight, bias] : all) operands.insert(operands.end(), {weight, bias});
  return x.tape().record("linear", operands, maps.forward(), [&](RecordOfSeveral& op) {
    op.backward = backward_of(maps);
    for (std::size_t i = 0; i < all.size(); ++i) {
      describe_map(op.results[i], i, all[i].bias.defined());
    }
  });
}

Var linear_view(const Var& x, const Var& weight, const Var& bias, Precision precision) {
  const LinearWeights one[] = {{weight, bias}};
  if (!go_together(x, one)) return linear_view(x, cast(weight, DType::f32), bias, precision);
  return x.tape().record("linear", {x, weight, bias}, [&](Record& op) {
    describe_map(op, 0, bias.defined());
    op.backward = [several = backward_of(Maps(x, one, precision))](
                      const Tensor& d_y, Gradients& gradients) { several({d_y}, gradients); };
    op.view = [precision](const Var& y, const Index& begin, const Index& end) {
      return tile_of(y, begin, end, precision);
    };
    op.view_shape = x.shape();
    op.view_shape.back() = weight.size(0);
    op.view_dtype = x.dtype();
  });
}

Var linear(const Var& x, const Var& weight, const Var& bias, Precision precision) {
  const LinearWeights one[] = {{weight, bias}};
  return linears(x, one, precision)[0];
}

}  // namespace clearhead
