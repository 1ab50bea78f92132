// Distributions as a few of their points.
#include "clearhead/claims/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

// The tail probabilities whose values are kept, as far as at least kLeastAbove values lie above.
constexpr std::array kTails = {0.95, 0.9,  0.8,  0.7,  0.6,  0.5,  0.4,  0.3,  0.2,
                               0.15, 0.1,  0.07, 0.05, 0.03, 0.02, 0.01, 5e-3, 2e-3,
                               1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5};
constexpr double kLeastAbove = 5;
constexpr std::size_t kLeastValues = 100;  // of a group that is compared with
// How fast the log of a tail falls beyond all points. Of what has probability p, −log p, the tail
// of a calibrated network falls by one for each nat; a few points may say more by chance.
constexpr double kLeastSlope = 0.2, kMostSlope = 1;

// Paths of 1, 2, … parts of a group.
std::vector<std::string> paths_of(const Calibration::Group& group) {
  std::vector<std::string> paths;
  std::string path;
  for (const std::string& part : group) {
    path += (path.empty() ? "" : "|") + part;
    paths.push_back(path);
  }
  return paths;
}

}  // namespace

void Calibration::add(const Group& group, double value) {
  for (const std::string& path : paths_of(group)) values_[path].push_back(value);
}

void Calibration::finish() {
  for (auto& [path, values] : std::exchange(values_, {})) {
    if (values.size() < kLeastValues) continue;
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    std::vector<Point>& points = groups_[path];
    for (const double tail : kTails) {
      if (tail * n < kLeastAbove) break;
      const double value = values[static_cast<std::size_t>((1 - tail) * n)];
      if (!points.empty() && value <= points.back().value) continue;
      const auto [first, last] = std::equal_range(values.begin(), values.end(), value);
      // If nothing was higher, the next value that comes may be: one in n + 1.
      points.push_back({value, static_cast<double>(values.end() - first) / n,
                        std::max(static_cast<double>(values.end() - last) / n, 1 / (n + 1))});
    }
  }
}

const std::vector<Calibration::Point>& Calibration::points(const Group& group) const {
  static const std::vector<Point> none;
  const std::vector<std::string> paths = paths_of(group);
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    const auto found = groups_.find(*path);
    if (found != groups_.end()) return found->second;
  }
  return none;
}

double Calibration::tail(const Group& group, double value) const {
  const std::vector<Point>& points = this->points(group);
  if (points.empty() || value < points.front().value) return 1;
  const auto above = std::upper_bound(points.begin(), points.end(), value,
                                      [](double v, const Point& point) { return v < point.value; });
  const Point& below = above[-1];
  if (value == below.value) return below.tail;
  if (above != points.end()) {
    const double slope =
        (std::log(above->tail) - std::log(below.above)) / (above->value - below.value);
    return below.above * std::exp(slope * (value - below.value));
  }
  double slope = -kMostSlope;
  if (points.size() > 1) {
    const Point& before = points[points.size() - 2];
    slope = (std::log(below.tail) - std::log(before.above)) / (below.value - before.value);
  }
  slope = std::clamp(slope, -kMostSlope, -kLeastSlope);
  return std::max(below.above * std::exp(slope * (value - below.value)), 1e-300);
}

std::string Calibration::json() const {
  nlohmann::ordered_json json;
  for (const auto& [path, points] : groups_) {
    auto& list = json[path] = nlohmann::ordered_json::array();
    for (const Point& point : points) list.push_back({point.value, point.tail, point.above});
  }
  return json.dump();
}

Calibration Calibration::parse(const std::string& text, const std::string& where) {
  Calibration calibration;
  try {
    const auto json = nlohmann::json::parse(text);
    for (const auto& [path, list] : json.items()) {
      std::vector<Point>& points = calibration.groups_[path];
      for (const auto& entry : list) {
        const Point point{entry.at(0).get<double>(), entry.at(1).get<double>(),
                          entry.at(2).get<double>()};
        const bool falls = points.empty() ||
                           (point.value > points.back().value && point.tail <= points.back().above);
        if (!std::isfinite(point.value) || point.tail > 1 || point.above > point.tail ||
            point.above <= 0 || !falls) {
          throw Error(where + ": " + path +
                      ": expected ascending values with falling tail probabilities");
        }
        points.push_back(point);
      }
    }
  } catch (const nlohmann::json::exception& failure) {
    throw Error(where + ": expected the calibration of a claims model: " + failure.what());
  }
  return calibration;
}

}  // namespace clearhead::claims
