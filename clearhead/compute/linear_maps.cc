// Linear maps of the same rows, forward and backward, on all threads.
#include "clearhead/compute/linear_maps.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/compute/products.h"
#include "clearhead/compute/row_blocks_internal.h"
#include "clearhead/compute/rows.h"
#include "clearhead/kernels/products/linear_maps_bf16.h"

namespace clearhead::compute {
namespace {

using kernels::Direction;
using kernels::LinearMapsProblem;

template <typename W>
void few_rows(const MatrixView<const float>& x, std::span<const LinearMap<W>> maps,
              std::span<const MatrixView<float>> y, Precision precision) {
  std::vector<FewRowsFactor<W>> factors;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (maps[i].bias != nullptr) repeat_row(maps[i].bias, y[i]);
    factors.push_back({maps[i].weight.transposed(), y[i], maps[i].bias != nullptr});
  }
  few_rows_products<W>(x, factors, precision);
}

void forward_in_blocks(const LinearMapsProblem& problem, std::span<const MatrixView<float>> y) {
  const PackedWeights weights(problem, Direction::forward);
  for_each_block(kernels::linear_maps_blocks(problem),
                 kernels::linear_maps_workspace(problem, Direction::forward),
                 [&](std::int64_t i, char* workspace) {
                   kernels::linear_maps_block(problem, i, weights.get(), y, workspace);
                 });
}

// dx, unless its data is nullptr, and each dw that is not, written over what lies there.
void backward_in_blocks(const LinearMapsProblem& problem,
                        std::span<const LinearMapGradient<float>> gradients, Into<float> dx,
                        const std::vector<float*>& dw) {
  const bool weights_learn =
      std::any_of(dw.begin(), dw.end(), [](const float* data) { return data != nullptr; });
  if (!dx && !weights_learn) return;
  const Workspace<char> memory(weights_learn ? kernels::gradient_factors_bytes(problem) : 0);
  char* const factors = weights_learn ? memory.get() : nullptr;
  std::vector<MatrixView<const float>> dy;
  for (const LinearMapGradient<float>& gradient : gradients) dy.push_back(gradient.dy);
  const MatrixView<const float>& x = problem.x;
  const kernels::LinearMapsBackward rows = {dy, {dx.data, x.rows, x.columns}, dx.add, factors};
  {
    std::optional<PackedWeights> weights;
    if (dx) weights.emplace(problem, Direction::backward);
    for_each_block(kernels::linear_maps_blocks(problem),
                   kernels::linear_maps_workspace(problem, Direction::backward),
                   [&](std::int64_t i, char* workspace) {
                     kernels::linear_maps_backward_block(problem, rows, i,
                                                         dx ? weights->get() : nullptr, workspace);
                   });
  }
  if (!weights_learn) return;
  std::vector<kernels::WeightGradient> all;
  for (std::size_t i = 0; i < dw.size(); ++i) {
    all.push_back(kernels::weight_gradient(problem, i, factors, dw[i], /*add=*/false));
  }
  multiply_weight_gradients(x.rows, all);
}

// Y = X·Wᵀ, so dX += dY·W of map i
template <typename T>
void add_to_dx(std::span<const LinearMap<T>> maps, std::span<const LinearMapGradient<T>> gradients,
               std::size_t i, std::int64_t R, Into<T> dx, Precision precision) {
  const MatrixView<const T>& w = maps[i].weight;
  gradient_product<T>(gradients[i].dy, w, /*d_is_right=*/false, {dx.data, R, w.columns},
                      /*accumulate=*/dx.add || i > 0, precision);
}

// Where all is finite, in blocks of rows; what is not is multiplied by itself.
void backward_on_tiles(const LinearMapsProblem& problem,
                       std::span<const LinearMapGradient<float>> gradients, Into<float> dx) {
  const auto& [x, maps] = problem;
  const bool w_is_finite = !dx || std::all_of(maps.begin(), maps.end(), [](const auto& map) {
    return is_finite(map.weight);
  });
  // A dW that is added to is made aside first, so that it can be looked at.
  std::deque<Workspace<float>> aside;
  std::vector<float*> dw;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const Into<float>& into = gradients[i].dw;
    aside.emplace_back(into && into.add ? maps[i].weight.rows * x.columns : 0);
    dw.push_back(into && into.add ? aside.back().get() : into.data);
  }
  backward_in_blocks(problem, gradients, w_is_finite ? dx : Into<float>{}, dw);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (dx && !w_is_finite) add_to_dx<float>(maps, gradients, i, x.rows, dx, Precision::medium);
    if (dw[i] == nullptr) continue;
    const MatrixView<float> made(dw[i], maps[i].weight.rows, x.columns);
    if (!is_finite(made)) {  // Y = X·Wᵀ, so dW = dYᵀ·X
      gradient_product<float>(gradients[i].dy.transposed(), x, /*d_is_right=*/false, made,
                              /*accumulate=*/false, Precision::medium);
    }
    if (gradients[i].dw.add) add(made.rows * made.columns, made.data, gradients[i].dw.data);
  }
}

