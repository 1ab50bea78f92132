// Optimisers: steps worked out by hand, clipping, which parameters decay, and that they go on where
// they were.
#include "clearhead/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/tensor/safetensors.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

// A matrix [1, 2] of 1 and 2, and a vector [1] of 3.
Parameters small_parameters() {
  Parameters parameters({}, DType::f64);
  parameters.values("W", {1, 2}, [](std::int64_t i) { return 1 + static_cast<double>(i); });
  parameters.values("b", {1}, [](std::int64_t) { return 3; });
  return parameters;
}

ParameterGradients small_gradients(Parameters& parameters) {
  return {{&parameters.at("W"), Tensor::of<double>({1, 2}, {0.3, 0.4})},
          {&parameters.at("b"), Tensor::of<double>({1}, {1.2})}};
}

TEST(ParameterGradients, AreThoseOfTheTape) {
  Parameters parameters = small_parameters();
  parameters.zeros("unused", {2});
  parameters.statistic("mean", {2}, 0);  // not learned
  Tape tape(Keep::for_backward);
  const Var W = on(tape, &parameters.at("W"));
  tape.backward(sum(multiply(W, W)));  // 2·W
  const ParameterGradients gradients = gradients_on(tape, parameters);
  EXPECT_EQ(gradients.size(), 3U);
  EXPECT_EQ(numbers_of(gradients.at(&parameters.at("W"))), (std::vector<double>{2, 4}));
  EXPECT_EQ(numbers_of(gradients.at(&parameters.at("unused"))), (std::vector<double>{0, 0}));
}

TEST(Optimizer, SgdIsItsFormula) {
  Parameters parameters = small_parameters();
  Optimizer optimizer(
      parameters, {.kind = OptimizerKind::sgd, .momentum = 0.5, .weight_decay = 0.1, .clip = 0});
  ParameterGradients gradients = small_gradients(parameters);
  EXPECT_DOUBLE_EQ(optimizer.step(gradients, 0.1), 1.3);  // √(0.09 + 0.16 + 1.44)
  EXPECT_DOUBLE_EQ(parameters.at("W").value().at({0, 0}), 1 - 0.1 * (0.3 + 0.1 * 1));
  EXPECT_DOUBLE_EQ(parameters.at("b").value().at({0}), 3 - 0.1 * 1.2);  // a vector does not decay
  const double w = parameters.at("W").value().at({0, 0});
  optimizer.step(gradients, 0.1);  // m = 0.5·0.3 + 0.3
  EXPECT_DOUBLE_EQ(parameters.at("W").value().at({0, 0}), w - 0.1 * (0.45 + 0.1 * w));
}

TEST(Optimizer, ChangesACopyOfWhatLiesInAFile) {
  const TemporaryFolder folder;
  write_safetensors(folder / "x.safetensors", small_parameters().named_tensors());
  const TensorFile file = open_safetensors(folder / "x.safetensors");
  Parameters parameters = small_parameters();
  parameters.load(file);
  ASSERT_TRUE(parameters.at("W").value().is_read_only());
  Optimizer optimizer(parameters, {.kind = OptimizerKind::sgd, .momentum = 0, .clip = 0});
  ParameterGradients gradients = small_gradients(parameters);
  for (int i = 0; i < 2; ++i) optimizer.step(gradients, 0.1);
  EXPECT_DOUBLE_EQ(parameters.at("b").value().at({0}), 3 - 2 * 0.1 * 1.2);
  EXPECT_EQ(file.read("b").at({0}), 3);
}

TEST(Optimizer, TheFirstStepOfAdamwIsTheSignOfTheGradient) {
  // m̂ = d and v̂ = d², so that x moves by learning_rate·d/(|d| + epsilon), and by its decay.
  Parameters parameters = small_parameters();
  Optimizer optimizer(parameters, {.epsilon = 1e-12, .weight_decay = 0.5, .clip = 0});
  ParameterGradients gradients = small_gradients(parameters);
  optimizer.step(gradients, 0.01);
  EXPECT_NEAR(parameters.at("W").value().at({0, 1}), 2 - 0.01 * (1 + 0.5 * 2), 1e-12);
  EXPECT_NEAR(parameters.at("b").value().at({0}), 3 - 0.01, 1e-12);
}

