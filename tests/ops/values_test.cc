// Every operation gives what its formula says, on numbers that can be checked by hand; all but the
// transcendental ones exactly.
#include <gmock/gmock.h>

#include <cmath>

#include "clearhead/ops/add.h"
#include "clearhead/ops/cast.h"
#include "clearhead/ops/gelu.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/multiply.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsNan;

// Each test runs in f32 and f64.
class Values : public ::testing::TestWithParam<DType> {
 protected:
  Var in(const Shape& shape, std::initializer_list<double> values) {
    return tape.input("x", tensor_of(shape, values, GetParam()));
  }
  // Some roundings of numbers near 1.
  auto near(double value) const {
    return DoubleNear(value, GetParam() == DType::f64 ? 1e-15 : 5e-7);
  }
  Tape tape{Keep::nothing};
};
INSTANTIATE_TEST_SUITE_P(Types, Values, ::testing::Values(DType::f32, DType::f64),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

TEST_P(Values, AddAndMultiplyBroadcast) {
  const Var column = in({2, 1}, {1, 2});
  const Var row = in({3}, {10, 20, 30});
  const Var sum = add(column, row);
  EXPECT_EQ(sum.shape(), (Shape{2, 3}));
  EXPECT_EQ(sum.dtype(), GetParam());
  EXPECT_THAT(numbers_of(sum), ElementsAre(11, 21, 31, 12, 22, 32));
  EXPECT_THAT(numbers_of(multiply(row, column)), ElementsAre(10, 20, 30, 20, 40, 60));
  EXPECT_THAT(numbers_of(add(in({}, {1}), in({}, {2}))), ElementsAre(3));
  EXPECT_THAT(numbers_of(add(in({0}, {}), in({1}, {2}))), IsEmpty());
}

TEST_P(Values, ScaleAndSoftcap) {
  EXPECT_THAT(numbers_of(scale(in({2}, {3, -5}), 0.5)), ElementsAre(1.5, -2.5));
  EXPECT_THAT(numbers_of(softcap(in({3}, {0, 2, -1}), 2)),
              ElementsAre(0, near(2 * std::tanh(1.0)), near(-2 * std::tanh(0.5))));
  EXPECT_THAT(numbers_of(softcap(in({2}, {1e30, -kInfinity}), 2)), ElementsAre(2, -2));
}

TEST_P(Values, MatmulTransposedBatchedAndBroadcast) {
  const Var a = in({2, 3}, {1, 2, 3, 4, 5, 6});
  const Var b = in({3, 2}, {1, 0, 0, 1, 1, 1});
  EXPECT_THAT(numbers_of(matmul(a, b)), ElementsAre(4, 5, 10, 11));
  EXPECT_THAT(numbers_of(matmul(a, a, {.transpose_b = true})), ElementsAre(14, 32, 32, 77));
  EXPECT_THAT(numbers_of(matmul(a, a, {.transpose_a = true})),
              ElementsAre(17, 22, 27, 22, 29, 36, 27, 36, 45));
  EXPECT_THAT(numbers_of(matmul(b, a, {.transpose_a = true, .transpose_b = true})),
              ElementsAre(4, 10, 5, 11));
  const Var batch = in({2, 1, 2}, {1, 0, 0, 1});  // picks a row of each matrix
  const Var product = matmul(batch, a);
  EXPECT_EQ(product.shape(), (Shape{2, 1, 3}));
  EXPECT_THAT(numbers_of(product), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(numbers_of(matmul(in({1, 0}, {}), in({0, 2}, {}))), ElementsAre(0, 0));
}

// bf16 has 8 bits: 1.5 and −2.25 are stored as they are, 1.00390625 = 1 + 2⁻⁸ is rounded to 1.
TEST(Linear, WeightsMayBeStoredAsBf16) {
  Tape tape(Keep::for_backward);
  const Var x = tape.input("x", Tensor::of<float>({1, 3}, {1, 2, 4}));
  const Tensor stored = Tensor::of<float>({1, 3}, {1.5F, -2.25F, 1.00390625F}).to(DType::bf16);
  const Var weight = tape.input("weight", stored);
  const Var y = linear(x, weight);
  EXPECT_EQ(y.dtype(), DType::f32);
  EXPECT_EQ(y.value().item(), 1.5 - 4.5 + 4);
  tape.backward(y);
  EXPECT_EQ(x.grad().at({0, 1}), -2.25);
  EXPECT_EQ(weight.grad().dtype(), DType::bf16);
  EXPECT_EQ(weight.grad().at({0, 2}), 4);
}

// Where nobody learns a few rows are multiplied with what is stored, and many with what it is as
// f32.
TEST(Linear, StoredAsBf16ItIsReadAsItIs) {
  for (const std::int64_t R : {1, 2, 4, 5}) {
    Tape tape(Keep::nothing);
    const Var x = tape.input("x", Tensor::of<float>({1, 3}, {1, 2, 4}).broadcast_to({R, 3}));
    const Tensor stored =
        Tensor::of<float>({2, 3}, {1.5F, -2.25F, 1.00390625F, 0, 1, 0}).to(DType::bf16);
    const Var bias = tape.input("bias", Tensor::of<float>({2}, {0, 100}));
    const Tensor y = linear(x, tape.input("weight", stored), bias).value();
    ASSERT_EQ(y.shape(), (Shape{R, 2}));
    ASSERT_EQ(y.dtype(), DType::f32);
    for (std::int64_t r = 0; r < R; ++r) {
      EXPECT_EQ(y.at({r, 0}), 1.5 - 4.5 + 4);
      EXPECT_EQ(y.at({r, 1}), 102);
    }
  }
}

TEST_P(Values, Linear) {
  const Var x = in({1, 2, 2}, {1, 2, 3, 4});
  const Var weight = in({3, 2}, {1, 0, 0, 1, 1, 1});
  const Var y = linear(x, weight, in({3}, {10, 20, 30}));
  EXPECT_EQ(y.shape(), (Shape{1, 2, 3}));
  EXPECT_THAT(numbers_of(y), ElementsAre(11, 22, 33, 13, 24, 37));
  EXPECT_THAT(numbers_of(linear(x, weight)), ElementsAre(1, 2, 3, 3, 4, 7));
}

TEST_P(Values, SumAndMean) {
  const Var x = in({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(sum(x).shape(), Shape{});
  EXPECT_THAT(numbers_of(sum(x)), ElementsAre(21));
  EXPECT_THAT(numbers_of(mean(x)), ElementsAre(3.5));
  EXPECT_THAT(numbers_of(sum(x, {0})), ElementsAre(5, 7, 9));
  EXPECT_EQ(sum(x, {0}).shape(), Shape{3});
  EXPECT_THAT(numbers_of(mean(x, {-1}, /*keepdims=*/true)), ElementsAre(2, 5));
  EXPECT_EQ(mean(x, {-1}, /*keepdims=*/true).shape(), (Shape{2, 1}));
  EXPECT_THAT(numbers_of(sum(x, {})), ElementsAre(1, 2, 3, 4, 5, 6));
  const Var nothing = in({0, 2}, {});
  EXPECT_THAT(numbers_of(sum(nothing, {0})), ElementsAre(0, 0));
  EXPECT_THAT(numbers_of(mean(nothing, {0})), ElementsAre(IsNan(), IsNan()));
}

TEST_P(Values, ASumLosesNoDigitsAlongTheWay) {
  Tensor ones = Tensor({1 << 18}, DType::f64);
  for (std::int64_t i = 0; i < ones.count(); ++i) ones.mutable_data<double>()[i] = i == 0 ? 1e8 : 1;
  const Var x = tape.input("x", ones.to(GetParam()));  // in f32, 1e8 + 1 = 1e8
  EXPECT_NEAR(numbers_of(sum(x))[0], 1e8 + (1 << 18) - 1, GetParam() == DType::f64 ? 0 : 4);
}

TEST_P(Values, Softmax) {
  const double e = std::exp(1.0);
  const Var x = in({2, 2}, {0, 1, 1, 1});
  EXPECT_THAT(numbers_of(softmax(x)), ElementsAre(near(1 / (1 + e)), near(e / (1 + e)), 0.5, 0.5));
  EXPECT_THAT(numbers_of(softmax(x, 0)),
              ElementsAre(near(1 / (1 + e)), 0.5, near(e / (1 + e)), 0.5));
  const SoftmaxSteps steps = softmax_steps(x);
  EXPECT_EQ(steps.row_max.shape(), (Shape{2, 1}));
  EXPECT_THAT(numbers_of(steps.row_max), ElementsAre(1, 1));
  EXPECT_THAT(numbers_of(steps.row_sum), ElementsAre(near(1 + 1 / e), 2));
  EXPECT_EQ(numbers_of(steps.pattern), numbers_of(softmax(x)));
  const SoftmaxSteps none = softmax_steps(in({2, 0}, {}));
  EXPECT_THAT(numbers_of(none.row_max), ElementsAre(-kInfinity, -kInfinity));
  EXPECT_THAT(numbers_of(none.row_sum), ElementsAre(0, 0));
  EXPECT_EQ(none.pattern.shape(), (Shape{2, 0}));
}

TEST_P(Values, MaskAndWeightedSum) {
  const Var scores = mask(in({2, 2}, {1, 2, 3, 4}), in({2}, {0.5, -kInfinity}));
  EXPECT_THAT(numbers_of(scores), ElementsAre(1.5, -kInfinity, 3.5, -kInfinity));
  // A weight counts although its score is −inf, if there is one.
  const Var z = weighted_sum(in({2, 2}, {1, 0, 2, 9}), scores, in({2, 3}, {1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(numbers_of(z), ElementsAre(1, 2, 3, 38, 49, 60));
}

TEST_P(Values, Gelu) {
  // Φ of the standard normal at 1 and −3.
  EXPECT_THAT(numbers_of(gelu(in({3}, {0, 1, -3}))),
              ElementsAre(0, near(0.8413447460685429), near(-3 * 0.0013498980316300946)));
  const double u = std::sqrt(2 / std::acos(-1.0)) * (1 + 0.044715);
  EXPECT_THAT(numbers_of(gelu(in({1}, {1}), true)), ElementsAre(near((1 + std::tanh(u)) / 2)));
  // Far below 0 the result is tiny, not 0: −10·Φ(−10).
  EXPECT_NEAR(numbers_of(gelu(in({1}, {-10})))[0] / -7.61985302416052e-23, 1, 1e-5);
}

TEST_P(Values, Moves) {
  const Var x = in({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_THAT(numbers_of(reshape(x, {3, -1})), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(numbers_of(transpose(x, 0, 1)), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(numbers_of(permute(x, {-1, 0})), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(numbers_of(reshape(transpose(x, 0, 1), {6})), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(numbers_of(slice(x, 1, 1, 3)), ElementsAre(2, 3, 5, 6));
  EXPECT_THAT(numbers_of(concat(x, slice(x, 1, 0, 1), 1)), ElementsAre(1, 2, 3, 1, 4, 5, 6, 4));
  EXPECT_THAT(numbers_of(concat(x, x, 0)), ElementsAre(1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(numbers_of(broadcast_to(slice(x, 1, 0, 1), {2, 2, 2})),
              ElementsAre(1, 1, 4, 4, 1, 1, 4, 4));
}

TEST_P(Values, OperandsMayBeStrided) {
  const Var x = in({2, 3}, {1, 2, 3, 4, 5, 6});
  const Var t = transpose(x, 0, 1);  // [3, 2]
  const Var repeated = broadcast_to(in({2}, {1, 2}), {3, 2});
  EXPECT_THAT(numbers_of(add(t, t)), ElementsAre(2, 8, 4, 10, 6, 12));
  EXPECT_THAT(numbers_of(multiply(t, repeated)), ElementsAre(1, 8, 2, 10, 3, 12));
  EXPECT_THAT(numbers_of(scale(t, 2)), ElementsAre(2, 8, 4, 10, 6, 12));
  EXPECT_THAT(numbers_of(matmul(x, t)), ElementsAre(14, 32, 32, 77));
  EXPECT_THAT(numbers_of(matmul(slice(x, 1, 1, 3), repeated, {.transpose_b = true})),
              ElementsAre(8, 8, 8, 17, 17, 17));
  EXPECT_THAT(numbers_of(sum(t, {1})), ElementsAre(5, 7, 9));
  EXPECT_THAT(numbers_of(linear(t, slice(x, 1, 0, 2))), ElementsAre(9, 24, 12, 33, 15, 42));
  EXPECT_THAT(numbers_of(concat(t, t, 1)), ElementsAre(1, 4, 1, 4, 2, 5, 2, 5, 3, 6, 3, 6));
  EXPECT_THAT(numbers_of(weighted_sum(t, t, slice(x, 1, 0, 2))),
              ElementsAre(17, 22, 22, 29, 27, 36));
}

TEST(Cast, RoundsForwardAndCastsTheGradientBack) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({2}, {1.0 / 3, 100000}));
  const Var half = cast(x, DType::f16);
  EXPECT_EQ(half.dtype(), DType::f16);
  EXPECT_THAT(numbers_of(half), ElementsAre(0.333251953125, kInfinity));
  tape.backward(half, tensor_of({2}, {0.1, 2}, DType::f16));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(DoubleNear(0.1, 1e-4), 2));
  EXPECT_EQ(x.grad().dtype(), DType::f64);
  EXPECT_EQ(cast(x, DType::f64).name(), "x");  // nothing to do
  const Var single = cast(x, DType::f32);
  tape.backward(single, tensor_of({2}, {1.0 / 3, 2}, DType::f32));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(static_cast<double>(1.0f / 3), 2));
  const Var whole = cast(x, DType::i64);
  EXPECT_THAT(numbers_of(whole), ElementsAre(0, 100000));
  EXPECT_FALSE(whole.needs_grad());
}

// Moves take 16-bit types, and their gradients add in them.
TEST(Moves, OfSixteenBitTypesHaveGradients) {
  for (const DType dtype : {DType::f16, DType::bf16}) {
    Tape tape;
    const Var x = tape.input("x", tensor_of({1, 2}, {1, 2}, dtype));
    const Var y = concat(slice(transpose(x, 0, 1), 0, 1, 2), reshape(x, {2, 1}), 0);
    tape.backward(broadcast_to(y, {2, 3, 1}), tensor_of({2, 3, 1}, {1, 2, 4, 8, 16, 32}, dtype));
    EXPECT_THAT(numbers_of(x.grad()), ElementsAre(2 + 16, 1 + 8 + 4 + 32));
    EXPECT_EQ(x.grad().dtype(), dtype);
  }
}

TEST(Moves, ShareTheMemoryOfTheirOperand) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({2, 2}, {1, 2, 3, 4}));
  const double* memory = x.value().data<double>();
  EXPECT_EQ(reshape(x, {4}).value().data<double>(), memory);
  EXPECT_EQ(permute(x, {1, 0}).value().data<double>(), memory);
  EXPECT_EQ(slice(x, 0, 1, 2).value().data<double>(), memory + 2);
  EXPECT_EQ(broadcast_to(x, {5, 2, 2}).value().data<double>(), memory);
}

}  // namespace
}  // namespace clearhead
