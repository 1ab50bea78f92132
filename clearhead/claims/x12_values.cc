// Qualifiers of code lists, and the repeated parts of segments.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/claims/values.h"
#include "clearhead/claims/x12_values_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kShown = 40;  // bytes of a value that a message quotes

std::string_view value_of(const X12Segment& segment, std::size_t element, std::size_t component) {
  return component == 0 ? segment[element] : segment.component(element, component);
}

// A field out of what `read` makes of the text.
template <typename T, typename Read>
Field<T> field_of(const X12Segment& segment, std::size_t element, std::size_t component,
                  const Read& read, const std::string& expected) {
  Field<T> field{std::nullopt, segment.place(element, component)};
  const std::string_view text = value_of(segment, element, component);
  if (text.empty()) return field;
  field.value = read(text);
  if (!field) throw x12_fault(segment, element, component, expected);
  return field;
}

std::string system_of_procedure(std::string_view qualifier) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 7> kSystems = {{
      {"HC", "HCPCS"},
      {"AD", "CDT"},  // American Dental Association
      {"N4", "NDC"},
      {"NU", "NUBC"},
      {"RB", "NUBC"},
      {"HP", "HIPPS"},
      {"IV", "HIEC"},  // Home Infusion EDI Coalition
  }};
  const auto* const found = std::find_if(kSystems.begin(), kSystems.end(),
                                         [&](const auto& s) { return s.first == qualifier; });
  return found != kSystems.end() ? found->second : std::string(qualifier);
}

}  // namespace

X12Fault x12_fault(const X12Segment& segment, std::size_t element, std::size_t component,
                   const std::string& expected) {
  const std::string_view text = value_of(segment, element, component);
  const bool tells_who = segment.id() == "DMG";  // the day of birth
  const std::string came = text.empty() ? "nothing"
                           : tells_who  ? "something else"
                                        : "\"" + without_controls(text.substr(0, kShown)) +
                                             (text.size() > kShown ? "…\"" : "\"");
  return {segment.place(element, component), "expected " + expected + ", got " + came};
}

Field<std::string> x12_text(const X12Segment& segment, std::size_t element, std::size_t component) {
  return field_of<std::string>(
      segment, element, component, [](std::string_view text) { return std::string(text); }, "");
}

Field<Money> x12_money(const X12Segment& segment, std::size_t element) {
  return field_of<Money>(segment, element, 0, read_money, "an amount, such as 12.50");
}

Field<double> x12_number(const X12Segment& segment, std::size_t element) {
  return field_of<double>(segment, element, 0, read_number, "a number");
}

Field<std::int64_t> x12_count(const X12Segment& segment, std::size_t element,
                              std::size_t component) {
  const auto read = [](std::string_view text) -> std::optional<std::int64_t> {
    const std::optional<double> number = read_number(text);
    if (!number || std::floor(*number) != *number || std::abs(*number) > 1e15) return std::nullopt;
    return static_cast<std::int64_t>(*number);
  };
  return field_of<std::int64_t>(segment, element, component, read, "a whole number");
}

Field<Date> x12_date(const X12Segment& segment, std::size_t element, std::size_t component) {
  const auto read = [](std::string_view text) { return read_date(text.substr(0, 8)); };
  return field_of<Date>(segment, element, component, read, "a day of the form 20240731");
}

X12Dates x12_dates(const X12Segment& dtp) {
  const std::string_view form = dtp[2], value = dtp[3];
  const Place place = dtp.place(3);
  const std::size_t dash = value.find('-');
  const auto date = [&](std::string_view text) {
    Field<Date> field{read_date(text.substr(0, 8)), place};
    if (!field) throw x12_fault(dtp, 3, 0, "a day of the form 20240731, or two with - between");
    return field;
  };
  if (form == "D8" || form == "DT") return {date(value), {std::nullopt, place}};
  if (form == "RD8" && dash != std::string_view::npos) {
    return {date(value.substr(0, dash)), date(value.substr(dash + 1))};
  }
  if (form == "RD8") return {date(value), date(value)};
  throw x12_fault(dtp, 2, 0, "D8, DT or RD8");
}

X12Procedure x12_procedure(const X12Segment& segment, std::size_t element) {
  const std::string_view qualifier = segment.component(element, 1);
  const std::string code = plain_code(segment.component(element, 2));
  if (qualifier.empty() || code.empty()) {
    throw x12_fault(segment, element, 0, "a list and a code of it, such as HC:99213");
  }
  X12Procedure procedure;
  procedure.code = {Code{system_of_procedure(qualifier), code}, segment.place(element, 2)};
  for (std::size_t component = 3; component <= 6; ++component) {
    Field<std::string> modifier = x12_text(segment, element, component);
    if (modifier) procedure.modifiers.push_back(std::move(modifier));
  }
  return procedure;
}

Field<Code> x12_revenue(const X12Segment& segment, std::size_t element) {
  const auto read = [](std::string_view text) -> std::optional<Code> {
    const bool digits =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || text.size() < 3 || text.size() > 4) return std::nullopt;
    return Code{"NUBC", std::string(4 - text.size(), '0') + std::string(text)};
  };
  return field_of<Code>(segment, element, 0, read, "a revenue code of four digits");
}

void add_x12_adjustments(const X12Segment& cas, std::vector<Adjustment>& adjustments) {
  const Field<std::string> group = x12_required(x12_text(cas, 1), "a group, such as CO");
  for (std::size_t element = 2; element <= cas.size(); element += 3) {
    Adjustment adjustment{group, x12_text(cas, element), x12_money(cas, element + 1),
                          x12_number(cas, element + 2)};
    if (!adjustment.reason && !adjustment.amount && !adjustment.quantity) continue;
    adjustment.reason = x12_required(std::move(adjustment.reason), "a reason, such as 45");
    adjustment.amount = x12_required(std::move(adjustment.amount), "an amount");
    adjustments.push_back(std::move(adjustment));
  }
}

}  // namespace clearhead::claims
