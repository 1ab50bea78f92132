// Dropout: how many, and which ones.
#include "clearhead/ops/dropout.h"

#include "clearhead/ops/add.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

Tensor ones(const Shape& shape, DType dtype) {
  Tensor tensor(shape, DType::f64);
  std::fill_n(tensor.mutable_data<double>(), tensor.count(), 1.0);
  return tensor.to(dtype);
}

std::vector<double> dropped(std::int64_t count, double rate, const RandomStream& random,
                            DType dtype = DType::f32) {
  Tape tape(Keep::nothing);
  return numbers_of(dropout(tape.input("x", ones({count}, dtype)), rate, random));
}

TEST(Dropout, DropsAsOftenAsTheRateSaysAndKeepsTheMean) {
  constexpr std::int64_t kCount = 100'000;
  for (const double rate : {0.1, 0.2, 0.5, 0.9}) {
    double zeros = 0;
    for (const double y : dropped(kCount, rate, {.seed = 1})) {
      zeros += y == 0;
      const double kept = 1 / (1 - rate);
      ASSERT_NEAR(y, y == 0 ? 0 : kept, 1e-3);  // the rate is taken to the nearest 1/65536
    }
    // Four standard deviations of so many throws, √(rate·(1 − rate)/n).
    EXPECT_NEAR(zeros / kCount, rate, 4 * std::sqrt(rate * (1 - rate) / kCount));
  }
}

TEST(Dropout, IsAFunctionOfSeedStreamAndPosition) {
  const std::vector<double> first = dropped(1001, 0.3, {.seed = 5, .stream = 9});
  EXPECT_EQ(dropped(1001, 0.3, {.seed = 5, .stream = 9}), first);
  EXPECT_NE(dropped(1001, 0.3, {.seed = 6, .stream = 9}), first);
  EXPECT_NE(dropped(1001, 0.3, {.seed = 5, .stream = 10}), first);
  std::vector<double> longer = dropped(70'000, 0.3, {.seed = 5, .stream = 9});
  longer.resize(1001);
  EXPECT_EQ(longer, first);
}

TEST(DropoutAdd, IsBothOperationsToTheLastBit) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const double rate : {0.0, 0.3}) {
      std::vector<std::vector<double>> results[2];
      for (const bool together : {false, true}) {
        Tape tape(Keep::for_backward);
        const Var a = tape.input("a", random_tensor({3, 1001}, 1, dtype));
        const Var x = tape.input("x", random_tensor({3, 1001}, 2, dtype));
        const RandomStream random = {.seed = 4, .stream = 5};
        const Var y = together ? dropout_add(a, x, rate, random) : add(a, dropout(x, rate, random));
        tape.backward(y, random_tensor({3, 1001}, 3, dtype));
        results[together] = {numbers_of(y), numbers_of(a.grad()), numbers_of(x.grad())};
      }
      EXPECT_EQ(results[0], results[1]) << rate;
    }
  }
}

TEST(DropoutAdd, SaysWhatWasDropped) {
  Tape tape(Keep::everything);
  const Var a = tape.input("a", tensor_of({4}, {1, 2, 3, 4})),
            x = tape.input("x", tensor_of({4}, {5, 6, 7, 8}));
  const Var y = dropout_add(a, x, 0.5, {.seed = 1});
  EXPECT_EQ(y.formula(), "a + dropout(x)");
  int dropped = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    const Explanation e = explain(y, {i});
    EXPECT_EQ(e.recalculated, y.value().at({i}));
    dropped += e.calculation == format_number(a.value().at({i})) + " + 0 (dropped)" ? 1 : 0;
  }
  EXPECT_GT(dropped, 0);
  EXPECT_LT(dropped, 4);
}

TEST(Dropout, WithoutARateIsTheInputItself) {
  Tape tape;
  const Var x = tape.input("x", random_tensor({5}));
  EXPECT_EQ(dropout(x, 0, {}).name(), "x");
}

}  // namespace
}  // namespace clearhead
