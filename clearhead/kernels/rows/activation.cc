// The tables of cubics that stand for activations and their slopes.
#include "clearhead/kernels/rows/activation.h"

#include <cmath>
#include <numbers>

#include "clearhead/kernels/rows/elementwise.h"

namespace clearhead::kernels {
namespace {

constexpr std::int64_t kSegments = ActivationTable::kSegments;
constexpr std::int64_t kNodes = ActivationTable::kDegree + 1;

// The cubic through f at Chebyshev's nodes of [−1/2, 1/2], where it errs least: Newton's divided
// differences, multiplied out.
template <typename F>
void fit_cubic(const F& f, double (&coefficients)[kNodes]) {
  double nodes[kNodes], differences[kNodes];
  for (std::int64_t i = 0; i < kNodes; ++i) {
    nodes[i] = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.5) / kNodes) / 2;
    differences[i] = f(nodes[i]);
  }
  for (std::int64_t order = 1; order < kNodes; ++order) {
    for (std::int64_t i = kNodes - 1; i >= order; --i) {
      differences[i] = (differences[i] - differences[i - 1]) / (nodes[i] - nodes[i - order]);
    }
  }
  for (double& coefficient : coefficients) coefficient = 0;
  for (std::int64_t i = kNodes - 1; i >= 0; --i) {  // p ← p·(v − node) + difference
    for (std::int64_t k = kNodes - 1; k > 0; --k) {
      coefficients[k] = coefficients[k - 1] - coefficients[k] * nodes[i];
    }
    coefficients[0] = differences[i] - coefficients[0] * nodes[i];
  }
}

ActivationTable make_table(UnaryFunction function, double steps) {
  ActivationTable table{};
  table.steps = static_cast<float>(steps);
  for (std::int64_t i = 0; i < kSegments; ++i) {
    const auto x_at = [&](double v) { return (static_cast<double>(i) + v) / steps; };
    const auto gate = [&](double v) {
      const double x = x_at(v);
      double y = 0;
      scalar::apply(function, 1, &x, &y);
      return y / x - 0.5;
    };
    const auto slope = [&](double v) {
      const double x = x_at(v), d_y = 1;
      double d_x = 0;
      scalar::apply_backward(function, 1, &x, &d_y, &d_x, /*accumulate=*/false);
      return d_x - 0.5;
    };
    double cubic[kNodes];
    fit_cubic(gate, cubic);
    for (std::int64_t k = 0; k < kNodes; ++k) table.gate[k][i] = static_cast<float>(cubic[k]);
    fit_cubic(slope, cubic);
    for (std::int64_t k = 0; k < kNodes; ++k) table.slope[k][i] = static_cast<float>(cubic[k]);
  }
  for (std::int64_t k = 0; k < kNodes; ++k) {  // the last stands for all beyond, where s = f' = 1
    table.gate[k][kSegments - 1] = table.slope[k][kSegments - 1] = k == 0 ? 0.5F : 0.0F;
  }
  return table;
}

}  // namespace

const ActivationTable* activation_table(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return nullptr;
    case Activation::gelu: {
      static const ActivationTable table =
          make_table(UnaryFunction::gelu, 5);  // to 6.2: 1 − Φ = 3e-10
      return &table;
    }
    case Activation::gelu_tanh: {
      static const ActivationTable table = make_table(UnaryFunction::gelu_tanh, 5);
      return &table;
    }
    case Activation::silu:
      break;
  }
  static const ActivationTable table = make_table(UnaryFunction::silu, 2);  // to 15.5: 1 − σ = 2e-7
  return &table;
}

}  // namespace clearhead::kernels
