#include "clearhead/ops/linear_blocks.h"

#include <algorithm>
#include <utility>

#include "clearhead/ops/elementwise.h"
#include "clearhead/ops/matrix_product.h"
#include "clearhead/ops/weight_gradients.h"

namespace clearhead {

using kernels::Direction;
using kernels::LinearsProblem;

namespace {

void pack_weights(const LinearsProblem& problem, Direction direction, char* weights) {
  parallel_for(kernels::weight_pieces(problem),
               [&](std::int64_t i) { kernels::pack_weight_piece(problem, direction, i, weights); });
}

bool is_finite(const Tensor& matrix) {
  const std::int64_t rows = matrix.size(0), columns = matrix.size(1);
  return !has_non_finite<float>({matrix.data<float>(), columns}, rows, columns);
}

}  // namespace

LinearBlocks::LinearBlocks(Tensor x, std::vector<Map> maps)
    : C_(maps.at(0).weight.size(1)), x_(std::move(x)), maps_(std::move(maps)) {
  R_ = C_ == 0 ? 0 : x_.count() / C_;
  for (const auto& [weight, bias] : maps_) {
    sizes_.push_back(
        {weight.size(0), weight.data<float>(), bias.defined() ? bias.data<float>() : nullptr});
  }
}

LinearBlocks LinearBlocks::held_for(bool x_learns, bool weights_learn) const {
  LinearBlocks held = *this;
  if (!weights_learn) held.x_ = Tensor();
  for (std::size_t i = 0; i < maps_.size() && !x_learns; ++i) held.maps_[i].weight = Tensor();
  return held;
}

LinearsProblem LinearBlocks::problem() const {
  return {R_, C_, x_.defined() ? x_.data<float>() : nullptr, sizes_};
}

bool LinearBlocks::serve(Precision precision) const {
  return kernels::linears_take_bf16(problem(), precision);
}

std::vector<Tensor> LinearBlocks::forward() const {
  const LinearsProblem p = problem();
  std::vector<Tensor> results;
  std::vector<float*> y;
  for (const Map& map : maps_) {
    Shape shape = x_.shape();
    shape.back() = map.weight.size(0);
    results.push_back(Tensor::empty(std::move(shape), DType::f32));
    y.push_back(results.back().mutable_data<float>());
  }
  const Workspace<char> weights(kernels::packed_weights_bytes(p, Direction::forward));
  pack_weights(p, Direction::forward, weights.get());
  parallel_for(kernels::linears_blocks(p), [&](std::int64_t i) {
    const Workspace<char> workspace(kernels::linears_workspace(p, Direction::forward));
    kernels::linears_block(p, i, weights.get(), y, workspace.get());
  });
  return results;
}

void LinearBlocks::backward(std::vector<Tensor> d_y, Gradients& gradients) const {
  const LinearsProblem p = problem();
  for (std::size_t i = 0; i < maps_.size(); ++i) {  // nothing may depend on one of the results
    if (!d_y[i].defined()) d_y[i] = Tensor({p.R, sizes_[i].N}, DType::f32);
  }
  // Where W is not finite, dX = dY·W is made map by map, minding zeros of dY.
  const bool x_learns = gradients.wanted(0);
  const bool all_finite = !x_learns || std::all_of(maps_.begin(), maps_.end(), [](const Map& map) {
    return is_finite(map.weight);
  });
  const FreshGradient dx(gradients, 0);
  std::vector<Tensor> d_weights(maps_.size());
  std::vector<float*> dw(maps_.size(), nullptr);
  std::size_t input = 1;
  std::vector<std::size_t> inputs;  // of the weights
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    inputs.push_back(input);
    if (gradients.wanted(input)) {
      d_weights[i] = Tensor::empty({sizes_[i].N, C_}, DType::f32);
      dw[i] = d_weights[i].mutable_data<float>();
    }
    input += maps_[i].bias.defined() ? 2 : 1;
  }
  backward_blocks(d_y, x_learns && all_finite ? dx.data : nullptr, dx.add, dw);

  for (std::size_t i = 0; i < maps_.size(); ++i) {
    const std::int64_t N = sizes_[i].N;
    const float* const d = d_y[i].data<float>();
    if (x_learns && !all_finite) {  // Y = X·Wᵀ, so dX += dY·W
      gradient_product<float>(p.R, p.C, N, {d, N}, {sizes_[i].w, p.C}, false, dx.data, p.C,
                              Precision::medium, /*accumulate=*/dx.add || i > 0);
    }
    if (dw[i] != nullptr) {  // Y = X·Wᵀ, so dW += dYᵀ·X
      if (!is_finite(d_weights[i])) {
        gradient_product<float>(N, p.C, p.R, {d, N, true}, {p.x, p.C}, false, dw[i], p.C,
                                Precision::medium, /*accumulate=*/false);
      }
      add_gradient(gradients, inputs[i], d_weights[i]);
    }
    if (maps_[i].bias.defined()) add_gradient(gradients, inputs[i] + 1, d_y[i]);  // Y = … + b
  }
}

void LinearBlocks::backward_blocks(const std::vector<Tensor>& d_y, float* dx, bool add_dx,
                                   const std::vector<float*>& dw) const {
  const LinearsProblem p = problem();
  const bool weights_learn =
      std::any_of(dw.begin(), dw.end(), [](const float* data) { return data != nullptr; });
  if (dx == nullptr && !weights_learn) return;
  const Workspace<char> memory(weights_learn ? kernels::gradient_factors_bytes(p) : 0);
  char* const factors = weights_learn ? memory.get() : nullptr;
  std::vector<const float*> dy;
  for (const Tensor& d : d_y) dy.push_back(d.data<float>());
  {
    const Workspace<char> weights(kernels::packed_weights_bytes(p, Direction::backward));
    if (dx != nullptr) pack_weights(p, Direction::backward, weights.get());
    parallel_for(kernels::linears_blocks(p), [&](std::int64_t i) {
      const Workspace<char> workspace(kernels::linears_workspace(p, Direction::backward));
      kernels::linears_backward_block(p, {dy, dx, add_dx, factors}, i, weights.get(),
                                      workspace.get());
    });
  }
  if (!weights_learn) return;
  std::vector<kernels::WeightGradient> all;
  for (std::size_t i = 0; i < maps_.size(); ++i) {
    all.push_back(kernels::weight_gradient(p, i, factors, dw[i], /*add=*/false));
  }
  multiply_weight_gradients(p.R, all);
}

}  // namespace clearhead
