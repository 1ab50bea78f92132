// Batch norm: statistics of the batch or given ones, and how they are explained.
#include "clearhead/ops/batch_norm.h"

#include <cmath>

#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(BatchNorm, NormalisesEachChannelOverTheBatch) {
  Tape tape;
  const Tensor x = random_tensor({4, 50, 3}, 1);
  const BatchNormOutput out = batch_norm(tape.input("x", x), tape.input("w", random_tensor({3}, 2)),
                                         tape.input("b", random_tensor({3}, 3)), 0.1);
  for (std::int64_t c = 0; c < 3; ++c) {
    double mean = 0, variance = 0;
    for (std::int64_t r = 0; r < 200; ++r) mean += x.at({r / 50, r % 50, c}) / 200;
    for (std::int64_t r = 0; r < 200; ++r) {
      variance += std::pow(x.at({r / 50, r % 50, c}) - mean, 2) / 200;
    }
    EXPECT_NEAR(out.mean.value().at({c}), mean, 1e-14);
    EXPECT_NEAR(out.variance.value().at({c}), variance, 1e-13);
    const double w = tape["w"].value().at({c}), b = tape["b"].value().at({c});
    for (std::int64_t r = 0; r < 200; ++r) {
      EXPECT_NEAR(out.y.value().at({r / 50, r % 50, c}),
                  (x.at({r / 50, r % 50, c}) - mean) / std::sqrt(variance + 0.1) * w + b, 1e-12);
    }
  }
  // The same statistics, given, make the same of it.
  const Var again = batch_norm(tape["x"], tape["w"], tape["b"], out.mean, out.variance, 0.1);
  EXPECT_EQ(numbers_of(again), numbers_of(out.y));
}

TEST(BatchNorm, GradientsOfMoreRowsThanOneThreadTakes) {
  check_gradients(
      [](Tape& tape, const std::vector<Var>& x) {
        return batch_norm(tape.input("x", random_tensor({3000, 9}, 1)), x[0], x[1]).y;
      },
      {random_tensor({9}, 2), random_tensor({9}, 3)});
}

TEST(BatchNorm, ExplainsItsNumbers) {
  Tape tape;
  const Var x = tape.input("x", random_tensor({2, 3, 2}, 1, DType::f32));
  const Var w = tape.input("w", random_tensor({2}, 2, DType::f32));
  const Var b = tape.input("b", random_tensor({2}, 3, DType::f32));
  const BatchNormOutput out = batch_norm(x, w, b);
  for (const Var& var : {out.y, out.mean, out.variance}) expect_explained(var);
}

}  // namespace
}  // namespace clearhead
