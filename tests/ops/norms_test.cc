// Layer norm and RMS norm: the definition, and what they record.
#include <cmath>

#include "clearhead/ops/layer_norm.h"
#include "clearhead/ops/rms_norm.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(LayerNorm, HasTheMeanAndTheVarianceThatWeightAndBiasSay) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t C : {1, 7, 64, 100}) {
      Tape tape;
      const Tensor x = random_tensor({3, 2, C}, 1, dtype);
      const Tensor w = random_tensor({C}, 2, dtype), b = random_tensor({C}, 3, dtype);
      const LayerNormOutput out =
          layer_norm(tape.input("x", x), tape.input("w", w), tape.input("b", b), 0.1);
      for (std::int64_t r = 0; r < 6; ++r) {
        double mean = 0, variance = 0;
        const auto at = [&](std::int64_t c) { return x.at({r / 2, r % 2, c}); };
        for (std::int64_t c = 0; c < C; ++c) mean += at(c) / static_cast<double>(C);
        for (std::int64_t c = 0; c < C; ++c) {
          variance += std::pow(at(c) - mean, 2) / static_cast<double>(C);
        }
        const double scale = std::sqrt(variance + 0.1);
        // Sums of up to 100 numbers near 1.
        const double tolerance = dtype == DType::f64 ? 1e-13 : 1e-5;
        EXPECT_NEAR(out.mean.value().at({r / 2, r % 2, 0}), mean, tolerance);
        EXPECT_NEAR(out.scale.value().at({r / 2, r % 2, 0}), scale, tolerance);
        for (std::int64_t c = 0; c < C; ++c) {
          EXPECT_NEAR(out.y.value().at({r / 2, r % 2, c}),
                      (at(c) - mean) / scale * w.at({c}) + b.at({c}), tolerance);
        }
      }
    }
  }
}

TEST(LayerNorm, ALargeMeanDoesNotDrownTheVariance) {
  Tape tape(Keep::nothing);
  const Var x = tape.input("x", tensor_of({4}, {4096, 4097, 4098, 4099}, DType::f32));
  const Var one = tape.input("w", tensor_of({4}, {1, 1, 1, 1}, DType::f32));
  const std::vector<double> y = numbers_of(layer_norm(x, one, {}, 0).y);
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(y[static_cast<std::size_t>(i)], (i - 1.5) / std::sqrt(1.25), 1e-6);
  }
}

TEST(LayerNorm, ExplainsItsNumbers) {
  Tape tape;
  const Var x = tape.input("x", random_tensor({2, 9}, 1, DType::f32));
  const Var w = tape.input("w", random_tensor({9}, 2, DType::f32));
  const Var b = tape.input("b", random_tensor({9}, 3, DType::f32));
  const LayerNormOutput out = layer_norm(x, w, b);
  out.mean.shown_as("hook_mean");
  out.scale.shown_as("hook_scale");
  for (const Var& var : {out.y, out.mean, out.scale, layer_norm(x, w).y}) expect_explained(var);
  EXPECT_EQ(out.y.formula(), "(x - mean) / scale ⊙ w + b");
  EXPECT_EQ(out.scale.formula(), "√(mean((x - mean)²) + 1e-05)");
}

TEST(RmsNorm, DividesByTheRootOfTheMeanSquare) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    Tape tape;
    const Tensor x = random_tensor({2, 37}, 1, dtype), w = random_tensor({37}, 2, dtype);
    const RmsNormOutput out = rms_norm(tape.input("x", x), tape.input("w", w), 0.1);
    for (std::int64_t r = 0; r < 2; ++r) {
      double square = 0;
      for (std::int64_t c = 0; c < 37; ++c) square += std::pow(x.at({r, c}), 2) / 37;
      const double scale = std::sqrt(square + 0.1);
      const double tolerance = dtype == DType::f64 ? 1e-14 : 2e-6;
      EXPECT_NEAR(out.scale.value().at({r, 0}), scale, tolerance);
      for (std::int64_t c = 0; c < 37; ++c) {
        EXPECT_NEAR(out.normalized.value().at({r, c}), x.at({r, c}) / scale, tolerance);
        EXPECT_NEAR(out.y.value().at({r, c}), x.at({r, c}) / scale * w.at({c}), tolerance);
      }
    }
  }
}

TEST(RmsNorm, ExplainsItsNumbers) {
  Tape tape;
  const Var x = tape.input("x", random_tensor({2, 9}, 1, DType::f32));
  const RmsNormOutput out = rms_norm(x, tape.input("w", random_tensor({9}, 2, DType::f32)));
  out.scale.shown_as("hook_scale");
  for (const Var& var : {out.y, out.scale, out.normalized}) expect_explained(var);
  EXPECT_EQ(out.y.formula(), "x / scale ⊙ w");
  EXPECT_EQ(out.normalized.formula(), "x / scale");
}

}  // namespace
}  // namespace clearhead
