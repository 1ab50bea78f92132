// In Keep::for_backward an operation holds only what its backward needs.
#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "clearhead/ops/add.h"
#include "clearhead/ops/dropout.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/relu.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/tanh.h"
#include "clearhead/ops/weighted_sum.h"

namespace clearhead {
namespace {

// A result of some operation on x.
Var watched(const Var& x, Tensor value) {
  return x.tape().record("watched", {x}, std::move(value),
                         [](Record& op) { op.backward = [](const Tensor&, Gradients&) {}; });
}

// Whether the memory of a value [2, 2], a result of some operation, outlives its last Var once `use` has made something
// of it and of a parameter [2, 2].
bool is_held(Keep keep, const std::function<Var(const Var& value, const Var& parameter)>& use,
             bool parameter_takes_gradient = true) {
  auto memory = std::make_shared<std::array<double, 4>>();
  const std::weak_ptr<void> watch = memory;
  Tape tape(keep);
  const Var parameter =
      tape.input("parameter", Tensor({2, 2}, DType::f64), parameter_takes_gradient);
  const double* data = memory->data();
  const Var x = tape.input("x", Tensor({2, 2}, DType::f64));
  Tensor value = Tensor::view_of(data, {2, 2}, DType::f64, std::move(memory));
  use(watched(x, std::move(value)), parameter);
  return !watch.expired();
}

const std::function<Var(const Var&, const Var&)> kAll[] = {
    [](const Var& x, const Var& w) { return add(x, w); },
    [](const Var& x, const Var& w) { return multiply(x, w); },
    [](const Var& x, const Var&) { return scale(x, 2); },
    [](const Var& x, const Var&) { return softcap(x, 2); },
    [](const Var& x, const Var&) { return relu(x); },
    [](const Var& x, const Var&) { return silu(x); },
    [](const Var& x, const Var&) { return tanh(x); },
    [](const Var& x, const Var&) { return dropout(x, 0.5, {}); },
    [](const Var& x, const Var& w) { return mask(x, w); },
    [](const Var& x, const Var& w) { return matmul(x, w); },
    [](const Var& x, const Var& w) { return matmul(w, x); },
    [](const Var& x, const Var& w) { return linear(x, w); },
    [](const Var& x, const Var&) { return sum(x); },
    [](const Var& x, const Var&) { return softmax(x); },
    [](const Var& x, const Var&) { return softmax_steps(x).pattern; },
    [](const Var& x, const Var& w) { return weighted_sum(w, w, x); },
    [](const Var& x, const Var&) { return reshape(x, {4}); },
    [](const Var& x, const Var& w) { return concat(x, w, 0); },
};

TEST(Memory, InKeepNothingNoOperationHoldsItsOperands) {
  for (const auto& use : kAll) EXPECT_FALSE(is_held(Keep::nothing, use));
}

TEST(Memory, InKeepEverythingTheTapeHoldsThemAll) {
  for (const auto& use : kAll) EXPECT_TRUE(is_held(Keep::everything, use));
}

TEST(Memory, InKeepForBackwardOnlyFactorsOfWhatTakesAGradientAreHeld) {
  const auto held = [](const auto& use) { return is_held(Keep::for_backward, use); };
  EXPECT_FALSE(held([](const Var& x, const Var& w) { return add(x, w); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return scale(x, 2); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return softcap(x, 2); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return relu(x); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return tanh(x); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return dropout(x, 0.5, {}); }));
  EXPECT_TRUE(held([](const Var& x, const Var&) { return silu(x); }));
  EXPECT_FALSE(held([](const Var& x, const Var& w) { return mask(x, w); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return sum(x); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return softmax(x); }));
  EXPECT_FALSE(held([](const Var& x, const Var&) { return softmax_steps(x).pattern; }));
  EXPECT_FALSE(held([](const Var& x, const Var& w) { return concat(x, w, 0); }));
  EXPECT_TRUE(held([](const Var& x, const Var& w) { return multiply(x, w); }));
  EXPECT_TRUE(held([](const Var& x, const Var& w) { return matmul(x, w); }));
  EXPECT_TRUE(held([](const Var& x, const Var& w) { return linear(x, w); }));
  EXPECT_TRUE(held([](const Var& x, const Var& w) { return weighted_sum(w, w, x); }));
  const auto held_beside_constant = [](const auto& use) {
    return is_held(Keep::for_backward, use, /*parameter_takes_gradient=*/false);
  };
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return multiply(x, w); }));
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return matmul(x, w); }));
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return linear(x, w); }));
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return multiply(w, x); }));
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return matmul(w, x); }));
  EXPECT_FALSE(held_beside_constant([](const Var& x, const Var& w) { return linear(w, x); }));
  EXPECT_FALSE(
      held_beside_constant([](const Var& x, const Var& w) { return weighted_sum(w, w, x); }));
}

// x [64, 64] of a linear map in lower precision lives on if the weight learns, and no longer.
TEST(Memory, OfALinearMapInLowerPrecisionOnlyWhatBackwardNeeds) {
  for (const bool weight_learns : {false, true}) {
    auto memory = std::make_shared<std::array<float, 64 * 64>>();
    const std::weak_ptr<void> watch = memory;
    Tape tape(Keep::for_backward);
    const Var weight = tape.input("W", Tensor({64, 64}, DType::f32), weight_learns);
    const float* data = memory->data();
    const Var x = tape.input("x", Tensor({64, 64}, DType::f32));
    Tensor value = Tensor::view_of(data, {64, 64}, DType::f32, std::move(memory));
    linear(watched(x, std::move(value)), weight, {}, Precision::medium);
    EXPECT_EQ(!watch.expired(), weight_learns);
  }
}

}  // namespace
}  // namespace clearhead
