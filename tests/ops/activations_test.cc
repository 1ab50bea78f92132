// ReLU, SiLU, tanh, sigmoid: values, gradients, explanations, errors.
#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/ops/relu.h"
#include "clearhead/ops/sigmoid.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/tanh.h"
#include "tests/gradient_check.h"
#include "tests/ops/op_testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Activation {
  const char* name;
  Var (*operation)(const Var&);
  double (*formula)(double);
};

const Activation kAll[] = {
    {"relu", relu, [](double x) { return std::max(x, 0.0); }},
    {"silu", silu, [](double x) { return x / (1 + std::exp(-x)); }},
    {"tanh", tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }},
};

TEST(Activations, AreTheirFormulas) {
  for (const Activation& a : kAll) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      SCOPED_TRACE(a.name);
      Tape tape;
      const Tensor x = random_tensor({3, 50}, 1, dtype);
      const Var y = a.operation(tape.input("x", x));
      EXPECT_EQ(y.dtype(), dtype);
      for (std::int64_t i = 0; i < x.count(); ++i) {
        const Index index = unflatten(i, x.shape());
        // Some units in the last place of numbers up to 4.
        EXPECT_NEAR(y.value().at(index), a.formula(x.at(index)),
                    dtype == DType::f64 ? 2e-15 : 1e-6);
      }
    }
  }
}

TEST(Activations, KeepToTheirLimitsFarFromZero) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({4}, {-1e4, 1e4, -kInfinity, kInfinity}, DType::f32));
  EXPECT_THAT(numbers_of(relu(x)), ElementsAre(0, 1e4, 0, kInfinity));
  EXPECT_THAT(numbers_of(tanh(x)), ElementsAre(-1, 1, -1, 1));
  EXPECT_THAT(numbers_of(sigmoid(x)), ElementsAre(0, 1, 0, 1));
  EXPECT_EQ(numbers_of(silu(x))[1], 1e4);
  EXPECT_NEAR(numbers_of(silu(x))[0], 0, 1e-30);
  const Var nan = tape.input("nan", tensor_of({1}, {kNan}));
  for (const Activation& a : kAll) EXPECT_TRUE(std::isnan(numbers_of(a.operation(nan))[0]));
}

TEST(Activations, Gradients) {
  for (const Activation& a : kAll) {
    SCOPED_TRACE(a.name);
    const auto f = [&](Tape&, const std::vector<Var>& x) { return a.operation(x[0]); };
    for (const Shape& shape : {Shape{}, {0}, {5}, {2, 3, 4}}) {
      Tensor x = random_tensor(shape, 3);
      for (std::int64_t i = 0; i < x.count();
           ++i) {  // differences across the kink of ReLU say nothing
        double& number = x.mutable_data<double>()[i];
        if (std::abs(number) < 0.01) number = 0.5;
      }
      check_gradients(f, {x});
    }
  }
  Tape tape;
  const Var x = tape.input("x", tensor_of({3}, {-1, 0, 2}));
  tape.backward(relu(x), tensor_of({3}, {5, 6, 7}));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(0, 0, 7));
}

TEST(Activations, ExplainTheirNumbers) {
  Tape tape;
  const Var x = tape.input("x", random_tensor({2, 3}, 1, DType::f32));
  for (const Activation& a : kAll) expect_explained(a.operation(x));
  EXPECT_EQ(relu(x).formula(), "max(x, 0)");
}

TEST(Activations, RefuseOtherTypes) {
  Tape tape;
  const Var x = tape.input("x", Tensor({2}, DType::bf16));
  for (const Activation& a : kAll) {
    EXPECT_THAT(error_of([&] { a.operation(x); }), HasSubstr(std::string(a.name) + ": expected"));
  }
}

}  // namespace
}  // namespace clearhead
