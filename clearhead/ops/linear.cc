// Y = X·Wᵀ + b
//
//     X [R, in]: all axes of x but the last taken as R rows; W [out, in], b [out], Y [R, out]
//     ∂L/∂X = ∂L/∂Y·W      ∂L/∂W = (∂L/∂Y)ᵀ·X      ∂L/∂b = Σ_r ∂L/∂Y_r
#include "clearhead/ops/linear.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/products/matmul_few.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/linear_blocks.h"
#include "clearhead/ops/matrix_product.h"

namespace clearhead {
namespace {

struct Sizes {
  std::int64_t R, in, out;
};

// Y_r = b
template <typename T>
void repeat_bias(const Sizes& sizes, const Tensor& bias, T* y) {
  const auto [R, in, out] = sizes;
  constexpr std::int64_t kPieceRows = 64;
  parallel_for((R + kPieceRows - 1) / kPieceRows, [&, R = R, out = out](std::int64_t piece) {
    const std::int64_t end = std::min(R, (piece + 1) * kPieceRows);
    for (std::int64_t r = piece * kPieceRows; r < end; ++r) {
      std::copy_n(bias.data<T>(), out, y + r * out);
    }
  });
}

// Y = X·Wᵀ + b
template <typename T>
void forward(const Sizes& sizes, const Tensor& x, const Tensor& weight, const Tensor& bias,
             Precision precision, Tensor& y) {
  const auto [R, in, out] = sizes;
  T* result = y.mutable_data<T>();
  if (bias.defined()) repeat_bias(sizes, bias, result);
  if constexpr (std::is_same_v<T, float>) {
    if (weight.dtype() == DType::bf16) {
      const FewRowsFactor<bf16> factor{out, weight.data<bf16>(), in, result, out};
      few_rows_products<bf16>(R, in, x.data<T>(), in, {&factor, 1}, bias.defined());
      return;
    }
  }
  matrix_product<T>(R, out, in, {x.data<T>(), in}, {weight.data<T>(), in, true}, result, out,
                    /*accumulate=*/bias.defined(), precision);
}

bool is_stored_bf16(const Var& x, const Var& weight) {
  return x.dtype() == DType::f32 && weight.dtype() == DType::bf16;
}

Sizes sizes_of(const Var& x, const Var& weight, const Var& bias) {
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
  const Shape rows(x.shape().begin(), x.shape().end() - 1);
  return {element_count(rows), weight.size(1), weight.size(0)};
}

// Y_i = X·W_iᵀ + b_i for few rows of X, where nothing is recorded. All W_i of type T, all or no b_i.
template <typename T>
std::vector<Var> side_by_side(const Var& x, std::span<const LinearWeights> all, bool has_bias) {
  const Tensor x_value = x.value().contiguous();
  std::vector<Tensor> weights;
  std::vector<Var> results;
  std::vector<FewRowsFactor<T>> factors;
  Sizes sizes{};
  for (const auto& [weight, bias] : all) {
    sizes = sizes_of(x, weight, bias);
    Shape shape = x.shape();  // [..., out]
    shape.back() = sizes.out;
    Tensor y = Tensor::empty(shape, DType::f32);
    if (has_bias) repeat_bias(sizes, bias.value().contiguous(), y.mutable_data<float>());
    weights.push_back(weight.value().contiguous());
    factors.push_back({sizes.out, weights.back().template data<T>(), sizes.in,
                       y.mutable_data<float>(), sizes.out});
    results.push_back(x.tape().unrecorded("linear", {&x, &weight, &bias}, std::move(y)));
  }
  few_rows_products<T>(sizes.R, sizes.in, x_value.data<float>(), sizes.in, factors, has_bias);
  return results;
}

// The maps of f32 together, where values are not kept and that serves; nothing otherwise.
std::optional<LinearBlocks> blocks_of(const Var& x, std::span<const LinearWeights> all,
                                      Precision precision) {
  const auto is_f32 = [](const Var& var) { return !var.defined() || var.dtype() == DType::f32; };
  if (all.empty() || precision != Precision::medium || x.tape().keep() == Keep::everything ||
      !is_f32(x)) {
    return std::nullopt;
  }
  std::vector<LinearBlocks::Map> maps;
  for (const auto& [weight, bias] : all) {
    if (!is_f32(weight) || !is_f32(bias)) return std::nullopt;
    sizes_of(x, weight, bias);
    maps.push_back(
        {weight.value().contiguous(), bias.defined() ? bias.value().contiguous() : Tensor()});
  }
  LinearBlocks blocks(x.value().contiguous(), std::move(maps));
  return blocks.serve(precision) ? std::optional(std::move(blocks)) : std::nullopt;
}

std::vector<Var> linears_in_blocks(const Var& x, std::span<const LinearWeights> all,
                                   const LinearBlocks& blocks) {
  std::vector<Var> inputs = {x};
  bool weights_learn = false;
  for (const auto& [weight, bias] : all) {
    inputs.push_back(weight);
    if (bias.defined()) inputs.push_back(bias);
    weights_learn = weights_learn || weight.needs_grad();
  }
  const LinearBlocks held = blocks.held_for(x.needs_grad(), weights_learn);
  return x.tape().record_several("linear", inputs, blocks.forward(),
                                 [held](const std::vector<Tensor>& d_y, Gradients& gradients) {
                                   held.backward(d_y, gradients);
                                 });
}

}  // namespace

std::vector<Var> linears(const Var& x, std::span<const LinearWeights> all, Precision precision) {
  const bool few = x.tape().keep() == Keep::nothing && x.dtype() == DType::f32 && x.rank() > 0 &&
                   x.size(-1) > 0 && x.value().count() / x.size(-1) <= kernels::kFewRows;
  const auto all_have = [&](bool has_bias, DType dtype) {
    return std::all_of(all.begin(), all.end(), [&](const LinearWeights& w) {
      return w.bias.defined() == has_bias && w.weight.dtype() == dtype;
    });
  };
  for (const bool has_bias : {false, true}) {
    if (few && all_have(has_bias, DType::bf16)) return side_by_side<bf16>(x, all, has_bias);
    if (few && all_have(has_bias, DType::f32)) return side_by_side<float>(x, all, has_bias);
  }
  if (const auto blocks = blocks_of(x, all, precision)) return linears_in_blocks(x, all, *blocks);
  std::vector<Var> results;
  for (const auto& [weight, bias] : all) results.push_back(linear(x, weight, bias, precision));
  return results;
}

Var linear(const Var& x, const Var& weight, const Var& bias, Precision precision) {
  const Sizes sizes = sizes_of(x, weight, bias);
  const bool learns =
      x.needs_grad() || weight.needs_grad() || (bias.defined() && bias.needs_grad());
  if (is_stored_bf16(x, weight) && (sizes.R > kernels::kFewRows || learns)) {
    return linear(x, cast(weight, DType::f32), bias, precision);
  }
  const LinearWeights one[] = {{weight, bias}};
  if (const auto blocks = blocks_of(x, one, precision))
    return linears_in_blocks(x, one, *blocks)[0];
  const Tensor x_value = x.value().contiguous();
  const Tensor w_value = weight.value().contiguous();
  const Tensor b_value = bias.defined() ? bias.value().contiguous() : Tensor();
  Shape shape = x.shape();  // [..., out]
  shape.back() = sizes.out;
  Tensor y = Tensor::empty(shape, x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    forward<decltype(zero)>(sizes, x_value, w_value, b_value, precision, y);
  });
  if (x.tape().keep() == Keep::nothing)
    return x.tape().unrecorded("linear", {&x, &weight, &bias}, y);

