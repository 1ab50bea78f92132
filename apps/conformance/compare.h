// What a case expected against what an operator gave.
#ifndef CLEARHEAD_APPS_CONFORMANCE_COMPARE_H_
#define CLEARHEAD_APPS_CONFORMANCE_COMPARE_H_

#include <string>

#include "clearhead/tensor/tensor.h"

namespace clearhead::conformance {

struct Comparison {
  /// The greatest |got − expected| / max(1, |expected|).
  double worst = 0;
  /// What differs, to follow the name: " at [0, 2]: expected 0.5, got 0.7"; empty if the tensors
  /// agree.
  std::string difference;
};

/// The error that results of a type may have, absolute and relative to max(1, |expected|): about 80
/// units in the last place of an f32 near 1, and the few roundings of a step by step calculation in
/// the 16-bit types.
double tolerance(DType dtype);

/// Whether `got` has the type, the shape and, within `tolerance`, the numbers of `expected`. NaN
/// agrees with NaN, an infinity with itself.
Comparison compare(const Tensor& expected, const Tensor& got, double tolerance);

}  // namespace clearhead::conformance

#endif  // CLEARHEAD_APPS_CONFORMANCE_COMPARE_H_
