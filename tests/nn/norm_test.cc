// The norm layers: which operation they are, their names, and what batch norm gathers.
#include "clearhead/nn/norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clearhead/ops/batch_norm.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

TEST(Norm, HasTheParametersOfItsKind) {
  const auto names = [](const NormConfig& config) {
    Parameters parameters;
    const Norm norm(parameters, "ln", 3, config);
    std::string all;
    for (const Parameter& parameter : parameters) all += parameter.name + " ";
    return all;
  };
  EXPECT_EQ(names({}), "ln.w ln.b ");
  EXPECT_EQ(names({.bias = false}), "ln.w ");
  EXPECT_EQ(names({.kind = NormKind::rms}), "ln.w ");
  EXPECT_EQ(names({.kind = NormKind::batch}), "ln.w ln.b ln.running_mean ln.running_variance ");
}

TEST(Norm, Gradients) {
  for (const NormKind kind : {NormKind::layer, NormKind::rms}) {
    Parameters parameters({}, DType::f64);
    const Norm norm(parameters, "ln", 4, {.kind = kind});
    check_layer_gradients(parameters,
                          [&](Tape&, const std::vector<Var>& x) { return norm.forward(x[0], {}); },
                          {random_tensor({2, 3, 4}, 1)});
  }
}

TEST(Norm, OfTheBatchGathersWhatItEvaluatesWith) {
  Parameters parameters({}, DType::f64);
  const Norm norm(parameters, "bn", 2, {.kind = NormKind::batch, .momentum = 0.25});
  EXPECT_EQ(parameters.count(), 4);  // statistics are not learned
  const Tensor x = random_tensor({5, 2}, 1);
  Tape tape;
  const Var in = tape.input("x", x);
  const Var trained = norm.forward(in, {.training = true});
  const BatchNormOutput expected =
      batch_norm(in, on(tape, &parameters.at("bn.w")), on(tape, &parameters.at("bn.b")));
  const Tensor mean = parameters.at("bn.running_mean").value();
  const Tensor variance = parameters.at("bn.running_variance").value();
  for (std::int64_t c = 0; c < 2; ++c) {
    EXPECT_EQ(trained.value().at({3, c}), expected.y.value().at({3, c}));
    EXPECT_NEAR(mean.at({c}), 0.25 * expected.mean.value().at({c}), 1e-15);
    EXPECT_NEAR(variance.at({c}), 0.75 + 0.25 * expected.variance.value().at({c}) * 5 / 4, 1e-15);
  }
  const Var evaluated = norm.forward(in, {});
  EXPECT_NEAR(evaluated.value().at({3, 1}),
              (x.at({3, 1}) - mean.at({1})) / std::sqrt(variance.at({1}) + 1e-5), 1e-14);
  EXPECT_EQ(parameters.at("bn.running_mean").value().at({0}),
            mean.at({0}));  // evaluating moves nothing
}

}  // namespace
}  // namespace clearhead
