// ReLU, SiLU, tanh, sigmoid: values, limits, the kink of ReLU.
#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/ops/relu.h"
#include "clearhead/ops/sigmoid.h"
#include "clearhead/ops/silu.h"
#include "clearhead/ops/tanh.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::ElementsAre;

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

TEST(Relu, HasNoGradientAtItsKink) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({3}, {-1, 0, 2}));
  tape.backward(relu(x), tensor_of({3}, {5, 6, 7}));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(0, 0, 7));
}

}  // namespace
}  // namespace clearhead
