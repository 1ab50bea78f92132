// The scores of additive attention: the formula.
#include "clearhead/ops/additive_scores.h"

#include <cmath>

#include "tests/testing.h"

namespace clearhead {
namespace {

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

}  // namespace
}  // namespace clearhead
