// What the tests of the operations share.
#ifndef CLEARHEAD_TESTS_OPS_OP_TESTING_H_
#define CLEARHEAD_TESTS_OPS_OP_TESTING_H_

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
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

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_OPS_OP_TESTING_H_
