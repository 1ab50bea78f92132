// Text that is not UTF-8 comes from programs that write Windows-1252.
#include "clearhead/claims/csv_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "clearhead/base/encoding.h"

namespace clearhead::claims {
namespace {

// Windows-1252 as UTF-8, but for the signs between 0x80 and 0x9f, most of them quotes and dashes.
std::string from_windows_1252(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      result += c;
    } else if (byte < 0xa0) {
      result += '?';
    } else {
      result += static_cast<char>(0xc0 | byte >> 6);
      result += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return result;
}

std::string utf8(std::string_view text) {
  const bool is_utf8 = find_invalid_utf8(text) == std::string_view::npos;
  return is_utf8 ? std::string(text) : from_windows_1252(text);
}

// How many digits a code of the system has that is all digits; 0: any number.
std::size_t digits_of(std::string_view system) {
  if (system == "NUBC") return 4;
  return system == "MS-DRG" ? 3 : 0;
}

template <typename T>
Field<T> field(std::optional<T> value, const Cell& cell, std::string_view expected) {
  if (!value) cell.fail(expected);
  return {std::move(value), cell.place()};
}

Adjustment adjustment_of(std::string_view item, const Cell& cell) {
  constexpr std::string_view kExpected = "adjustments such as CO-45:12.30";
  const std::size_t dash = item.find('-');
  const std::size_t colon = item.find(':');
  if (colon == std::string_view::npos || dash > colon) cell.fail(kExpected);
  const std::size_t second = std::min(item.find(':', colon + 1), item.size());
  const auto part = [&cell](std::string_view text) {
    return text.empty() ? Field<std::string>{}
                        : Field<std::string>{std::string(text), cell.place()};
  };
  Adjustment adjustment;
  adjustment.group = part(item.substr(0, dash));
  adjustment.reason = part(item.substr(dash + 1, colon - dash - 1));
  const CsvStyle style{.decimal = DecimalSign::point};
  if (const auto amount = item.substr(colon + 1, second - colon - 1); !amount.empty()) {
    adjustment.amount = field(money_of(amount, style), cell, kExpected);
  }
  if (second < item.size()) {
    adjustment.quantity = field(number_of(item.substr(second + 1), style), cell, kExpected);
  }
  return adjustment;
}

}  // namespace

Field<std::string> Cell::word() const { return {utf8(without_fraction(text)), place()}; }

Field<Date> Cell::date() const {
  const bool month_first = style.date_order == DateOrder::month_first;
  const auto date = date_of(text, style.date_order);
  if (!date && date_of(text, month_first ? DateOrder::day_first : DateOrder::month_first)) {
    const char* const order = month_first ? "DD/MM/YYYY" : "MM/DD/YYYY";
    fail(fmt::format("a date such as 2024-01-31 or, unless a mapping says \"dates\": \"{}\", {}",
                     order, month_first ? "01/31/2024" : "31/01/2024"));
  }
  return field(date, *this,
               month_first ? "a date such as 2024-01-31 or 01/31/2024"
                           : "a date such as 2024-01-31 or 31/01/2024");
}

Field<Money> Cell::money() const {
  return field(money_of(text, style), *this, "an amount such as 1234.50, of which signs are clear");
}

Field<double> Cell::number() const {
  return field(number_of(text, style), *this, "a number such as 1.5, of which signs are clear");
}

Field<std::int64_t> Cell::whole_number() const {
  return field(whole_number_of(text), *this, "a whole number");
}

Field<Code> Cell::code(std::string_view system) const {
  std::string value = code_of(without_fraction(text));
  if (is_missing(value)) fail("a code");
  const std::size_t digits = digits_of(system);
  if (value.size() < digits && value.find_first_not_of("0123456789") == std::string::npos) {
    value.insert(0, digits - value.size(), '0');
  }
  return {Code{std::string(system), std::move(value)}, place()};
}

void Cell::fail(std::string_view expected) const {
  throw UnreadableCell(place(), fmt::format("expected {}, got \"{}\"", expected, utf8(text)));
}

void add_diagnosis(Claim& claim, const std::string& system, const std::string& code,
                   const Cell& cell) {
  Diagnosis diagnosis;
  diagnosis.code.place = cell.place();
  if (!is_missing(code)) diagnosis.code.value = Code{system, code};
  if (claim.diagnoses.empty()) diagnosis.role = DiagnosisRole::principal;
  claim.diagnoses.push_back(std::move(diagnosis));
}

void set_code_system(const Cell& cell, Field<Code>& code) {
  if (code) code.value->system = code_system_of(cell.text);
}

void add_adjustments(const Cell& cell, std::vector<Adjustment>& adjustments) {
  for (const std::string_view item : items_of(cell.text)) {
    adjustments.push_back(adjustment_of(item, cell));
  }
}

std::string text_of(const Adjustment& adjustment) {
  std::string text = text_of(adjustment.group) + "-" + text_of(adjustment.reason) + ":" +
                     text_of(adjustment.amount);
  if (adjustment.quantity) text += ":" + text_of(adjustment.quantity);
  return text;
}

void add_money(const Cell& cell, Field<Money>& sum) {
  Field<Money> money = cell.money();
  if (sum) money.value = *sum + *money;
  if (std::abs(money->cents) > kMostCents) cell.fail("amounts with a smaller sum");
  sum = std::move(money);
}

std::string text_of(const std::string& text) { return text; }
std::string text_of(Date date) { return to_string(date); }
std::string text_of(Money money) { return to_string(money); }
std::string text_of(double number) { return fmt::format("{}", number); }
std::string text_of(std::int64_t number) { return std::to_string(number); }
std::string text_of(ClaimType type) { return to_string(type); }
std::string text_of(const Code& code) { return code.value; }

std::string system_of(const Field<Code>& code) { return code ? code->system : std::string(); }

}  // namespace clearhead::claims
