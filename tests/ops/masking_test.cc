// What is hidden stays hidden: −inf, +inf and NaN touch nothing but what depends on them, forward
// and backward.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "clearhead/ops/linear.h"
#include "clearhead/ops/mask.h"
#include "clearhead/ops/matmul.h"
#include "clearhead/ops/scale.h"
#include "clearhead/ops/softcap.h"
#include "clearhead/ops/softmax.h"
#include "clearhead/ops/weighted_sum.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsNan;
using ::testing::Not;

TEST(Mask, SelectsWhateverTheScoreIs) {
  Tape tape;
  const Var scores = tape.input("scores", tensor_of({4}, {1, kInfinity, kNan, -kInfinity}));
  const Var bias =
      tape.input("bias", tensor_of({4}, {-kInfinity, -kInfinity, -kInfinity, -kInfinity}));
  const Var masked = mask(scores, bias);
  EXPECT_THAT(numbers_of(masked), Each(-kInfinity));
  tape.backward(masked, tensor_of({4}, {1, kNan, kInfinity, 2}));
  EXPECT_THAT(numbers_of(scores.grad()), Each(0));
  EXPECT_THAT(numbers_of(bias.grad()), Each(0));
}

TEST(Mask, WhatIsVisibleIsAdded) {
  Tape tape;
  const Var scores = tape.input("scores", tensor_of({2, 2}, {1, kInfinity, -kInfinity, 2}));
  const Var bias = tape.input("bias", tensor_of({2}, {0.5, -1}));
  const Var masked = mask(scores, bias);
  EXPECT_THAT(numbers_of(masked), ElementsAre(1.5, kInfinity, -kInfinity, 1));
  tape.backward(masked, tensor_of({2, 2}, {1, 2, 3, 4}));
  EXPECT_THAT(numbers_of(scores.grad()), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(numbers_of(bias.grad()), ElementsAre(4, 6));
}

TEST(Softmax, BadRowsTouchNoOther) {
  Tape tape;
  const Var x = tape.input(
      "x", tensor_of({4, 2}, {0, 0, kNan, 0, kInfinity, -kInfinity, -kInfinity, -kInfinity}));
  const Var p = softmax(x);
  EXPECT_THAT(numbers_of(p), ElementsAre(0.5, 0.5, IsNan(), IsNan(), IsNan(), 0, 0, 0));
  tape.backward(p, tensor_of({4, 2}, {1, 2, 1, 2, 1, 2, kNan, kInfinity}));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(-0.25, 0.25, IsNan(), IsNan(), IsNan(), 0, 0, 0));
}

TEST(Softcap, AZeroGradientMeetsANan) {
  Tape tape;
  const Var x = tape.input("x", tensor_of({3}, {kNan, kInfinity, 0}));
  tape.backward(softcap(x, 5), tensor_of({3}, {0, 3, 3}));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(0, 0, 3));
}

// Where a gradient is exactly 0, nothing depends on the product's other factor, not even on its
// NaN; elsewhere it counts.
TEST(Matmul, AZeroGradientMeetsANan) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      Tape tape;
      const Var a = tape.input(
          "a", tensor_of({2, 2}, transpose_a ? std::initializer_list<double>{1, kNan, 2, 3}
                                             : std::initializer_list<double>{1, 2, kNan, 3}));
      const Var b = tape.input(
          "b", tensor_of({2, 2}, transpose_b ? std::initializer_list<double>{5, 6, kInfinity, 7}
                                             : std::initializer_list<double>{5, kInfinity, 6, 7}));
      // A = [1 2; NaN 3], B = [5 inf; 6 7], and only the first column of the first row counts.
      tape.backward(matmul(a, b, {.transpose_a = transpose_a, .transpose_b = transpose_b}),
                    tensor_of({2, 2}, {1, 0, 0, 0}));
      EXPECT_THAT(numbers_of(a.grad()),
                  transpose_a ? ElementsAre(5, 0, 6, 0) : ElementsAre(5, 6, 0, 0));
      EXPECT_THAT(numbers_of(b.grad()),
                  transpose_b ? ElementsAre(1, 2, 0, 0) : ElementsAre(1, 0, 2, 0));
      tape.backward(matmul(a, b, {.transpose_a = transpose_a, .transpose_b = transpose_b}),
                    tensor_of({2, 2}, {1, 1, 0, 0}));  // now B's infinity counts for A's first row
      EXPECT_EQ(numbers_of(a.grad())[0], kInfinity);
      EXPECT_THAT(numbers_of(b.grad()), Each(Not(IsNan())));
      tape.backward(matmul(a, b, {.transpose_a = transpose_a, .transpose_b = transpose_b}),
                    tensor_of({2, 2}, {0, 0, 1, 0}));  // and now A's NaN for B
      EXPECT_TRUE(std::isnan(numbers_of(b.grad())[0]));
    }
  }
}

