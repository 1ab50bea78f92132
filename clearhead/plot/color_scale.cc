// Ranges, ticks at round numbers, numbers as text.
#include "clearhead/plot/color_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace clearhead::plot {
namespace {

constexpr double kMostDecimals = 400;  // of a double
constexpr double kSlack = 1e-9;        // an end that rounding moved is still an end
constexpr double kMostDecades = 6;     // of an automatic log range; more would leave no contrast

Range linear_range(const Statistics& drawn, bool diverging) {
  if (!drawn.any_finite()) return {0, 1};
  double low = drawn.low, high = drawn.high;
  if (diverging) {
    const double most = std::max(std::abs(low), std::abs(high));
    return most > 0 ? Range{-most, most} : Range{-1, 1};
  }
  // Zero is where a bar is expected to begin, unless the values would then all look the same.
  if (low >= 0 && (low <= 0.25 * high || low == high)) low = 0;
  if (high <= 0 && (high >= 0.25 * low || low == high)) high = 0;
  return low < high ? Range{low, high} : Range{0, 1};
}

Range log_range(const Statistics& drawn) {
  if (!drawn.any_finite() || drawn.high <= 0) return {0.1, 1};
  const double low = std::max(drawn.low_positive, drawn.high * std::pow(10.0, -kMostDecades));
  if (low < drawn.high) return {low, drawn.high};
  const double tenth = drawn.high / 10;  // 0 below the smallest numbers there are
  return tenth > 0 ? Range{tenth, drawn.high} : Range{drawn.high, 10 * drawn.high};
}

// ASCII digits and signs as a typesetter sets them: a true minus, no padding in the exponent.
std::string typeset(std::string text) {
  const std::size_t e = text.find('e');
  if (e != std::string::npos) {
    text = text.substr(0, e) + "e" + std::to_string(std::atoi(text.c_str() + e + 1));
  }
  std::string result;
  for (const char c : text) {
    if (c == '-') {
      result += "−";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

ColorScale::ColorScale(const Heatmap& heatmap, const Statistics& drawn, bool both_signs)
    : scale_(heatmap.scale), map_(heatmap.color_map) {
  if (map_ == ColorMap::automatic) {
    map_ = both_signs ? ColorMap::blue_to_red : ColorMap::violet_to_yellow;
  }
  if (heatmap.range) {
    range_ = *heatmap.range;
  } else if (scale_ == Scale::log) {
    range_ = log_range(drawn);
  } else {
    range_ = linear_range(drawn, map_ == ColorMap::blue_to_red);
  }
}

double ColorScale::coordinate(double value) const {
  return scale_ == Scale::log ? std::log(std::max(value, range_.low)) : value;
}

double ColorScale::position(double value) const {
  const double low = coordinate(range_.low);
  const double high = coordinate(range_.high);
  const double x = std::clamp(coordinate(value), low, high);
  if (std::isfinite(high - low)) return (x - low) / (high - low);
  return (x / 2 - low / 2) / (high / 2 - low / 2);  // what would overflow is halved
}

double ColorScale::value_at(double position) const {
  const double low = coordinate(range_.low);
  const double high = coordinate(range_.high);
  const double x = low * (1 - position) + high * position;
  return scale_ == Scale::log ? std::exp(x) : x;
}

Rgb ColorScale::color(double value) const { return color_at(position(value)); }

Rgb ColorScale::color_at(double position) const {
  if (map_ == ColorMap::blue_to_red && scale_ == Scale::linear) {
    // White stays at zero also where the range is not symmetric.
    const double most = std::max(std::abs(range_.low), std::abs(range_.high));
    position = 0.5 + 0.5 * (value_at(position) / most);
  }
  const int i = static_cast<int>(std::clamp(position, 0.0, 1.0) * kColorCount);
  return color_table(map_)[std::min(i, kColorCount - 1)];
}

std::vector<Tick> ColorScale::ticks(int count) const {
  std::vector<Tick> ticks{{0, number_text(range_.low, 3)}, {1, number_text(range_.high, 3)}};
  const bool decades = scale_ == Scale::log && std::log10(range_.high / range_.low) >= 2;
  for (Tick& tick : decades ? decade_ticks(count) : round_ticks(count)) {
    if (tick.position <= kSlack) {  // an end that is a round value
      ticks.front().text = tick.text;
    } else if (tick.position >= 1 - kSlack) {
      ticks.back().text = tick.text;
    } else if (std::min(tick.position, 1 - tick.position) > 0.5 / count) {
      ticks.insert(ticks.end() - 1, std::move(tick));
    }
  }
  return ticks;
}

std::vector<Tick> ColorScale::decade_ticks(int count) const {
  const int first = static_cast<int>(std::ceil(std::log10(range_.low) - kSlack));
  const int last = static_cast<int>(std::floor(std::log10(range_.high) + kSlack));
  const int step = std::max(1, (last - first + count) / count);
  const bool plain = first >= -3 && last <= 3;
  std::vector<Tick> ticks;
  for (int e = last; e >= first; e -= step) {
    const double value = std::pow(10.0, e);
    ticks.push_back({position(value), plain ? number_text(value, 1) : power_of_ten_text(e)});
  }
  std::reverse(ticks.begin(), ticks.end());
  return ticks;
}

std::vector<Tick> ColorScale::round_ticks(int count) const {
  const double width = std::min(range_.high - range_.low, std::numeric_limits<double>::max());
  const double step = round_step(width, count);
  const double most = std::max(std::abs(range_.low), std::abs(range_.high));
  const int decimals = decimals_of(step);
  const bool plain = most < 1e5 && decimals <= 5;
  const double first = std::ceil(range_.low / step - kSlack);
  std::vector<Tick> ticks;
  for (int i = 0; i <= 3 * count && (first + i) * step <= range_.high + kSlack * step; ++i) {
    const double value = (first + i) * step;
    ticks.push_back(
        {position(value), plain ? decimal_text(value, decimals) : number_text(value, 3)});
  }
  return ticks;
}

int decimals_of(double step) {
  const double decimals = -std::floor(std::log10(step) + kSlack);
  return decimals > 0 && std::isfinite(decimals)
             ? static_cast<int>(std::min(decimals, kMostDecimals))
             : 0;
}

double round_step(double width, int count) {
  const double raw = width / count;
  if (!(raw > 0)) return width;  // too small a range to divide
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double lead = raw / power;
  return power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
}

std::string power_of_ten_text(int exponent) {
  static const char* const kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (exponent == 0) return "1";
  std::string text = exponent < 0 ? "10⁻" : "10";
  for (const char c : std::to_string(std::abs(exponent))) text += kDigits[c - '0'];
  return text;
}

std::string number_text(double value, int digits) {
  return typeset(fmt::format("{:.{}g}", value == 0 ? 0.0 : value, digits));
}

std::string decimal_text(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return typeset(text);
}

std::string value_text(double value, int digits) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "·" : "+∞";  // masked, as in the legend
  return number_text(value, digits);
}

}  // namespace clearhead::plot
