// What explanations say in words. That each number, calculated again from its operands, agrees with
// the recorded one, operations_test.cc sees to.
#include "clearhead/tape/explain.h"

#include <gmock/gmock.h>

#include "clearhead/ops/cast.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/reduce.h"
#include "clearhead/ops/reshape.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ExplainOps : public ::testing::Test {
 protected:
  Var in(std::string_view name, const Shape& shape) {
    return tape.input(name, random_tensor(shape, stream++, DType::f32));
  }
  Tape tape;
  std::uint64_t stream = 0;
};

TEST_F(ExplainOps, Cast) {
  const Var x = in("x", {5});
  for (const DType dtype : {DType::f64, DType::f16, DType::bf16, DType::i64}) {
    expect_explained(cast(x, dtype));
  }
  EXPECT_EQ(cast(x, DType::bf16).formula(), "bf16(x)");
}

TEST_F(ExplainOps, TwoOperandsOfOneNameAreToldApart) {
  in("b", {5});
  const Var x = in("x", {2, 3, 4}), weight = in("W", {5, 4}), bias = in("b", {5});
  EXPECT_EQ(linear(x, weight, bias).formula(), "x·Wᵀ + b#2");
}

TEST_F(ExplainOps, Reductions) {
  const Var x = in("x", {2, 3, 4});
  expect_explained(sum(in("none", {0, 2}), {0}));
  EXPECT_EQ(mean(x, {-1}).formula(), "mean(x over axes [2])");
  EXPECT_THAT(explain(sum(x), {}).calculation, HasSubstr("… (24 terms)"));
}

TEST_F(ExplainOps, SoftmaxWithMaskedRows) {
  const Tensor scores = tensor_of({5, 3},
                                  {0.5, 1, -2,                          //
                                   -kInfinity, 1, 2,                    //
                                   -kInfinity, -kInfinity, -kInfinity,  //
                                   kNan, 1, -kInfinity,                 //
                                   kInfinity, 1, -kInfinity},
                                  DType::f32);
  const Var x = tape.input("x", scores);
  expect_explained(softmax(x));
  expect_explained(softmax(x, 0));
  const SoftmaxSteps steps = softmax_steps(x);
  steps.row_max.shown_as("hook_row_max");
  steps.row_sum.shown_as("hook_row_sum");
  expect_explained(steps.row_max);
  expect_explained(steps.row_sum);
  expect_explained(steps.pattern);
  EXPECT_EQ(steps.row_max.formula(), "max(x)");
  EXPECT_EQ(steps.row_sum.formula(), "Σ exp(x - row_max)");
  EXPECT_EQ(steps.pattern.formula(), "exp(x - row_max) / row_sum");
  EXPECT_EQ(explain(steps.pattern, {1, 0}).calculation, "0, for exp(-inf) is 0");
  EXPECT_EQ(explain(steps.row_sum, {2, 0}).calculation, "0 (nothing is visible)");
  EXPECT_THAT(explain(softmax(x), {0, 1}).operands, SizeIs(3));
}

TEST_F(ExplainOps, MaskAndWeightedSum) {
  const Var scores = in("scores", {2, 2, 3});
  const Var bias = tape.input(
      "bias", tensor_of({2, 1, 3}, {0, -kInfinity, 0.5, -kInfinity, 1, -kInfinity}, DType::f32));
  const Var masked = mask(scores, bias).named("masked");
  expect_explained(masked);
  EXPECT_EQ(explain(masked, {0, 1, 1}).calculation, "-inf, for the mask hides it");
  const Var pattern = softmax(masked).named("pattern");
  const Var z = weighted_sum(pattern, masked, in("v", {3, 4}));
  expect_explained(z);
  EXPECT_EQ(z.formula(), "pattern·v");
  EXPECT_THAT(explain(z, {0, 0, 0}).operands, SizeIs(4));  // the two visible pairs
}

TEST_F(ExplainOps, MovesNameWhereANumberCameFrom) {
  const Var x = in("x", {2, 3, 4}), y = in("y", {2, 1, 4});
  for (const Var& moved : {reshape(x, {4, 6}), permute(x, {1, 2, 0}), transpose(x, 0, -1),
                           slice(x, 1, 1, 3), concat(x, y, 1), concat(y, x, 1),
                           broadcast_to(y, {2, 2, 3, 4}), reshape(transpose(x, 0, 1), {24})}) {
    expect_explained(moved);
    const Explanation e = explain(moved, Index(moved.shape().size(), 0));
    ASSERT_THAT(e.operands, SizeIs(1));
    EXPECT_EQ(e.operands[0]->value, e.value);
  }
  EXPECT_EQ(explain(slice(x, 1, 1, 3), {1, 0, 2}).operands[0]->index, (Index{1, 1, 2}));
  EXPECT_EQ(explain(permute(x, {1, 2, 0}), {2, 3, 1}).operands[0]->index, (Index{1, 2, 3}));
  EXPECT_EQ(explain(concat(x, y, 1), {1, 3, 2}).operands[0]->name, "y");
}

}  // namespace
}  // namespace clearhead