// Whether maps of these sizes gain from being made together, forward and backward: on tiles of
// bf16.
bool pay_together(MatrixView<const float> x, std::span<const LinearMap<float>> maps,
                  Precision precision) {
  return kernels::linear_maps_take_bf16({x, maps}, precision);
}

// As f32, one W after the other: many rows read each number many times.
void forward_widened(const MatrixView<const float>& x, std::span<const LinearMap<bf16>> maps,
                     std::span<const MatrixView<float>> y, Precision precision) {
  for (std::size_t i = 0; i < maps.size(); ++i) {
    const MatrixView<const bf16>& w = maps[i].weight;
    const Workspace<float> memory(w.rows * w.columns);
    const MatrixView<float> wide(memory.get(), w.rows, w.columns);
    for_each_rows(w.rows, w.columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        for (std::int64_t c = 0; c < w.columns; ++c) wide.at(r, c) = static_cast<float>(w.at(r, c));
      }
    });
    const LinearMap<float> map[] = {{wide, maps[i].bias}};
    linear_maps<float>(x, map, y.subspan(i, 1), precision);
  }
}

}  // namespace

template <typename W>
void linear_maps(MatrixView<const typename LinearMap<W>::Number> x,
                 std::span<const LinearMap<W>> maps,
                 std::span<const MatrixView<typename LinearMap<W>::Number>> y,
                 Precision precision) {
  using T = typename LinearMap<W>::Number;
  if constexpr (std::is_same_v<W, bf16>) {
    if (!is_few_rows(x.rows)) return forward_widened(x, maps, y, precision);
  }
  if constexpr (std::is_same_v<W, float>) {
    if (pay_together(x, maps, precision)) return forward_in_blocks({x, maps}, y);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (is_few_rows(x.rows)) return few_rows(x, maps, y, precision);
  }
  if constexpr (!std::is_same_v<W, bf16>) {
    for (std::size_t i = 0; i < maps.size(); ++i) {
      product_plus_row<T>(x, maps[i].weight.transposed(), maps[i].bias, y[i], precision);
    }
  }
}

template <typename T>
void linear_maps_backward(MatrixView<const T> x, std::span<const LinearMap<T>> maps,
                          std::span<const LinearMapGradient<T>> gradients, Into<T> dx,
                          Precision precision) {
  if constexpr (std::is_same_v<T, float>) {
    if (pay_together(x, maps, precision)) return backward_on_tiles({x, maps}, gradients, dx);
  }
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (dx) add_to_dx(maps, gradients, i, x.rows, dx, precision);
    if (gradients[i].dw) {  // Y = X·Wᵀ, so dW += dYᵀ·X
      gradient_product<T>(gradients[i].dy.transposed(), x, /*d_is_right=*/false,
                          {gradients[i].dw.data, maps[i].weight.rows, x.columns},
                          gradients[i].dw.add, precision);
    }
  }
}

#define CLEARHEAD_INSTANTIATE_FORWARD(W)                                                           \
  template void linear_maps(MatrixView<const LinearMap<W>::Number>, std::span<const LinearMap<W>>, \
                            std::span<const MatrixView<LinearMap<W>::Number>>, Precision);
#define CLEARHEAD_INSTANTIATE_BACKWARD(T)                                                \
  template void linear_maps_backward(MatrixView<const T>, std::span<const LinearMap<T>>, \
                                     std::span<const LinearMapGradient<T>>, Into<T>, Precision);
CLEARHEAD_INSTANTIATE_FORWARD(float)
CLEARHEAD_INSTANTIATE_FORWARD(double)
CLEARHEAD_INSTANTIATE_FORWARD(bf16)
CLEARHEAD_INSTANTIATE_BACKWARD(float)
CLEARHEAD_INSTANTIATE_BACKWARD(double)

}  // namespace clearhead::compute
