// Read by hand, since the streams of C++ follow the locale and take more than is meant.
#include "clearhead/claims/values.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace clearhead::claims {
namespace {

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A decimal number in its parts; whole and fraction are digits only, and not both empty.
struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;
};

std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (point != std::string_view::npos) decimal.fraction = text.substr(point + 1);
  if (decimal.whole.empty() && decimal.fraction.empty()) return std::nullopt;
  if (decimal.whole.size() > 15 || !all_digits(decimal.whole) || !all_digits(decimal.fraction)) {
    return std::nullopt;
  }
  return decimal;
}

template <typename T>
std::optional<T> convert(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> read_number(std::string_view text) {
  if (!read_decimal(text)) return std::nullopt;
  if (text.front() == '+') text.remove_prefix(1);
  return convert<double>(text);
}

std::optional<Money> read_money(std::string_view text) {
  const std::optional<Decimal> decimal = read_decimal(text);
  if (!decimal) return std::nullopt;
  std::int64_t cents = 0;
  for (const char digit : decimal->whole) cents = 10 * cents + (digit - '0');
  const auto place = [&](std::size_t i) {
    return i < decimal->fraction.size() ? decimal->fraction[i] - '0' : 0;
  };
  cents = 100 * cents + 10 * place(0) + place(1) + (place(2) >= 5 ? 1 : 0);
  return Money{decimal->negative ? -cents : cents};
}

std::optional<Date> read_date(std::string_view text) {
  std::string digits(text.substr(0, text.find('T')));
  if (digits.size() == 10 && digits[4] == '-' && digits[7] == '-') {
    digits = digits.substr(0, 4) + digits.substr(5, 2) + digits.substr(8);
  }
  if (digits.size() != 8 || !all_digits(digits)) return std::nullopt;
  const std::string_view view = digits;
  const std::chrono::year_month_day day(std::chrono::year{*convert<int>(view.substr(0, 4))},
                                        std::chrono::month{*convert<unsigned>(view.substr(4, 2))},
                                        std::chrono::day{*convert<unsigned>(view.substr(6, 2))});
  if (!day.ok()) return std::nullopt;
  return Date(day);
}

std::string plain_code(std::string_view text) {
  std::string code(text);
  std::erase_if(code, [](char c) {
    return std::string_view(". \t\r\n\v\f").find(c) != std::string_view::npos;
  });
  return code;
}

}  // namespace clearhead::claims