  Operation op{.kind = "linear",
               .formula = bias.defined() ? "{0}·{1}ᵀ + {2}" : "{0}·{1}ᵀ",
               .inputs = {x, weight},
               .value = y};
  if (bias.defined()) op.inputs.push_back(bias);
  op.backward = [sizes, precision, has_bias = bias.defined(),
                 x_value = weight.needs_grad() ? x_value : Tensor(),
                 w_value = x.needs_grad() ? w_value : Tensor()](const Tensor& d_y,
                                                                Gradients& gradients) {
    with_float(d_y.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const auto [R, in, out] = sizes;
      const T* d = d_y.data<T>();
      if (gradients.wanted(0)) {  // Y = X·Wᵀ, so dX += dY·W
        const bool is_new = gradients.begin(0);
        gradient_product<T>(R, in, out, {d, out}, {w_value.data<T>(), in}, false,
                            gradients.data<T>(0), in, precision, /*accumulate=*/!is_new);
      }
      if (gradients.wanted(1)) {  // Y = X·Wᵀ, so dW += dYᵀ·X
        const bool is_new = gradients.begin(1);
        gradient_product<T>(out, in, R, {d, out, true}, {x_value.data<T>(), in}, false,
                            gradients.data<T>(1), in, precision, /*accumulate=*/!is_new);
      }
      if (has_bias) add_gradient(gradients, 2, d_y);  // Y = … + b
    });
  };
  op.explain = [x, weight, bias, in = sizes.in](const Index& index) {
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
