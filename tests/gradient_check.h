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
#include "clearhead/nn/parameters.h"
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

/// Expects that `gradient` agrees with the central differences of `result` as the numbers of `x`,
/// which it reads, are moved, to `tolerance` of the largest gradient (but at least of 1).
///
/// The difference quotient of fourth order with step h errs by h⁴·f⁽⁵⁾/30 and by rounding, about
/// 1e-16·|f|/h: at h = 1e-3 both are below 1e-11 of what is checked for the smooth functions here, so
/// that 1e-7 leaves room for sums of some hundred numbers and catches every wrong factor.
inline void expect_differences(const Tensor& gradient, Tensor x,
                               const std::function<double()>& result, double tolerance,
                               const std::string& name) {
  constexpr double kStep = 1e-3;
  ASSERT_EQ(gradient.shape(), x.shape()) << name;
  double largest = 1;
  for (std::int64_t j = 0; j < gradient.count(); ++j) {
    largest = std::max(largest, std::abs(gradient.data<double>()[j]));
  }
  for (std::int64_t j = 0; j < gradient.count(); ++j) {
    double& number = x.mutable_data<double>()[j];
    const double before = number;
    const auto at_offset = [&](double offset) {
      number = before + offset;
      return result();
    };
    const double difference = (8 * (at_offset(kStep) - at_offset(-kStep)) -
                               (at_offset(2 * kStep) - at_offset(-2 * kStep))) /
                              (12 * kStep);
    number = before;
    ASSERT_NEAR(gradient.data<double>()[j], difference, tolerance * largest)
        << name << " " << to_string(x.shape()) << " at " << to_string(unflatten(j, x.shape()));
  }
}

/// The same for the gradients of f with respect to its inputs, f64, as `backward` calculates them.
inline void check_gradients(const Function& f, const std::vector<Tensor>& inputs,
                            double tolerance = 1e-7) {
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input));
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::vector<Tensor> moved = inputs;
    moved[i] = inputs[i].clone();
    expect_differences(
        vars[i].grad(), moved[i], [&] { return weighted_result(f, moved); }, tolerance,
        "input " + std::to_string(i));
  }
}

/// The same for the inputs of a layer and for its parameters, f64, each of which must take part.
inline void check_layer_gradients(Parameters& parameters, const Function& f,
                                  const std::vector<Tensor>& inputs, double tolerance = 1e-7) {
  check_gradients(f, inputs, tolerance);
  Tape tape(Keep::for_backward);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.input("x", input, false));
  const Var y = f(tape, vars);
  tape.backward(y, random_tensor(y.shape(), 1'000'000));
  for (const Parameter& parameter : parameters) {
    ASSERT_TRUE(tape.contains(parameter.name)) << parameter.name << " takes no part";
    expect_differences(
        on(tape, &parameter).grad(), parameter.value, [&] { return weighted_result(f, inputs); },
        tolerance, parameter.name);
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_GRADIENT_CHECK_H_
