// H = X·W_inᵀ + b_in      Y = f(H)·W_outᵀ + b_out
//
//     X [R, C]: all axes of x but the last taken as R rows; H [R, F]; Y [R, O]
//     ∂L/∂H = (∂L/∂Y·W_out) ⊙ f'(H)
//     ∂L/∂X = ∂L/∂H·W_in        ∂L/∂W_in = (∂L/∂H)ᵀ·X          ∂L/∂b_in = Σ_r ∂L/∂H_r
//                               ∂L/∂W_out = (∂L/∂Y)ᵀ·f(H)      ∂L/∂b_out = Σ_r ∂L/∂Y_r
//
// Source: Vaswani et al., "Attention is all you need" (2017), equation 2.
#include "clearhead/ops/feed_forward.h"

#include "clearhead/compute/feed_forward.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/silu.h"

namespace clearhead {
namespace {

// The operands as they lie in memory, and held there.
struct Operands {
  Tensor x, w_in, b_in, w_out, b_out;
  Activation activation;

  FeedForwardOperands part() const {
    const auto vector = [](const Tensor& t) { return t.defined() ? t.data<float>() : nullptr; };
    const auto matrix = [](const Tensor& t) {
      const std::int64_t columns = t.size(-1);
      return MatrixView<const float>(t.data<float>(), t.count() / columns, columns);
    };
    return {matrix(x), matrix(w_in), vector(b_in), matrix(w_out), vector(b_out), activation};
  }
};

// Places among the operands.
enum Place : std::size_t { kX, kWIn, kBIn, kWOut, kBOut };

void backward(const Operands& operands, const Tensor& d_y, Gradients& gradients) {
  const FeedForwardOperands part = operands.part();
  compute::feed_forward_backward(part, {d_y.data<float>(), part.x.rows, part.w_out.rows},
                                 {into<float>(gradients, kX), into<float>(gradients, kWIn),
                                  into<float>(gradients, kWOut), gradients.data<float>(kBIn)});
  add_gradient(gradients, kBOut, d_y);  // Y = … + b_out
}

bool is_f32(const Var& var) { return !var.defined() || var.dtype() == DType::f32; }

// Whether one operation does it: all is f32, the shapes fit, and it gains.
bool goes_in_one(const Var& x, const FeedForwardWeights& weights, Activation activation,
                 Precision precision) {
  const auto& [w_in, b_in, w_out, b_out] = weights;
  if (x.rank() < 1 || w_in.rank() != 2 || w_out.rank() != 2 || x.size(-1) != w_in.size(1) ||
      w_out.size(1) != w_in.size(0)) {
    return false;
  }
  for (const Var& var : {x, w_in, b_in, w_out, b_out}) {
    if (!is_f32(var)) return false;
  }
  const auto fits = [](const Var& bias, const Var& weight) {
    return !bias.defined() || bias.shape() == Shape{weight.size(0)};
  };
  if (!fits(b_in, w_in) || !fits(b_out, w_out)) return false;
  const std::int64_t C = x.size(-1);
  const auto sizes_of = [](const Var& weight) {
    return MatrixView<const float>(nullptr, weight.size(0), weight.size(1));
  };
  const FeedForwardOperands sizes = {{nullptr, C == 0 ? 0 : element_count(x.shape()) / C, C},
                                     sizes_of(w_in),
                                     nullptr,
                                     sizes_of(w_out),
                                     nullptr,
                                     activation};
  return compute::takes_feed_forward(sizes, precision);
}

Var in_one(const Var& x, const FeedForwardWeights& weights, Activation activation) {
  const auto& [w_in, b_in, w_out, b_out] = weights;
  const auto dense = [](const Var& var) {
    return var.defined() ? var.value().contiguous() : Tensor();
  };
  const Operands operands = {dense(x),     dense(w_in),  dense(b_in),
                             dense(w_out), dense(b_out), activation};
  Shape shape = x.shape();  // [..., O]
  shape.back() = w_out.size(0);
  Tensor y = Tensor::empty(shape, DType::f32);
  const FeedForwardOperands part = operands.part();
  compute::feed_forward(part, {y.mutable_data<float>(), part.x.rows, part.w_out.rows});

  return x.tape().record("feed_forward", {x, w_in, b_in, w_out, b_out}, y, [&](Record& op) {
    op.formula = "act({0}·{1}ᵀ)·{3}ᵀ";
    op.backward = [operands](const Tensor& d_y, Gradients& gradients) {
      backward(operands, d_y, gradients);
    };
  });
}

}  // namespace

Var activate(const Var& x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return relu(x);
    case Activation::gelu:
      return gelu(x);
    case Activation::gelu_tanh:
      return gelu(x, /*tanh_approximation=*/true);
    case Activation::silu:
      break;
  }
  return silu(x);
}

Var feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation,
                 Precision precision) {
  const bool is_seen = x.tape().looks_into({"hook_pre", "hook_post"});
  if (!is_seen && goes_in_one(x, weights, activation, precision)) {
    return in_one(x, weights, activation);
  }
  const Var pre = linear(x, weights.w_in, weights.b_in, precision).named("hook_pre");  // [..., F]
  const Var post = activate(pre, activation).named("hook_post");                       // [..., F]
  return linear(post, weights.w_out, weights.b_out, precision);                        // [..., O]
}

}  // namespace clearhead
