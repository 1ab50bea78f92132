// Values side by side, in the order of the calculation.
#include "clearhead/lens/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

// |a − b|, where NaN is NaN and an infinity is itself.
double distance(double a, double b) {
  if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
  const double by = std::abs(a - b);
  return std::isnan(by) ? std::numeric_limits<double>::infinity() : by;
}

// |a − b| / max(1, |a|, |b|).
double relative_distance(double a, double b) {
  const double size = std::max(std::abs(a), std::abs(b));
  return distance(a, b) / (std::isfinite(size) ? std::max(1.0, size) : 1);
}

// Where the distance of two arrays of one shape is greatest; nothing if it is 0 everywhere.
std::optional<Difference> greatest_by(const Tensor& a, const Tensor& b,
                                      double (*distance_of)(double, double)) {
  const Tensor a_values = a.to(DType::f64).contiguous(), b_values = b.to(DType::f64).contiguous();
  const double *const a_data = a_values.data<double>(), *const b_data = b_values.data<double>();
  std::int64_t at = -1;
  double most = 0;
  for (std::int64_t i = 0; i < a_values.count(); ++i) {
    const double by = distance_of(a_data[i], b_data[i]);
    if (!(by > most)) continue;
    most = by;
    at = i;
  }
  if (at < 0) return std::nullopt;
  return Difference{unflatten(at, a.shape()), a_data[at], b_data[at],
                    distance(a_data[at], b_data[at])};
}

Shape without_ones(const Shape& shape) {
  Shape kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept),
               [](std::int64_t n) { return n != 1; });
  return kept;
}

// The first `size` places along each axis.
Tensor beginning(Tensor x, const Shape& sizes) {
  for (std::size_t axis = 0; axis < sizes.size(); ++axis) {
    x = x.slice(static_cast<std::int64_t>(axis), 0, sizes[axis]);
  }
  return x;
}

ComparedValue compare(const std::string& name, Tensor a, Tensor b, double tolerance,
                      bool common_part) {
  // A file may have left out a batch of one.
  if (a.shape() != b.shape() && without_ones(a.shape()) == without_ones(b.shape())) {
    if (a.rank() > b.rank()) {
      b = b.reshape(a.shape());
    } else {
      a = a.reshape(b.shape());
    }
  }
  ComparedValue compared{name, a.shape(), b.shape()};
  if (a.shape() != b.shape() && (!common_part || a.rank() != b.rank())) {
    compared.differs = true;
    return compared;
  }
  if (a.shape() != b.shape()) {
    Shape common;
    for (std::size_t axis = 0; axis < a.shape().size(); ++axis) {
      common.push_back(std::min(a.shape()[axis], b.shape()[axis]));
    }
    a = beginning(a, common);
    b = beginning(b, common);
  }
  compared.difference = greatest_by(a, b, relative_distance);
  if (compared.difference) {
    compared.relative = relative_distance(compared.difference->a, compared.difference->b);
    compared.differs = compared.relative > tolerance;
  }
  return compared;
}

}  // namespace

std::optional<Difference> greatest_difference(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) {
    throw Error("difference: expected arrays of one shape, got " + to_string(a.shape()) + " and " +
                to_string(b.shape()));
  }
  return greatest_by(a, b, distance);
}

std::vector<ComparedValue> compare_values(const NamedValues& a, const NamedValues& b,
                                          double tolerance, bool common_part) {
  const std::set<std::string> known(b.names.begin(), b.names.end());
  std::vector<ComparedValue> all;
  for (const std::string& name : a.names) {
    if (known.count(name) == 0) continue;
    all.push_back(compare(name, a.value(name), b.value(name), tolerance, common_part));
  }
  return all;
}

}  // namespace clearhead