TEST(Optimizer, ClippingShortensTheWholeGradient) {
  Parameters parameters = small_parameters();
  Optimizer optimizer(parameters,
                      {.kind = OptimizerKind::sgd, .momentum = 0, .weight_decay = 0, .clip = 0.65});
  ParameterGradients gradients = small_gradients(parameters);
  EXPECT_DOUBLE_EQ(optimizer.step(gradients, 1), 1.3);  // its length before
  EXPECT_DOUBLE_EQ(parameters.at("W").value().at({0, 0}), 1 - 0.15);
  EXPECT_DOUBLE_EQ(parameters.at("b").value().at({0}), 3 - 0.6);
}

TEST(Optimizer, RefusesAGradientThatIsNotFinite) {
  Parameters parameters = small_parameters();
  Optimizer optimizer(parameters, {});
  ParameterGradients gradients = small_gradients(parameters);
  gradients.at(&parameters.at("W")).mutable_data<double>()[0] =
      std::numeric_limits<double>::quiet_NaN();
  expect_error([&] { optimizer.step(gradients, 0.1); }, "lower learning rate");
  EXPECT_EQ(parameters.at("W").value().at({0, 1}), 2);
}

TEST(Optimizer, NamesAParameterWithoutAGradient) {
  Parameters parameters = small_parameters();
  Optimizer optimizer(parameters, {});
  ParameterGradients gradients = small_gradients(parameters);
  gradients.erase(&parameters.at("b"));
  expect_error([&] { optimizer.step(gradients, 0.1); }, "b: expected a gradient, got none");
  EXPECT_EQ(parameters.at("W").value().at({0, 1}), 2);
}

// Three steps of f32 parameters that are several pieces long; returns all numbers.
std::vector<float> after_three_steps(OptimizerKind kind, bool interrupted) {
  Parameters parameters;
  parameters.matrix("W", 300, 500);
  const OptimizerConfig config{.kind = kind};
  Optimizer optimizer(parameters, config);
  for (std::uint64_t step = 0; step < 3; ++step) {
    ParameterGradients gradients = {
        {&parameters.at("W"), random_tensor({300, 500}, 2 + step, DType::f32)}};
    if (interrupted && step == 2) {
      Optimizer another(parameters, config);
      another.load(optimizer.state());
      another.step(gradients, 1e-3);
    } else {
      optimizer.step(gradients, 1e-3);
    }
  }
  const float* numbers = parameters.at("W").value().data<float>();
  return {numbers, numbers + 300 * 500};
}

TEST(Optimizer, GoesOnFromItsState) {
  for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sgd}) {
    EXPECT_EQ(after_three_steps(kind, true), after_three_steps(kind, false));
  }
}

TEST(Optimizer, DoesNotDependOnThreads) {
  const std::vector<float> all = after_three_steps(OptimizerKind::adamw, false);
  set_thread_count(1);
  const std::vector<float> one = after_three_steps(OptimizerKind::adamw, false);
  set_thread_count(0);
  EXPECT_EQ(one, all);
}

TEST(Optimizer, RefusesTheStateOfOtherParameters) {
  Parameters parameters = small_parameters();
  Optimizer optimizer(parameters, {});
  NamedTensors state = optimizer.state();
  state.tensors[0].second = Tensor({5}, DType::f64);
  expect_error([&] { optimizer.load(state); }, "adamw.m.W: expected [1, 2], got [5]");
  Optimizer sgd(parameters, {.kind = OptimizerKind::sgd});
  expect_error([&] { sgd.load(optimizer.state()); }, "sgd.m.W");
}

}  // namespace
}  // namespace clearhead
