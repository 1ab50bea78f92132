// What the tests of the operations share.
#ifndef CLEARHEAD_TESTS_OPS_OP_TESTING_H_
#define CLEARHEAD_TESTS_OPS_OP_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The numbers in row-major order.
inline std::vector<double> numbers_of(const Tensor& tensor) {
  const Tensor dense = tensor.to(DType::f64).contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.count()};
}
inline std::vector<double> numbers_of(const Var& var) { return numbers_of(var.value()); }

/// ‖x − expected‖ / ‖expected‖; 0 where both are 0.
inline double relative_error(const Tensor& x, const Tensor& expected) {
  const std::vector<double> numbers = numbers_of(x), exact = numbers_of(expected);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    error += std::pow(numbers[i] - exact[i], 2);
    size += exact[i] * exact[i];
  }
  return size == 0 ? error : std::sqrt(error / size);
}

inline Tensor tensor_of(const Shape& shape, std::initializer_list<double> values,
                        DType dtype = DType::f64) {
  return Tensor::of<double>(shape, values).to(dtype);
}

/// The message of the Error that f throws.
template <typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// Expects that each number of `var`, calculated again from the operands that explain it, agrees. f32
/// rounds by 6e-8 of each intermediate number; those here are near 1 and few.
inline void expect_explained(const Var& var) {
  SCOPED_TRACE(var.formula());
  EXPECT_THAT(var.formula(), ::testing::Not(::testing::HasSubstr("{")));
  const Shape shape = var.shape();
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    const Explanation e = explain(var, unflatten(i, shape));
    SCOPED_TRACE(to_string(e));
    EXPECT_FALSE(e.calculation.empty());
    if (std::isfinite(e.value)) {
      EXPECT_NEAR(e.recalculated, e.value, 1e-6 * std::max(1.0, std::abs(e.value)));
    } else {
      EXPECT_THAT(e.recalculated, ::testing::NanSensitiveDoubleEq(e.value));
    }
    for (const auto& operand : e.operands) {
      const Var from = var.tape()[operand->name];
      EXPECT_THAT(operand->value, ::testing::NanSensitiveDoubleEq(from.value().at(operand->index)));
    }
  }
}

/// The same for each number of the gradient of `var`.
inline void expect_gradient_explained(const Var& var) {
  const Shape shape = var.shape();
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    const Explanation e = explain_gradient(var, unflatten(i, shape));
    SCOPED_TRACE(to_string(e));
    EXPECT_EQ(e.name, var.name() + "_grad");
    EXPECT_EQ(e.value, var.grad().at(unflatten(i, shape)));
    EXPECT_FALSE(e.calculation.empty());
    EXPECT_NEAR(e.recalculated, e.value, 1e-6 * std::max(1.0, std::abs(e.value)));
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_OPS_OP_TESTING_H_
