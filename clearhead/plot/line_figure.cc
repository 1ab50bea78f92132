// Ranges, ticks, and which points are kept if there are more than a page has dots.
#include "clearhead/plot/line_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

constexpr double kSlack = 1e-9;
constexpr int kBuckets = 1600;           // of x: the pixels of a PNG
constexpr std::size_t kMostMarked = 32;  // points of a curve; more markers would touch

constexpr std::size_t kDense = 800;  // from here on points lie less than a line apart

constexpr std::array<Rgb, kMostCurves> kColors{{{0x00, 0x72, 0xB2},
                                                {0xD5, 0x5E, 0x00},
                                                {0x00, 0x9E, 0x73},
                                                {0xCC, 0x79, 0xA7},
                                                {0x1a, 0x1a, 0x1a},
                                                {0xE6, 0x9F, 0x00},
                                                {0x56, 0xB4, 0xE9}}};

bool drawable(double value, Scale scale) {
  return std::isfinite(value) && (scale == Scale::linear || value > 0);
}

bool is_power_of_two(double value) {
  int exponent = 0;
  return std::frexp(value, &exponent) == 0.5;
}

struct Bounds {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  bool powers_of_two = true;

  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
    powers_of_two = powers_of_two && is_power_of_two(value);
  }
};

// An axis that holds `bounds`: x to its ends, y with air, or to round values.
LineAxis make_axis(const std::string& title, Scale scale, Bounds bounds, bool is_y) {
  LineAxis axis{shorten(visible_text(title), 200), scale, 0, 1, false};
  if (bounds.low > bounds.high) {  // nothing to draw
    axis.low = scale == Scale::log ? 0.1 : 0;
    return axis;
  }
  if (scale == Scale::log) {
    axis.powers_of_two = !is_y && bounds.powers_of_two && bounds.low < bounds.high;
    const double air = bounds.low == bounds.high ? 2
                       : is_y                    ? std::pow(bounds.high / bounds.low, 0.04)
                                                 : 1;
    axis.low = std::max(bounds.low / air, std::numeric_limits<double>::min());
    axis.high = std::min(bounds.high * air, std::numeric_limits<double>::max());
    return axis;
  }
  // Ends that are the same, or so near that the numbers between them are not even normal.
  if (bounds.high - bounds.low < 16 * std::numeric_limits<double>::min()) {
    const double air = bounds.low == 0 ? 1 : std::abs(bounds.low) / 2;
    bounds.low -= air;
    bounds.high += air;
  } else if (is_y && bounds.low >= 0 && bounds.low <= 0.25 * bounds.high) {
    bounds.low = 0;
  }
  axis.low = bounds.low;
  axis.high = bounds.high;
  const double width = bounds.high - bounds.low;
  if (is_y && std::isfinite(width)) {
    const double step = round_step(width, 5);
    const double low = std::floor(bounds.low / step + kSlack) * step;
    const double high = std::ceil(bounds.high / step - kSlack) * step;
    if (std::isfinite(low) && std::isfinite(high) && low < high) {
      axis.low = low;
      axis.high = high;
    }
  }
  return axis;
}

Tick tick_at(const LineAxis& axis, double value, std::string text) {
  return {axis.position(value), std::move(text)};
}

// At multiples of the smallest 1, 2 or 5 times a power of ten of which at most `count` are on the
// axis. All is calculated relative to the greatest end, so that nothing overflows.
std::vector<Tick> linear_ticks(const LineAxis& axis, int count) {
  const double most = std::max(std::abs(axis.low), std::abs(axis.high));
  const double low = axis.low / most, high = axis.high / most;
  double step = 0, first = 0, last = 0;
  for (int steps = count; steps >= 1; --steps) {
    step = round_step(axis.high / steps - axis.low / steps, 1) / most;
    first = std::ceil(low / step - kSlack);
    last = std::floor(high / step + kSlack);
    if (last - first + 1 <= count) break;
  }
  const double size = step * most;
  const int decimals = decimals_of(size);
  const bool plain = most < 1e6 && decimals <= 5;
  std::vector<Tick> ticks;
  for (double i = first; i <= last && static_cast<int>(ticks.size()) < count; ++i) {
    const double value = i * size;
    ticks.push_back(
        tick_at(axis, value, plain ? decimal_text(value, decimals) : number_text(value, 3)));
  }
  return ticks;
}

// Powers of `base`, those of every k-th exponent so that there are at most `count`.
std::vector<Tick> power_ticks(const LineAxis& axis, double base, int count) {
  const double unit = std::log(base);
  const int first = static_cast<int>(std::ceil(std::log(axis.low) / unit - kSlack));
  const int last = static_cast<int>(std::floor(std::log(axis.high) / unit + kSlack));
  const int least = std::max(1, (last - first + count) / count);
  int step = 1;
  for (const int lead : {1, 2, 3, 5, 10, 20, 50, 100, 200}) {
    if (step < least) step = lead;
  }
  const bool plain = base == 2 ? last <= 20 && first >= -4 : last <= 4 && first >= -3;
  std::vector<Tick> ticks;
  // From a multiple of the step: 10⁰ is one of the ticks if it is on the axis.
  const int from = first + ((-first) % step + step) % step;
  for (int e = from; e <= last; e += step) {
    const double value = std::pow(base, e);
    std::string text = plain       ? number_text(value, 7)
                       : base == 2 ? number_text(value, 3)
                                   : power_of_ten_text(e);
    ticks.push_back(tick_at(axis, value, std::move(text)));
  }
  return ticks;
}

