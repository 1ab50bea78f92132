// OKLab, and the colour maps, which are curves through it.
#include "clearhead/plot/color.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

namespace clearhead::plot {
namespace {

// A control point in cylindrical OKLab: lightness, chroma, hue in degrees.
struct Lch {
  double l;
  double c;
  double h;
};

OkLab to_oklab(Lch p) {
  const double angle = p.h * std::numbers::pi / 180;
  return {p.l, p.c * std::cos(angle), p.c * std::sin(angle)};
}

double to_linear(std::uint8_t channel) {
  const double x = channel / 255.0;
  return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4);
}

std::uint8_t from_linear(double x) {
  x = std::clamp(x, 0.0, 1.0);
  const double y = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(255 * y));
}

OkLab mix(OkLab x, OkLab y, double t) {
  return {x.l + t * (y.l - x.l), x.a + t * (y.a - x.a), x.b + t * (y.b - x.b)};
}

// The uniform cubic B-spline of the control points, the ends tripled so that it starts and ends on
// them; t in 0 … 1.
OkLab spline(std::span<const OkLab> points, double t) {
  const int spans = static_cast<int>(points.size()) + 1;
  const double x = t * spans;
  const int span = std::min(static_cast<int>(x), spans - 1);
  const double u = x - span;
  const double weights[4] = {(1 - u) * (1 - u) * (1 - u) / 6, (3 * u * u * u - 6 * u * u + 4) / 6,
                             (-3 * u * u * u + 3 * u * u + 3 * u + 1) / 6, u * u * u / 6};
  OkLab sum;
  for (int k = 0; k < 4; ++k) {
    const int i = std::clamp(span + k - 2, 0, static_cast<int>(points.size()) - 1);
    sum.l += weights[k] * points[i].l;
    sum.a += weights[k] * points[i].a;
    sum.b += weights[k] * points[i].b;
  }
  return sum;
}

// `count` colours at equal distances along the curve, so that equal steps of the value look equal.
std::vector<OkLab> equal_steps(std::span<const OkLab> points, int count) {
  constexpr int kSamples = 4096;
  std::vector<OkLab> curve(kSamples + 1);
  std::vector<double> length(kSamples + 1, 0.0);
  for (int i = 0; i <= kSamples; ++i) {
    curve[i] = spline(points, static_cast<double>(i) / kSamples);
    if (i > 0) length[i] = length[i - 1] + distance(curve[i - 1], curve[i]);
  }
  std::vector<OkLab> colors(count);
  int i = 1;
  for (int k = 0; k < count; ++k) {
    const double wanted = length[kSamples] * k / (count - 1);
    while (i < kSamples && length[i] < wanted) ++i;
    colors[k] = mix(curve[i - 1], curve[i], (wanted - length[i - 1]) / (length[i] - length[i - 1]));
  }
  return colors;
}

std::vector<OkLab> curve_through(std::span<const Lch> points, int count) {
  std::vector<OkLab> lab;
  for (const Lch& point : points) lab.push_back(to_oklab(point));
  return equal_steps(lab, count);
}

ColorTable quantize(std::span<const OkLab> colors) {
  ColorTable table;
  for (int i = 0; i < kColorCount; ++i) table[i] = to_rgb(colors[i]);
  return table;
}

// Lightness climbs evenly while the hue turns from violet through blue and green to yellow.
ColorTable make_violet_to_yellow() {
  static constexpr Lch kPoints[] = {{0.24, 0.110, 305}, {0.34, 0.135, 290}, {0.46, 0.120, 262},
                                    {0.57, 0.100, 215}, {0.68, 0.130, 165}, {0.80, 0.180, 130},
                                    {0.90, 0.190, 112}, {0.95, 0.170, 106}};
  return quantize(curve_through(kPoints, kColorCount));
}

// Only along the axis from blue to yellow, which both kinds of red-green blindness leave intact.
ColorTable make_blue_to_yellow() {
  static constexpr Lch kPoints[] = {{0.22, 0.090, 262}, {0.35, 0.095, 260}, {0.50, 0.035, 265},
                                    {0.65, 0.035, 100}, {0.80, 0.115, 95},  {0.92, 0.165, 98}};
  return quantize(curve_through(kPoints, kColorCount));
}

// Two arms of equal length and equal lightness that meet in white: magnitude is lightness, sign is
// hue. Blue against orange-red stays apart for the colour-blind.
ColorTable make_blue_to_red() {
  static constexpr Lch kBlue[] = {{0.34, 0.130, 262},
                                  {0.50, 0.145, 255},
                                  {0.70, 0.100, 245},
                                  {0.87, 0.045, 240},
                                  {0.975, 0.000, 240}};
  static constexpr Lch kRed[] = {{0.975, 0.000, 50},
                                 {0.87, 0.060, 55},
                                 {0.70, 0.135, 45},
                                 {0.50, 0.165, 35},
                                 {0.34, 0.125, 28}};
  constexpr int kHalf = kColorCount / 2;
  // White is the border between the arms: each begins half a step from it.
  const std::vector<OkLab> blue = curve_through(kBlue, 2 * kHalf + 1);
  const std::vector<OkLab> red = curve_through(kRed, 2 * kHalf + 1);
  std::vector<OkLab> colors(kColorCount);
  for (int i = 0; i < kHalf; ++i) {
    colors[i] = blue[2 * i + 1];
    colors[kHalf + i] = red[2 * i + 1];
  }
  return quantize(colors);
}

}  // namespace

OkLab to_oklab(Rgb color) {
  const double r = to_linear(color.r), g = to_linear(color.g), b = to_linear(color.b);
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

Rgb to_rgb(OkLab color) {
  const auto cube = [](double x) { return x * x * x; };
  const double l = cube(color.l + 0.3963377774 * color.a + 0.2158037573 * color.b);
  const double m = cube(color.l - 0.1055613458 * color.a - 0.0638541728 * color.b);
  const double s = cube(color.l - 0.0894841775 * color.a - 1.2914855480 * color.b);
  return {from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

double distance(OkLab x, OkLab y) { return std::hypot(x.l - y.l, x.a - y.a, x.b - y.b); }

double luminance(Rgb color) {
  return 0.2126 * to_linear(color.r) + 0.7152 * to_linear(color.g) + 0.0722 * to_linear(color.b);
}

Rgb text_color_on(Rgb background) {
  constexpr Rgb kDark{0, 0, 0};
  constexpr Rgb kLight{0xff, 0xff, 0xff};
  const double y = luminance(background) + 0.05;
  return (luminance(kLight) + 0.05) / y > y / (luminance(kDark) + 0.05) ? kLight : kDark;
}

const ColorTable& color_table(ColorMap map) {
  static const ColorTable kVioletToYellow = make_violet_to_yellow();
  static const ColorTable kBlueToYellow = make_blue_to_yellow();
  static const ColorTable kBlueToRed = make_blue_to_red();
  switch (map) {
    case ColorMap::blue_to_yellow:
      return kBlueToYellow;
    case ColorMap::blue_to_red:
      return kBlueToRed;
    case ColorMap::automatic:
    case ColorMap::violet_to_yellow:
      break;
  }
  return kVioletToYellow;
}

}  // namespace clearhead::plot
