// The scores of additive attention: the formula, gradients, explanations, errors.
#include "clearhead/ops/additive_scores.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/gradient_check.h"
#include "tests/ops/op_testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

TEST(AdditiveScores, AreTheirFormula) {
  Tape tape;
  const Tensor q = random_tensor({2, 3, 5}, 1), k = random_tensor({2, 4, 5}, 2);
  const Tensor v = random_tensor({5}, 3);
  const Tensor y =
      additive_scores(tape.input("q", q), tape.input("k", k), tape.input("v", v)).value();
  ASSERT_EQ(y.shape(), (Shape{2, 3, 4}));
  for (std::int64_t b = 0; b < 2; ++b) {
    for (std::int64_t t = 0; t < 3; ++t) {
      for (std::int64_t s = 0; s < 4; ++s) {
        double score = 0;
        for (std::int64_t a = 0; a < 5; ++a) {
          score += v.at({a}) * std::tanh(q.at({b, t, a}) + k.at({b, s, a}));
        }
        EXPECT_NEAR(y.at({b, t, s}), score, 1e-14);
      }
    }
  }
}

TEST(AdditiveScores, GradientsAndExplanations) {
  const auto f = [](Tape&, const std::vector<Var>& x) { return additive_scores(x[0], x[1], x[2]); };
  check_gradients(
      f, {random_tensor({2, 3, 5}, 1), random_tensor({2, 4, 5}, 2), random_tensor({5}, 3)});
  check_gradients(
      f, {random_tensor({1, 0, 2}, 1), random_tensor({1, 4, 2}, 2), random_tensor({2}, 3)});
  Tape tape;
  const Var y = additive_scores(tape.input("q", random_tensor({1, 2, 5}, 1, DType::f32)),
                                tape.input("k", random_tensor({1, 3, 5}, 2, DType::f32)),
                                tape.input("v", random_tensor({5}, 3, DType::f32)));
  expect_explained(y);
  EXPECT_EQ(y.formula(), "v·tanh(q + k)");
}

TEST(AdditiveScores, RefuseWhatDoesNotFit) {
  Tape tape;
  const Var q = tape.input("q", Tensor({2, 3, 5})), v = tape.input("v", Tensor({5}));
  EXPECT_THAT(error_of([&] {
                additive_scores(q, tape.input("k", Tensor({2, 3, 4})), v);
              }),
              HasSubstr("[2, 3, 5], [2, 3, 4] and [5]"));
  EXPECT_THAT(error_of([&] { additive_scores(q, q, q); }), HasSubstr("v [A]"));
}

}  // namespace
}  // namespace clearhead
