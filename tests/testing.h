// What tests share: numbers and their errors, expected messages, gradients, explanations, files.
// Whatever is not a line long stands in testing.cc, which is compiled once.
#ifndef CLEARHEAD_TESTS_TESTING_H_
#define CLEARHEAD_TESTS_TESTING_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/nn/parameters.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

// Numbers

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The numbers in row-major order.
std::vector<double> numbers_of(const Tensor& tensor);
inline std::vector<double> numbers_of(const Var& var) { return numbers_of(var.value()); }
/// The same of i64.
std::vector<std::int64_t> ids_of(const Tensor& tensor);

/// ‖x − expected‖ / ‖expected‖; 0 where both are 0.
double relative_error(const Tensor& x, const Tensor& expected);

/// The largest |x − expected| / max(1, |expected|); 0 where both are the same infinity or both NaN,
/// infinite where only one is, or where the shapes differ.
double largest_difference(const Tensor& x, const Tensor& expected);

/// Expects tensors of one shape whose numbers differ by no more than `tolerance`.
void expect_near(const Tensor& x, const Tensor& expected, double tolerance);

Tensor tensor_of(const Shape& shape, std::initializer_list<double> values,
                 DType dtype = DType::f64);

/// Standard normal numbers; another stream gives others.
Tensor random_tensor(const Shape& shape, std::uint64_t stream = 0, DType dtype = DType::f64);

// Errors

/// The message of the Error that f throws.
std::string error_of(const std::function<void()>& f);

/// Calls `f`, which must throw an Error whose message has `part` in it.
void expect_error(const std::function<void()>& f, const std::string& part);

// Gradients

using Function = std::function<Var(Tape& tape, const std::vector<Var>& inputs)>;

/// Σ weights·f(inputs) with fixed random weights, so that no two elements of the result can make up
/// for each other.
double weighted_result(const Function& f, const std::vector<Tensor>& inputs);

/// Expects that `gradient` agrees with the central differences of `result` as the numbers of `x`,
/// which it reads, are moved, to `tolerance` of the largest gradient (but at least of 1).
///
/// The difference quotient of fourth order with step h errs by h⁴·f⁽⁵⁾/30 and by rounding, about
/// 1e-16·|f|/h: at h = 1e-3 both are below 1e-11 of what is checked for the smooth functions here,
/// so that 1e-7 leaves room for sums of some hundred numbers and catches every wrong factor.
void expect_differences(const Tensor& gradient, Tensor x, const std::function<double()>& result,
                        double tolerance, const std::string& name);

/// The same for the gradients of f with respect to its inputs, f64, as `backward` calculates them.
void check_gradients(const Function& f, const std::vector<Tensor>& inputs, double tolerance = 1e-7);

/// Moves all weights away from where they begin, f64: with zeros for biases, ones for norms and
/// small matrices, a test would not see what is left out. Another seed moves them elsewhere.
void shake(Parameters& parameters, std::uint64_t seed = 1);

/// The same for the inputs of a layer and for its parameters, f64, each of which must take part.
void check_layer_gradients(Parameters& parameters, const Function& f,
                           const std::vector<Tensor>& inputs, double tolerance = 1e-7);

// Explanations

/// Expects that each number of `var`, calculated again from the operands that explain it, agrees.
/// f32 rounds by 6e-8 of each intermediate number; those here are near 1 and few.
void expect_explained(const Var& var);

/// The same for each number of the gradient of `var`.
void expect_gradient_explained(const Var& var);

// Files

/// Of a file that must be there.
std::string content(const std::filesystem::path& path);

/// Writes a file, and makes the folder that it lies in if there is none.
void set_content(const std::filesystem::path& path, const std::string& text);

/// A folder of its own for one test, which goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  std::string read(const std::string& name) const { return content(path_ / name); }
  /// Returns the path of the file.
  std::string write(const std::string& name, const std::string& text) const;
  /// The names of what lies in it, sorted.
  std::vector<std::string> names() const;

 private:
  std::filesystem::path path_;
};

/// Bytes of a file written by hand; the zero at the end of the literal is left out.
template <std::size_t N>
std::string bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// The file `name` of the shared data: in the folder that CLEARHEAD_SHARED names, or `shared`
/// beside the project. None if it is not there.
std::optional<std::filesystem::path> shared_path(const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_TESTING_H_
