// Y = X·Wᵀ + b
//
//     X [R, in]: all axes of x but the last taken as R rows; W [out, in], b [out], Y [R, out]
//     ∂L/∂X = ∂L/∂Y·W      ∂L/∂W = (∂L/∂Y)ᵀ·X      ∂L/∂b = Σ_r ∂L/∂Y_r
#include "clearhead/ops/linear.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/parallel.h"
#include "clearhead/kernels/matmul_few.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/matrix_product.h"

namespace clearhead {
namespace {

struct Sizes {
  std::int64_t R, in, out;
};

// Y = X·Wᵀ + b
template <typename T>
void forward(const Sizes& sizes, const Tensor& x, const Tensor& weight, const Tensor& bias,
             Precision precision, Tensor& y) {
  const auto [R, in, out] = sizes;
  T* result = y.mutable_data<T>();
  if (bias.defined()) {
    constexpr std::int64_t kPieceRows = 64;
    parallel_for((R + kPieceRows - 1) / kPieceRows, [&, R = R, out = out](std::int64_t piece) {
      const std::int64_t end = std::min(R, (piece + 1) * kPieceRows);
      for (std::int64_t r = piece * kPieceRows; r < end; ++r) {
        std::copy_n(bias.data<T>(), out, result + r * out);
      }
    });
  }
  if constexpr (std::is_same_v<T, float>) {
    if (weight.dtype() == DType::bf16) {
      few_rows_product(R, out, in, x.data<T>(), in, weight.data<bf16>(), in, result, out,
                       /*accumulate=*/bias.defined());
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

}  // namespace

Var linear(const Var& x, const Var& weight, const Var& bias, Precision precision) {
  const Sizes sizes = sizes_of(x, weight, bias);
  const bool learns =
      x.needs_grad() || weight.needs_grad() || (bias.defined() && bias.needs_grad());
  if (is_stored_bf16(x, weight) && (sizes.R > kernels::kFewRows || learns)) {
    return linear(x, cast(weight, DType::f32), bias, precision);
  }
  const Tensor x_value = x.value().contiguous();
  const Tensor w_value = weight.value().contiguous();
  const Tensor b_value = bias.defined() ? bias.value().contiguous() : Tensor();
  Shape shape = x.shape();  // [..., out]
  shape.back() = sizes.out;

  Operation op{.kind = "linear",
               .formula = bias.defined() ? "{0}·{1}ᵀ + {2}" : "{0}·{1}ᵀ",
               .inputs = {x, weight},
               .value = Tensor::empty(shape, x.dtype())};
  if (bias.defined()) op.inputs.push_back(bias);
  with_float(x.dtype(), [&](auto zero) {
    forward<decltype(zero)>(sizes, x_value, w_value, b_value, precision, op.value);
  });
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
