// Compares the gradients of a function of tensors with central differences.
#ifndef CLEARHEAD_TESTS_GRADIENT_CHECK_H_
#define CLEARHEAD_TESTS_GRADIENT_CHECK_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "clearhead/base/random.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// Standard normal numbers; another stream gives others.
inline Tensor random_tensor(const Shape& shape, std::uint64_t stream = 0,
                            DType dtype = DType::f64) {
  Tensor tensor(shape, DType::f64);
  Random random(2024, stream);
  double* numbers = tensor.mutable_data<double>();
  for (std::int64_t i = 0; i < tensor.count(); ++i) numbers[i] = random.normal();
  return tensor.to(dtype);
}

using Function = std::function<Var(Tape& tape, const std::vector<Var>& inputs)>;

/// Σ weights·f(inputs) with fixed random weights, so that no two elements of the result can make up
/// for each other.
inline double weighted_result(const Function& f, const std::vector<Tensor>& inputs) {
  Tape tape(Keep::nothing);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input));
  const Tensor y = f(tape, vars).value().contiguous();
  const Tensor weights = random_tensor(y.shape(), 1'000'000);
  double sum = 0;
  for (std::int64_t i = 0; i < y.count(); ++i) {
    sum += weights.data<double>()[i] * y.data<double>()[i];
  }
  return sum;
}

/// Expects that the gradients of f, as `backward` calculates them, agree with central differences to
/// `tolerance` of the largest gradient of that input (but at least of 1). Inputs are f64.
///
/// The difference quotient of fourth order with step h errs by h⁴·f⁽⁵⁾/30 and by rounding, about
/// 1e-16·|f|/h: at h = 1e-3 both are below 1e-11 of what is checked for the smooth functions here, so
/// that 1e-7 leaves room for sums of some hundred numbers and catches every wrong factor.
inline void check_gradients(const Function& f, const std::vector<Tensor>& inputs,
                            double tolerance = 1e-7) {
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input));
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  constexpr double kStep = 1e-3;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor gradient = vars[i].grad();
    ASSERT_EQ(gradient.shape(), inputs[i].shape());
    double largest = 1;
    for (std::int64_t j = 0; j < gradient.count(); ++j) {
      largest = std::max(largest, std::abs(gradient.data<double>()[j]));
    }
    for (std::int64_t j = 0; j < gradient.count(); ++j) {
      const auto at_offset = [&](double offset) {
        std::vector<Tensor> moved = inputs;
        moved[i] = inputs[i].clone();
        moved[i].mutable_data<double>()[j] += offset;
        return weighted_result(f, moved);
      };
      const double difference = (8 * (at_offset(kStep) - at_offset(-kStep)) -
                                 (at_offset(2 * kStep) - at_offset(-2 * kStep))) /
                                (12 * kStep);
      ASSERT_NEAR(gradient.data<double>()[j], difference, tolerance * largest)
          << "input " << i << " " << to_string(inputs[i].shape()) << " at "
          << to_string(unflatten(j, inputs[i].shape()));
    }
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_GRADIENT_CHECK_H_