// 1, 2 and 5 times powers of ten, for an axis of less than two of them.
std::vector<Tick> few_decades_ticks(const LineAxis& axis, int count) {
  std::vector<Tick> ticks;
  for (int e = static_cast<int>(std::floor(std::log10(axis.low))); e <= std::log10(axis.high);
       ++e) {
    for (const double lead : {1.0, 2.0, 5.0}) {
      const double value = lead * std::pow(10.0, e);
      if (value < axis.low * (1 - kSlack) || value > axis.high * (1 + kSlack)) continue;
      ticks.push_back(tick_at(axis, value, number_text(value, 3)));
    }
  }
  if (ticks.size() < 2 || static_cast<int>(ticks.size()) > count) return linear_ticks(axis, count);
  return ticks;
}

// Of the points of each bucket of x the first, the least, the greatest and the last.
std::vector<LinePoint> thinned(const std::vector<LinePoint>& points) {
  if (points.size() <= 4 * kBuckets) return points;
  std::vector<LinePoint> kept;
  for (std::size_t begin = 0; begin < points.size();) {
    const auto bucket = [](const LinePoint& p) { return std::floor(p.x * kBuckets); };
    std::size_t end = begin;
    while (end < points.size() && bucket(points[end]) == bucket(points[begin])) ++end;
    const auto by_y = [](const LinePoint& a, const LinePoint& b) { return a.y < b.y; };
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(end);
    const auto [least, greatest] = std::minmax_element(first, last, by_y);
    kept.push_back(*first);
    kept.push_back(*std::min(least, greatest));
    kept.push_back(*std::max(least, greatest));
    kept.push_back(*(last - 1));
    begin = end;
  }
  return kept;
}

LineCurve place_curve(const Curve& curve, std::size_t number, const LineFigure& figure,
                      std::size_t& left_out) {
  LineCurve placed{shorten(visible_text(curve.name), 60), curve_color(number), {}, false, false};
  std::vector<LinePoint> piece;
  std::size_t count = 0;
  const auto end_piece = [&] {
    if (!piece.empty()) placed.pieces.push_back(thinned(piece));
    piece.clear();
  };
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    if (!drawable(curve.x[i], figure.x.scale) || !drawable(curve.y[i], figure.y.scale)) {
      ++left_out;
      end_piece();
      continue;
    }
    ++count;
    piece.push_back({figure.x.position(curve.x[i]), figure.y.position(curve.y[i])});
  }
  end_piece();
  placed.has_markers = count <= kMostMarked;
  placed.is_dense = count > kDense;
  return placed;
}

}  // namespace

Rgb curve_color(std::size_t i) { return kColors[i % kColors.size()]; }

double LineAxis::position(double value) const {
  const auto along = [&](double v) { return scale == Scale::log ? std::log(v) : v; };
  const double from = along(low), to = along(high), at = along(value);
  if (std::isfinite(to - from)) return (at - from) / (to - from);
  return (at / 2 - from / 2) / (to / 2 - from / 2);  // what would overflow is halved
}

std::vector<Tick> LineAxis::ticks(int count) const {
  if (scale == Scale::linear) return linear_ticks(*this, count);
  if (powers_of_two) return power_ticks(*this, 2, count);
  if (high / low >= 100) return power_ticks(*this, 10, count);
  return few_decades_ticks(*this, count);
}

LineFigure prepare_line_figure(const LinePlot& plot) {
  plot.validate();
  Bounds x, y;
  for (const Curve& curve : plot.curves) {
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      if (!drawable(curve.x[i], plot.x_scale) || !drawable(curve.y[i], plot.y_scale)) continue;
      x.add(curve.x[i]);
      y.add(curve.y[i]);
    }
  }
  LineFigure figure{shorten(visible_text(plot.title), 500),
                    make_axis(plot.x_title, plot.x_scale, x, false),
                    make_axis(plot.y_title, plot.y_scale, y, true),
                    {},
                    {}};
  if (plot.y_range) {
    figure.y.low = plot.y_range->low;
    figure.y.high = plot.y_range->high;
  }
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < plot.curves.size(); ++i) {
    figure.curves.push_back(place_curve(plot.curves[i], i, figure, left_out));
  }
  if (left_out > 0) {
    const bool log = plot.x_scale == Scale::log || plot.y_scale == Scale::log;
    figure.notes.push_back(fmt::format("{} {} not drawn: {}no {}number.", left_out,
                                       left_out == 1 ? "point is" : "points are",
                                       log ? "not above 0, or " : "", log ? "" : "finite "));
  }
  return figure;
}

}  // namespace clearhead::plot
