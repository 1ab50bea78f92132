// The checks of a figure of curves.
#include "clearhead/plot/line_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "clearhead/base/error.h"

namespace clearhead::plot {
namespace {

void check_curve(const Curve& curve, const std::string& name) {
  if (curve.x.empty() || curve.x.size() != curve.y.size()) {
    throw Error(fmt::format("{}: expected as many y as x, at least one, got {} x and {} y", name,
                            curve.x.size(), curve.y.size()));
  }
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!std::isfinite(curve.x[i]) || (i > 0 && curve.x[i] < curve.x[i - 1])) {
      throw Error(fmt::format("{}: expected x that are finite and ascend, got {} at {}", name,
                              curve.x[i], i));
    }
  }
}

}  // namespace

void LinePlot::validate() const {
  if (curves.empty() || curves.size() > kMostCurves) {
    throw Error(fmt::format("line plot: expected 1 to {} curves, got {}; choose some of them",
                            kMostCurves, curves.size()));
  }
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::string number = fmt::format("line plot: curve {} of {}", i + 1, curves.size());
    const std::string& name = curves[i].name;
    check_curve(curves[i], name.empty() ? number : fmt::format("{} ({})", number, name));
  }
  if (!y_range) return;
  if (!std::isfinite(y_range->low) || !std::isfinite(y_range->high) ||
      y_range->low >= y_range->high || (y_scale == Scale::log && y_range->low <= 0)) {
    throw Error(fmt::format("line plot: expected a range low < high{}, got {} … {}",
                            y_scale == Scale::log ? ", above 0 on a log axis" : "", y_range->low,
                            y_range->high));
  }
}

}  // namespace clearhead::plot
