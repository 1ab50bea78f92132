// Llama 3's way, read backwards. With x_i the turns that frequency i makes a token, L the original
// length, and low, high and F the choices:
//
//     1/factors_i = s_i + (1 − s_i)/F,   s_i = (L·x_i − low)/(high − low), at least 0, at most 1
//
// So F is the largest factor, and s a line in x: through two of its points that are neither 0 nor 1
// if there are two. One alone, or none, leaves a choice among steep lines that all give the same
// factors. Where all factors are alike, that is linear stretching, or none.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "clearhead/models/gguf_rotary_internal.h"
#include "clearhead/ops/rotary.h"

namespace clearhead {
namespace {

constexpr double kNear = 1e-5;  // factors are f32

struct Point {
  double x, s;
};

struct Line {
  double slope = 0, offset = 0;  // s = slope·x − offset
};

// Through points in the order of falling x, whose s falls from 1 to 0.
std::optional<Line> line_through(const std::vector<Point>& points) {
  std::vector<Point> slanted;
  std::optional<Point> fast, slow;  // the nearest that are kept, and that are wholly divided
  for (const Point& point : points) {
    if (point.s >= 1 - kNear) {
      fast = point;
    } else if (point.s > kNear) {
      slanted.push_back(point);
    } else if (!slow) {
      slow = point;
    }
  }
  if (!slow) return std::nullopt;
  Point first = slanted.empty() ? Point{slow->x, 0} : slanted.front();
  double slope = 0;
  if (slanted.size() > 1) {
    slope = (first.s - slanted.back().s) / (first.x - slanted.back().x);
  } else {
    if (!slanted.empty()) slope = first.s / (first.x - slow->x);
    if (fast) slope = std::max(slope, (1 - first.s) / (fast->x - first.x));
  }
  if (!(slope > 0) || !std::isfinite(slope)) return std::nullopt;
  return Line{slope, slope * first.x - first.s};
}

}  // namespace

std::optional<RotaryScaling> scaling_of_factors(std::span<const double> factors, double theta) {
  if (factors.empty()) return std::nullopt;
  const double turn = 2 * std::numbers::pi;
  const double most = *std::max_element(factors.begin(), factors.end());
  const std::vector<double> frequencies =
      rotary_frequencies(2 * static_cast<std::int64_t>(factors.size()), theta);
  const double least = *std::min_element(factors.begin(), factors.end());
  if (!(least > 0) || !std::isfinite(most)) return std::nullopt;
  if (most - least < kNear * most) {
    if (std::abs(most - 1) < kNear) return RotaryScaling{};
    return RotaryScaling{.kind = RotaryScalingKind::linear, .factor = most};
  }
  RotaryScaling scaling{.kind = RotaryScalingKind::llama3, .factor = most};
  std::vector<Point> points;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    points.push_back({frequencies[i] / turn, (1 / factors[i] - 1 / most) / (1 - 1 / most)});
  }
  const std::optional<Line> line = line_through(points);
  if (!line || !(line->offset > 0)) return std::nullopt;
  // Only low/L and high/L matter. Llama's low is 1; L is a whole number.
  const double length = std::round(line->slope / line->offset);
  if (!(length >= 1) || !(length < 1e9)) return std::nullopt;
  scaling.original_length = static_cast<std::int64_t>(length);
  scaling.low_frequency = length * line->offset / line->slope;
  scaling.high_frequency = length * (1 + line->offset) / line->slope;
  for (const Point& point : points) {
    const double s = std::clamp(line->slope * point.x - line->offset, 0.0, 1.0);
    if (!(std::abs(s - point.s) < kNear)) return std::nullopt;
  }
  return scaling;
}

}  // namespace clearhead
