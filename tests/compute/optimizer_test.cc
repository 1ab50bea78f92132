// A step over all parameters, in pieces on all threads, is the rule for each number.
#include "clearhead/compute/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/compute/matrices.h"

namespace clearhead::compute {
namespace {

// More numbers than a piece has, few, and doubles.
std::vector<Tensor> tensors(std::uint64_t stream) {
  const auto of = [&](std::int64_t n, std::uint64_t i, auto zero) {
    using T = decltype(zero);
    const testing::Matrix<T> numbers(1, n, stream + i);
    return Tensor::of<T>({n}, std::span<const T>(numbers.numbers));
  };
  return {of(70001, 0, 0.0F), of(3, 1, 0.0F), of(50, 2, 0.0)};
}

std::vector<ParameterStep> parameters() {
  const std::vector<Tensor> x = tensors(1), d_x = tensors(10), m = tensors(20), v = tensors(30);
  std::vector<ParameterStep> all;
  for (std::size_t i = 0; i < x.size(); ++i) {
    all.push_back({x[i], d_x[i], m[i], Tensor(v[i].shape(), v[i].dtype()), i == 1 ? 0.0 : 0.25});
  }
  return all;
}

TEST(Optimizer, SumsSquaresAlikeOnAllThreads) {
  const std::vector<Tensor> all = tensors(1);
  double expected = 0;
  for (const Tensor& tensor : all) {
    for (std::int64_t i = 0; i < tensor.count(); ++i) expected += std::pow(tensor.at({i}), 2);
  }
  const double sum = sum_of_squares(all);
  EXPECT_NEAR(sum, expected, 1e-9 * expected);
  const testing::Threads one(1);
  EXPECT_EQ(sum_of_squares(all), sum);
}

TEST(Optimizer, SgdFollowsItsRule) {
  const std::vector<ParameterStep> before = parameters();
  std::vector<ParameterStep> after = parameters();
  sgd(after, {.learning_rate = 0.125, .momentum = 0.5, .scale = 0.75});
  for (std::size_t p = 0; p < before.size(); ++p) {
    for (std::int64_t i = 0; i < before[p].x.count(); i += 41) {
      const double d = 0.75 * before[p].d_x.at({i}), m = 0.5 * before[p].m.at({i}) + d;
      const double x = before[p].x.at({i});
      ASSERT_NEAR(after[p].d_x.at({i}), d, 1e-6);
      ASSERT_NEAR(after[p].m.at({i}), m, 1e-6);
      ASSERT_NEAR(after[p].x.at({i}), x - 0.125 * (m + before[p].weight_decay * x), 1e-6);
    }
  }
}

TEST(Optimizer, AdamwFollowsItsRule) {
  const std::vector<ParameterStep> before = parameters();
  std::vector<ParameterStep> after = parameters();
  adamw(after, {.learning_rate = 0.125,
                .beta1 = 0.5,
                .beta2 = 0.75,
                .epsilon = 0.01,
                .step = 2,
                .scale = 0.75});
  for (std::size_t p = 0; p < before.size(); ++p) {
    for (std::int64_t i = 0; i < before[p].x.count(); i += 41) {
      const double d = 0.75 * before[p].d_x.at({i}), x = before[p].x.at({i});
      const double m = 0.5 * before[p].m.at({i}) + 0.5 * d, v = 0.25 * d * d;
      const double step = m / 0.75 / (std::sqrt(v / 0.4375) + 0.01);
      ASSERT_NEAR(after[p].m.at({i}), m, 1e-6);
      ASSERT_NEAR(after[p].v.at({i}), v, 1e-6);
      ASSERT_NEAR(after[p].x.at({i}), x - 0.125 * (step + before[p].weight_decay * x), 2e-6);
    }
  }
}

}  // namespace
}  // namespace clearhead::compute
