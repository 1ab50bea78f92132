// H = X·W_inᵀ + b_in      Y = f(H)·W_outᵀ + b_out
//
//     X [R, C]: all axes of x but the last taken as R rows; H [R, F]; Y [R, O]
//     ∂L/∂H = (∂L/∂Y·W_out) ⊙ f'(H)
//     ∂L/∂X = ∂L/∂H·W_in        ∂L/∂W_in = (∂L/∂H)ᵀ·X          ∂L/∂b_in = Σ_r ∂L/∂H_r
//                               ∂L/∂W_out = (∂L/∂Y)ᵀ·f(H)      ∂L/∂b_out = Σ_r ∂L/∂Y_r
//
// Source: Vaswani et al., "Attention is all you need" (2017), equation 2. The loops are
// kernels/feed_forward.h.
#include "clearhead/ops/feed_forward.h"

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/feed_forward.h"
#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/weight_gradients.h"

namespace clearhead {
namespace {

using kernels::Direction;
using kernels::FeedForwardProblem;

// The operands as they lie in memory, and held there.
struct Operands {
  Tensor x, w_in, b_in, w_out, b_out;
  Activation activation;

  FeedForwardProblem problem() const {
    const auto numbers = [](const Tensor& t) { return t.defined() ? t.data<float>() : nullptr; };
    const std::int64_t C = w_in.size(1), F = w_in.size(0), O = w_out.size(0);
    return {x.count() / C,
            C,
            F,
            O,
            activation,
            numbers(x),
            numbers(w_in),
            numbers(b_in),
            numbers(w_out),
            numbers(b_out)};
  }
};

void pack_weights(const FeedForwardProblem& problem, Direction direction, char* weights) {
  parallel_for(kernels::weight_pieces(problem, direction),
               [&](std::int64_t i) { kernels::pack_weight_piece(problem, direction, i, weights); });
}

// Y = f(X·W_inᵀ + b_in)·W_outᵀ + b_out
void forward(const FeedForwardProblem& problem, float* y) {
  const Workspace<char> weights(kernels::packed_weights_bytes(problem, Direction::forward));
  pack_weights(problem, Direction::forward, weights.get());
  parallel_for(kernels::feed_forward_blocks(problem), [&](std::int64_t i) {
    const Workspace<char> memory(kernels::feed_forward_workspace(problem, Direction::forward));
    kernels::feed_forward_block(problem, i, weights.get(), y, memory.get());
  });
}

// The gradients of X, W_in, W_out and b_in: inputs 0 to 3.
void backward(const FeedForwardProblem& problem, const Tensor& d_y, Gradients& gradients) {
  const std::int64_t blocks = kernels::feed_forward_blocks(problem);
  const FreshGradient dx(gradients, 0), dw_in(gradients, 1), dw_out(gradients, 2);
  const bool weights_learn = dw_in.data != nullptr || dw_out.data != nullptr;
  const bool bias_learns = problem.b_in != nullptr && gradients.wanted(3);
  if (dx.data == nullptr && !weights_learn && !bias_learns) return;
  const Workspace<char> memory(weights_learn ? kernels::gradient_factors_bytes(problem) : 0);
  char* const factors = weights_learn ? memory.get() : nullptr;
  Tensor db_in;  // of each block of rows
  if (bias_learns) db_in = Tensor::empty({blocks, problem.F}, DType::f32);
  const kernels::FeedForwardBackward rows = {d_y.data<float>(), dx.data, dx.add,
                                             bias_learns ? db_in.mutable_data<float>() : nullptr,
                                             factors};

  {
    const Workspace<char> weights(kernels::packed_weights_bytes(problem, Direction::backward));
    pack_weights(problem, Direction::backward, weights.get());
    parallel_for(blocks, [&](std::int64_t i) {
      const Workspace<char> workspace(
          kernels::feed_forward_workspace(problem, Direction::backward));
      kernels::feed_forward_backward_block(problem, rows, i, weights.get(), workspace.get());
    });
  }
  if (weights_learn) {
    const auto of_in = kernels::gradient_of_w_in(problem, factors, dw_in.data, dw_in.add);
    const auto of_out = kernels::gradient_of_w_out(problem, factors, dw_out.data, dw_out.add);
    if (dw_in.data == dw_out.data) {  // one matrix in both places
      multiply_weight_gradients(problem.R, {of_in});
      multiply_weight_gradients(problem.R, {of_out});
    } else {
      multiply_weight_gradients(problem.R, {of_in, of_out});
    }
  }
  if (bias_learns) add_gradient(gradients, 3, db_in);
}

bool is_f32(const Var& var) { return !var.defined() || var.dtype() == DType::f32; }

}  // namespace

bool takes_feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation,
                        Precision precision) {
  const auto& [w_in, b_in, w_out, b_out] = weights;
  if (x.tape().keep() == Keep::everything || x.rank() < 1 || w_in.rank() != 2 ||
      w_out.rank() != 2 || x.size(-1) != w_in.size(1) || w_out.size(1) != w_in.size(0)) {
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
  const FeedForwardProblem sizes = {C == 0 ? 0 : element_count(x.shape()) / C,
                                    C,
                                    w_in.size(0),
                                    w_out.size(0),
                                    activation,
                                    nullptr,
                                    nullptr,
                                    nullptr,
                                    nullptr,
                                    nullptr};
  return kernels::feed_forward_takes_bf16(sizes, precision);
}

Var feed_forward(const Var& x, const FeedForwardWeights& weights, Activation activation) {
  const auto& [w_in, b_in, w_out, b_out] = weights;
  const auto dense = [](const Var& var) {
    return var.defined() ? var.value().contiguous() : Tensor();
  };
  const Operands operands = {dense(x),     dense(w_in),  dense(b_in),
                             dense(w_out), dense(b_out), activation};
  Shape shape = x.shape();  // [..., O]
  shape.back() = w_out.size(0);
  Tensor y = Tensor::empty(shape, DType::f32);
  forward(operands.problem(), y.mutable_data<float>());

  Operation op{.kind = "feed_forward", .inputs = {x, w_in, w_out}, .value = y};
  op.formula = "act({0}·{1}ᵀ)·{2}ᵀ";
  for (const Var& bias : {b_in, b_out}) {
    if (bias.defined()) op.inputs.push_back(bias);
  }
  op.backward = [operands](const Tensor& d_y, Gradients& gradients) {
    backward(operands.problem(), d_y, gradients);
    if (operands.b_out.defined()) {
      add_gradient(gradients, operands.b_in.defined() ? 4 : 3, d_y);  // Y = … + b_out
    }
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
