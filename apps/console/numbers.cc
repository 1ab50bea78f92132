// Numbers as tables show them.
#include "apps/console/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clearhead::console {
namespace {

constexpr int kDigits = 5;         // significant ones of the largest number
constexpr double kLarge = 1e6;     // from here on with exponents,
constexpr double kSmall = 1e-3;    // and below this
constexpr double kF32Step = 1e-7;  // relative: what rounding to f32 may have added

// Whether `decimals` decimals write every value as exactly as f32 knows it.
bool suffices(int decimals, std::span<const double> values) {
  const double unit = std::pow(10.0, decimals);
  return std::all_of(values.begin(), values.end(), [&](double x) {
    return !std::isfinite(x) || std::abs(std::round(x * unit) / unit - x) <= kF32Step * std::abs(x);
  });
}

}  // namespace

NumberFormat::NumberFormat(std::span<const double> values) {
  double largest = 0;
  for (const double x : values) {
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  }
  if (largest == 0) return;
  scientific_ = largest >= kLarge || largest < kSmall;
  if (scientific_) {
    decimals_ = kDigits - 1;
    return;
  }
  const int before_point = largest < 1 ? 1 : static_cast<int>(std::log10(largest)) + 1;
  const int most = std::max(0, kDigits - before_point);
  while (decimals_ < most && !suffices(decimals_, values)) ++decimals_;
}

std::string NumberFormat::operator()(double value) const {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "−∞" : "∞";
  if (value == 0) return "0";
  return scientific_ ? fmt::format("{:.{}e}", value, decimals_)
                     : fmt::format("{:.{}f}", value, decimals_);
}

std::string with_minus(std::string number) {
  for (std::size_t at = 0; (at = number.find('-', at)) != std::string::npos;) {
    number.replace(at, 1, "−");
  }
  return number;
}

std::string with_commas(std::int64_t count) {
  std::string text = std::to_string(count);
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3) {
    text.insert(static_cast<std::size_t>(i), ",");
  }
  return text;
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  const double kib = static_cast<double>(bytes) / 1024;
  if (kib < 1024) return fmt::format("{:.4g} KiB", kib);
  if (kib < 1024 * 1024) return fmt::format("{:.4g} MiB", kib / 1024);
  return fmt::format("{:.4g} GiB", kib / 1024 / 1024);
}

std::string counted(std::int64_t count, const std::string& thing) {
  if (count == 1) return "1 " + thing;
  const bool y = thing.ends_with('y') && !thing.ends_with("ey") && !thing.ends_with("ay");
  return with_commas(count) + " " + (y ? thing.substr(0, thing.size() - 1) + "ies" : thing + "s");
}

}  // namespace clearhead::console
