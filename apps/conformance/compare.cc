// Compares what an operator gave with what a case expects.
#include "apps/conformance/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clearhead::conformance {
namespace {

// Error relative to max(1, |expected|); infinite where one is a number and the other is not.
double error_of(double expected, double got) {
  if (expected == got || (std::isnan(expected) && std::isnan(got))) return 0;
  const double error = std::abs(got - expected) / std::max(1.0, std::abs(expected));
  return std::isfinite(error) ? error : HUGE_VAL;
}

}  // namespace

double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 1e-5;
    case DType::f64:
      return 1e-9;
    case DType::f16:
      return 2e-3;
    case DType::bf16:
      return 2e-2;
    case DType::i64:
    case DType::boolean:
      break;
  }
  return 0;
}

Comparison compare(const Tensor& expected, const Tensor& got, double tolerance) {
  if (!got.defined()) return {HUGE_VAL, " is not given"};
  if (got.dtype() != expected.dtype() || got.shape() != expected.shape()) {
    return {HUGE_VAL, fmt::format(": expected {} {}, got {} {}", dtype_name(expected.dtype()),
                                  to_string(expected.shape()), dtype_name(got.dtype()),
                                  to_string(got.shape()))};
  }
  const Tensor expected_f64 = expected.to(DType::f64).contiguous();
  const Tensor got_f64 = got.to(DType::f64).contiguous();
  const double* e = expected_f64.data<double>();
  const double* g = got_f64.data<double>();
  Comparison comparison;
  std::int64_t worst_at = 0;
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < expected.count(); ++i) {
    const double error = error_of(e[i], g[i]);
    if (error > tolerance) ++wrong;
    if (error > comparison.worst) {
      comparison.worst = error;
      worst_at = i;
    }
  }
  if (wrong > 0) {
    comparison.difference = fmt::format(
        " at {}: expected {:.9g}, got {:.9g} (error {:.0e}, allowed {:.0e}; {} of {} numbers "
        "differ)",
        to_string(unflatten(worst_at, expected.shape())), e[worst_at], g[worst_at],
        comparison.worst, tolerance, wrong, expected.count());
  }
  return comparison;
}

}  // namespace clearhead::conformance
