// Where two runs part: two prompts, two models, or a run and the activations of another that a file
// holds.
#ifndef CLEARHEAD_LENS_DIVERGENCE_H_
#define CLEARHEAD_LENS_DIVERGENCE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// One place of two arrays of one shape.
struct Difference {
  Index place;          ///< in both
  double a = 0, b = 0;  ///< the numbers there
  /// |a − b|; infinite if only one is NaN or infinite, or if they are different infinities.
  double by = 0;
};

/// Where they differ most; nothing if all numbers are equal, NaN to NaN. Throws Error if the shapes
/// differ.
std::optional<Difference> greatest_difference(const Tensor& a, const Tensor& b);

/// Values by name, each read when it is asked for, in the order of the calculation.
struct NamedValues {
  std::vector<std::string> names;                          ///< each once
  std::function<Tensor(const std::string& name)> value{};  ///< of one of the names
};

/// A value that two runs have, and how it differs.
struct ComparedValue {
  std::string name;        ///< in both
  Shape shape_a, shape_b;  ///< without axes of size 1 if only so they are equal
  /// Where |a − b| / max(1, |a|, |b|) is greatest; nothing if equal, or if shapes differ.
  std::optional<Difference> difference = {};
  double relative = 0;  ///< what it is there
  /// Whether they are not the same up to `tolerance`: another shape, or `relative` greater
  /// than it.
  bool differs = false;
};

/// All values that both have, in the order of `a`. With `common_part`, of axes that differ only the
/// first places that both have are compared, as of two texts of unequal length.
std::vector<ComparedValue> compare_values(const NamedValues& a, const NamedValues& b,
                                          double tolerance, bool common_part = false);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_DIVERGENCE_H_
