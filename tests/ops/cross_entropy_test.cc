// Cross-entropy: the definition with all its options, gradients, what is left out, errors.
#include "clearhead/ops/cross_entropy.h"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor targets_of(const Shape& shape, std::initializer_list<std::int64_t> numbers) {
  return Tensor::of<std::int64_t>(shape, numbers);
}

TEST(CrossEntropy, IsMinusTheLogOfTheTargetsProbability) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    Tape tape;
    const double ln3 = std::log(3.0);
    const Var logits =
        tape.input("logits", tensor_of({2, 2}, {0, ln3, 1000, 1000 - ln3}, dtype));  // ¼ ¾, ¾ ¼
    const Var targets = tape.input("targets", targets_of({2}, {1, 1}));
    const auto near = [&](double x) { return DoubleNear(x, dtype == DType::f64 ? 1e-12 : 1e-4); };
    const double first = -std::log(0.75), second = -std::log(0.25);
    const auto losses = [&](const CrossEntropyOptions& options) {
      return numbers_of(cross_entropy(logits, targets, options).loss);
    };
    EXPECT_THAT(losses({.reduction = Reduction::none}), ElementsAre(near(first), near(second)));
    EXPECT_THAT(losses({.reduction = Reduction::sum}), ElementsAre(near(first + second)));
    EXPECT_THAT(losses({}), ElementsAre(near((first + second) / 2)));
    EXPECT_THAT(
        losses({.label_smoothing = 0.5, .reduction = Reduction::none}),
        ElementsAre(near(0.75 * first + 0.25 * second), near(0.75 * second + 0.25 * first)));
    const CrossEntropyOutput out = cross_entropy(logits, targets);
    EXPECT_THAT(numbers_of(out.log_prob),
                ElementsAre(near(-second), near(-first), near(-first), near(-second)));
  }
}

TEST(CrossEntropy, IgnoredPlacesCountNothing) {
  Tape tape;
  const Tensor z = random_tensor({2, 5}, 1);
  const auto loss = [&](const Tensor& logits, const Tensor& targets) {
    return numbers_of(
        cross_entropy(tape.input("z", logits), tape.input("t", targets), {.ignore_index = -100})
            .loss)[0];
  };
  const Tensor three = random_tensor({3, 5}, 1);  // begins with z
  EXPECT_EQ(loss(three, targets_of({3}, {4, 0, -100})), loss(z, targets_of({2}, {4, 0})));
  EXPECT_TRUE(std::isnan(loss(z, targets_of({2}, {-100, -100}))));
  const Var x = tape.input("x", three);
  tape.backward(
      cross_entropy(x, tape.input("t", targets_of({3}, {-100, -100, -100})), {.ignore_index = -100})
          .loss);
  for (const double d : numbers_of(x.grad())) EXPECT_EQ(d, 0);
}

TEST(CrossEntropy, Gradients) {
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    for (const double smoothing : {0.0, 0.2}) {
      for (const bool weighted : {false, true}) {
        CrossEntropyOptions options{
            .ignore_index = 1, .label_smoothing = smoothing, .reduction = reduction};
        if (weighted) options.class_weight = tensor_of({4}, {0.5, 1, 2, 0.3});
        check_gradients(
            [&](Tape& tape, const std::vector<Var>& x) {
              const Var targets = tape.input("t", targets_of({2, 3}, {0, 1, 2, 3, 3, 2}));
              return cross_entropy(x[0], targets, options).loss;
            },
            {random_tensor({2, 3, 4}, 1)});
      }
    }
  }
}

TEST(CrossEntropy, ExplainsItsNumbers) {
  Tape tape;
  const Var z = tape.input("z", random_tensor({3, 4}, 1, DType::f32));
  const Var t = tape.input("t", targets_of({3}, {0, 1, 2}));
  CrossEntropyOptions options{.ignore_index = 1, .label_smoothing = 0.1};
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    options.reduction = reduction;
    const CrossEntropyOutput out = cross_entropy(z, t, options);
    if (reduction != Reduction::none) expect_explained(out.loss);
    expect_explained(out.log_prob);
  }
  EXPECT_EQ(cross_entropy(z, t).loss.formula(), "cross_entropy(z, t)");
}

TEST(CrossEntropy, RefusesWhatDoesNotFit) {
  Tape tape;
  const Var z = tape.input("z", Tensor({2, 3}));
  const auto refused = [&](const Tensor& targets, const CrossEntropyOptions& options = {}) {
    return error_of([&] { cross_entropy(z, tape.input("t", targets), options); });
  };
  EXPECT_THAT(refused(targets_of({2}, {0, 3})),
              AllOf(HasSubstr("target 3 at [1]"), HasSubstr("ignore_index")));
  EXPECT_THAT(refused(targets_of({2}, {-1, 0})), HasSubstr("target -1 at [0]"));
  EXPECT_THAT(refused(targets_of({3}, {0, 0, 0})), AllOf(HasSubstr("[2, 3]"), HasSubstr("[3]")));
  EXPECT_THAT(refused(Tensor({2})), HasSubstr("i64"));
  const Tensor fine = targets_of({2}, {0, 0});
  EXPECT_THAT(refused(fine, {.label_smoothing = 1}), HasSubstr("label_smoothing"));
  EXPECT_THAT(refused(fine, {.class_weight = Tensor({2})}), HasSubstr("class_weight [3]"));
}

}  // namespace
}  // namespace clearhead