TEST(Linear, AZeroGradientMeetsANan) {
  Tape tape;
  // Three rows, so that x is larger than the weight: of the two it is the other one that is looked
  // at.
  const Var x = tape.input("x", tensor_of({3, 2}, {1, 2, kNan, 3, 4, kInfinity}));
  const Var weight = tape.input("weight", tensor_of({2, 2}, {5, 6, kInfinity, 7}));
  tape.backward(linear(x, weight), tensor_of({3, 2}, {1, 0, 0, 0, 0, 0}));
  EXPECT_THAT(numbers_of(x.grad()), ElementsAre(5, 6, 0, 0, 0, 0));
  EXPECT_THAT(numbers_of(weight.grad()), ElementsAre(1, 2, 0, 0));
  tape.backward(linear(x, weight), tensor_of({3, 2}, {1, 0, 0, 0, 1, 0}));
  EXPECT_THAT(numbers_of(weight.grad()), ElementsAre(5, kInfinity, 0, 0));
}

TEST(WeightedSum, ReadsNothingOfAHiddenPair) {
  Tape tape;
  const Var pattern = tape.input("pattern", tensor_of({2, 2}, {1, 0, 0.5, 0.5}));
  const Var scores = tape.input("scores", tensor_of({2, 2}, {0, -kInfinity, 0, 0}));
  const Var v = tape.input("v", tensor_of({2, 2}, {1, 2, kNan, kInfinity}));
  const Var z = weighted_sum(pattern, scores, v);
  EXPECT_THAT(numbers_of(z), ElementsAre(1, 2, IsNan(), kInfinity));
  tape.backward(z, tensor_of({2, 2}, {1, 10, kNan, 1}));
  EXPECT_THAT(numbers_of(pattern.grad()), ElementsAre(21, 0, IsNan(), IsNan()));
  EXPECT_THAT(numbers_of(v.grad()), ElementsAre(IsNan(), 10.5, IsNan(), 0.5));
  EXPECT_THAT(numbers_of(scores.grad()), Each(0));
}

// The steps of attention one after the other: k and v of hidden keys hold garbage; queries that do
// not see them have the same results and gradients, to the last bit, as with clean keys.
struct Attended {
  std::vector<double> z, d_q, d_k, d_v;
};

Attended attend(const Tensor& q_value, const Tensor& k_value, const Tensor& v_value) {
  const std::int64_t T = q_value.size(0), S = k_value.size(0);
  Tensor bias({T, S}, DType::f32);  // causal
  for (std::int64_t i = 0; i < T; ++i) {
    for (std::int64_t j = i + 1; j < S; ++j) {
      bias.mutable_data<float>()[i * S + j] = -static_cast<float>(kInfinity);
    }
  }
  Tape tape;
  const Var q = tape.input("q", q_value), k = tape.input("k", k_value),
            v = tape.input("v", v_value);
  const Var raw = matmul(q, k, {.transpose_b = true});
  const Var scores = mask(softcap(scale(raw, 0.25), 4), tape.input("bias", bias, false));
  const Var z = weighted_sum(softmax_steps(scores).pattern, scores, v);
  tape.backward(z, random_tensor(z.shape(), 9, DType::f32));
  return {numbers_of(z), numbers_of(q.grad()), numbers_of(k.grad()), numbers_of(v.grad())};
}

TEST(AttentionSteps, GarbageInHiddenKeysDoesNotShow) {
  constexpr std::int64_t T = 20, D = 9,
                         kClean = 12;  // keys from kClean on are seen only by queries from there on
  const Tensor q = random_tensor({T, D}, 1, DType::f32);
  Tensor k = random_tensor({T, D}, 2, DType::f32), v = random_tensor({T, D}, 3, DType::f32);
  const Attended clean = attend(q, k, v);
  for (const double garbage : {kNan, kInfinity, -kInfinity}) {
    for (std::int64_t i = kClean * D; i < T * D; i += 2) {
      k.mutable_data<float>()[i] = static_cast<float>(garbage);
      v.mutable_data<float>()[i + 1] = static_cast<float>(garbage);
    }
    const Attended dirty = attend(q, k, v);
    for (std::size_t i = 0; i < kClean * D; ++i) {
      ASSERT_EQ(dirty.z[i], clean.z[i]) << i;
      ASSERT_EQ(dirty.d_q[i], clean.d_q[i]) << i;
    }
  }
}

TEST(AttentionSteps, AFullyMaskedRowGivesZerosAndTakesNone) {
  Tape tape;
  const Var q = tape.input("q", random_tensor({2, 3}, 1));
  const Var k = tape.input("k", random_tensor({2, 3}, 2));
  const Var v = tape.input("v", random_tensor({2, 3}, 3));
  const Var bias = tape.input("bias", tensor_of({2, 1}, {-kInfinity, 0}));
  const Var scores = mask(matmul(q, k, {.transpose_b = true}), bias);
  const Var z = weighted_sum(softmax(scores), scores, v);
  tape.backward(z, random_tensor({2, 3}, 4));
  for (std::int64_t d = 0; d < 3; ++d) {
    EXPECT_EQ(z.value().at({0, d}), 0);
    EXPECT_EQ(q.grad().at({0, d}), 0);
    EXPECT_NE(z.value().at({1, d}), 0);
    EXPECT_NE(q.grad().at({1, d}), 0);
  }
  EXPECT_EQ(bias.grad().at({0, 0}), 0);
}

}  // namespace
}  // namespace clearhead
