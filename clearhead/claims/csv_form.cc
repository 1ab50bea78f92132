// Order matters in these lists: codes are read before the columns that say something about them.
#include "clearhead/claims/csv_form.h"

#include <fmt/format.h>

#include <algorithm>

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

template <typename T>
Field<T> field(std::optional<T> value, const Cell& cell, std::string_view expected) {
  if (!value) cell.fail(expected);
  return {std::move(value), cell.place()};
}

// What is written

std::string text_of(const std::string& text) { return text; }
std::string text_of(Date date) { return to_string(date); }
std::string text_of(Money money) { return to_string(money); }
std::string text_of(double number) { return fmt::format("{}", number); }
std::string text_of(std::int64_t number) { return std::to_string(number); }
std::string text_of(ClaimType type) { return to_string(type); }
std::string text_of(const Code& code) { return code.value; }

template <typename T>
std::string text_of(const Field<T>& field) {
  return field ? text_of(*field) : std::string();
}

template <typename T, typename F>
std::string list_of_each(const std::vector<T>& values, F text) {
  std::vector<std::string> items;
  for (const T& value : values) items.push_back(text(value));
  return list_of(items);
}

// One item if all are the same.
std::string short_list_of(std::vector<std::string> items) {
  if (std::adjacent_find(items.begin(), items.end(), std::not_equal_to<>()) == items.end()) {
    items.resize(std::min<std::size_t>(items.size(), 1));
  }
  if (items.size() == 1 && items[0].empty()) return {};
  return list_of(items);
}

// Systems of a list of codes

// Gives each code its system: one for all, or one each.
template <typename T, typename F>
void read_systems(const Cell& cell, std::vector<T>& values, F code) {
  const auto systems = items_of(cell.text);
  if (systems.size() != 1 && systems.size() != values.size()) {
    cell.fail(fmt::format("one code system, or one for each of {} codes", values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    code(values[i]).system = code_system_of(systems[systems.size() == 1 ? 0 : i]);
  }
}

// Diagnoses

void add_diagnosis(Claim& claim, const std::string& system, std::string code, const Cell& cell) {
  Diagnosis diagnosis;
  diagnosis.code = {Code{system, std::move(code)}, cell.place()};
  if (claim.diagnoses.empty()) diagnosis.role = DiagnosisRole::principal;
  claim.diagnoses.push_back(std::move(diagnosis));
}

// "principal other …"; without it, the first is principal.
void read_roles(const Cell& cell, Claim& claim) {
  const auto roles = items_of(cell.text);
  if (roles.size() != claim.diagnoses.size()) {
    cell.fail(fmt::format("a role for each of {} diagnoses", claim.diagnoses.size()));
  }
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const auto role = diagnosis_role_of(roles[i]);
    if (!role) cell.fail("roles such as principal, other, admitting");
    claim.diagnoses[i].role = *role;
  }
}

std::string roles_of(const Claim& claim) {
  bool is_usual = true;
  for (std::size_t i = 0; i < claim.diagnoses.size(); ++i) {
    const DiagnosisRole usual = i == 0 ? DiagnosisRole::principal : DiagnosisRole::other;
    is_usual = is_usual && claim.diagnoses[i].role == usual;
  }
  if (is_usual) return {};
  return list_of_each(claim.diagnoses, [](const Diagnosis& diagnosis) {
    std::string word = to_string(diagnosis.role);
    std::replace(word.begin(), word.end(), ' ', '_');
    return word;
  });
}

// Y, N, U, W or 1 each; nothing between bars where it is not said.
void read_presence(const Cell& cell, Claim& claim) {
  const auto items = items_of(cell.text);
  if (items.size() != claim.diagnoses.size()) {
    cell.fail(fmt::format("a letter for each of {} diagnoses", claim.diagnoses.size()));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].empty()) continue;
    claim.diagnoses[i].present_on_admission = {std::string(items[i]), cell.place()};
  }
}

std::string presence_of(const Claim& claim) {
  const auto& diagnoses = claim.diagnoses;
  if (std::none_of(diagnoses.begin(), diagnoses.end(),
                   [](const Diagnosis& d) { return d.present_on_admission.value.has_value(); })) {
    return {};
  }
  return list_of_each(diagnoses,
                      [](const Diagnosis& d) { return text_of(d.present_on_admission); });
}

// Codes that a line gives for itself become pointers; those that the claim lacks are added to it.
void read_line_diagnoses(const Cell& cell, Claim& claim, Line& line) {
  for (const std::string_view item : items_of(cell.text)) {
    const std::string code = code_of(item);
    auto found = std::find_if(claim.diagnoses.begin(), claim.diagnoses.end(),
                              [&code](const Diagnosis& d) { return d.code->value == code; });
    if (found == claim.diagnoses.end()) {
      const std::string system = claim.diagnoses.empty() ? "" : claim.diagnoses[0].code->system;
      add_diagnosis(claim, system, code, cell);
      found = claim.diagnoses.end() - 1;
    }
    line.pointers.push_back(found - claim.diagnoses.begin() + 1);
  }
  line.pointers_place = cell.place();
}

void read_pointers(const Cell& cell, Line& line) {
  for (std::string_view item : items_of(cell.text)) {
    const auto pointer = whole_number_of(item);
    if (!pointer || *pointer < 1) cell.fail("places of diagnoses, from 1 on");
    line.pointers.push_back(*pointer);
  }
  line.pointers_place = cell.place();
}

// Adjustments: "CO-45:12.30", with a quantity "CO-45:12.30:2"

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

void read_adjustments(const Cell& cell, std::vector<Adjustment>& adjustments) {
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

// What several columns give in parts, as Synthea's payments by way of payment, is one sum.
void add(const Cell& cell, Field<Money>& sum) {
  Field<Money> money = cell.money();
  if (sum) money.value = *sum + *money;
  sum = std::move(money);
}

void set_system(const Cell& cell, Field<Code>& code) {
  if (code) code.value->system = code_system_of(cell.text);
}

std::string system_of(const Field<Code>& code) { return code ? code->system : std::string(); }

}  // namespace

Field<std::string> Cell::word() const {
  const bool is_utf8 = find_invalid_utf8(text) == std::string_view::npos;
  return {is_utf8 ? std::string(text) : from_windows_1252(text), place()};
}

Field<Date> Cell::date() const {
  return field(date_of(text, style.date_order), *this,
               style.date_order == DateOrder::month_first
                   ? "a date such as 2024-01-31 or 01/31/2024"
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
  std::string value = code_of(text);
  if (value.empty()) fail("a code");
  return {Code{std::string(system), std::move(value)}, place()};
}

void Cell::fail(std::string_view expected) const {
  throw UnreadableCell(place(), fmt::format("expected {}, got \"{}\"", expected, *word()));
}

const std::vector<Column<Member>>& member_columns() {
  static const std::vector<Column<Member>> columns = {
      {"birth_date",
       "day of birth, or its year",
       [](const Cell& cell, Member& member) {
         const auto year = year_of(cell.text);
         member.birth_date = year ? Field<Date>{year, cell.place()} : cell.date();
       },
       [](const Member& member) { return text_of(member.birth_date); },
       false,
       {"birth_year"}},
      {"sex", "M, F, or U for unknown",
       [](const Cell& cell, Member& member) { member.sex = cell.word(); },
       [](const Member& member) { return text_of(member.sex); }},
      {"state", "where the member lives",
       [](const Cell& cell, Member& member) { member.state = cell.word(); },
       [](const Member& member) { return text_of(member.state); }},
      {"split", "train, valid or test, in data made for learning",
       [](const Cell& cell, Member& member) { member.split = cell.word(); },
       [](const Member& member) { return text_of(member.split); }},
  };
  return columns;
}

const std::vector<Column<Claim>>& claim_columns() {
  static const std::vector<Column<Claim>> columns = {
      {"type", "professional, institutional, dental, vision or pharmacy",
       [](const Cell& cell, Claim& claim) {
         claim.type = field(claim_type_of(cell.text), cell,
                            "professional, institutional, dental, vision or pharmacy");
       },
       [](const Claim& claim) { return text_of(claim.type); }},
      {"service_date", "first day of service",
       [](const Cell& cell, Claim& claim) { claim.from = cell.date(); },
       [](const Claim& claim) { return text_of(claim.from); }},
      {"to_date", "last day of service, if it is not the first",
       [](const Cell& cell, Claim& claim) { claim.to = cell.date(); },
       [](const Claim& claim) { return text_of(claim.to); }},
      {"provider", "who is paid",
       [](const Cell& cell, Claim& claim) { claim.provider = cell.word(); },
       [](const Claim& claim) { return text_of(claim.provider); }},
      {"specialty", "of the provider",
       [](const Cell& cell, Claim& claim) { claim.specialty = cell.word(); },
       [](const Claim& claim) { return text_of(claim.specialty); }},
      {"facility", "where", [](const Cell& cell, Claim& claim) { claim.facility = cell.word(); },
       [](const Claim& claim) { return text_of(claim.facility); }},
      {"service_place", "place of service (11, 21, …) or type of bill (131, …)",
       [](const Cell& cell, Claim& claim) { claim.service_place = cell.word(); },
       [](const Claim& claim) { return text_of(claim.service_place); }},
      {"frequency", "of bills: 1 original, 7 replaces an earlier one, 8 voids it",
       [](const Cell& cell, Claim& claim) { claim.frequency = cell.word(); },
       [](const Claim& claim) { return text_of(claim.frequency); }},
      {"status", "what became of the claim",
       [](const Cell& cell, Claim& claim) { claim.status = cell.word(); },
       [](const Claim& claim) { return text_of(claim.status); }},
      {"drg", "the group that pays, of inpatients",
       [](const Cell& cell, Claim& claim) { claim.drg = cell.code("MS-DRG"); },
       [](const Claim& claim) { return text_of(claim.drg); }},
      {"diagnoses", "codes in their order, to which pointers refer",
       [](const Cell& cell, Claim& claim) {
         for (const std::string_view item : items_of(cell.text)) {
           if (!is_missing(item)) add_diagnosis(claim, "", code_of(item), cell);
         }
       },
       [](const Claim& claim) {
         return list_of_each(claim.diagnoses, [](const Diagnosis& d) { return text_of(d.code); });
       },
       true},
      {"diagnosis_system", "ICD-10-CM, ICD-9-CM, …: one, or one for each diagnosis",
       [](const Cell& cell, Claim& claim) {
         read_systems(cell, claim.diagnoses, [](Diagnosis& d) -> Code& { return *d.code.value; });
       },
       [](const Claim& claim) {
         std::vector<std::string> systems;
         for (const Diagnosis& d : claim.diagnoses) systems.push_back(system_of(d.code));
         return short_list_of(std::move(systems));
       }},
      {"diagnosis_roles", "principal, other, admitting, reason_for_visit, external_cause",
       [](const Cell& cell, Claim& claim) { read_roles(cell, claim); }, roles_of},
      {"present_on_admission", "Y, N, U, W or 1 for each diagnosis, of inpatients",
       [](const Cell& cell, Claim& claim) { read_presence(cell, claim); }, presence_of},
      {"procedures", "codes of the whole stay, as ICD-10-PCS",
       [](const Cell& cell, Claim& claim) {
         for (const std::string_view item : items_of(cell.text)) {
           if (is_missing(item)) continue;
           claim.procedures.push_back({Code{"", code_of(item)}, cell.place()});
         }
       },
       [](const Claim& claim) {
         return list_of_each(claim.procedures, [](const Field<Code>& c) { return text_of(c); });
       },
       true},
      {"procedure_system", "of these codes",
       [](const Cell& cell, Claim& claim) {
         read_systems(cell, claim.procedures, [](Field<Code>& c) -> Code& { return *c.value; });
       },
       [](const Claim& claim) {
         std::vector<std::string> systems;
         for (const Field<Code>& c : claim.procedures) systems.push_back(system_of(c));
         return short_list_of(std::move(systems));
       }},
      {"charge", "what was charged",
       [](const Cell& cell, Claim& claim) { add(cell, claim.charge); },
       [](const Claim& claim) { return text_of(claim.charge); }, true},
      {"allowed", "what the contract allows",
       [](const Cell& cell, Claim& claim) { add(cell, claim.allowed); },
       [](const Claim& claim) { return text_of(claim.allowed); }, true},
      {"paid",
       "what was paid",
       [](const Cell& cell, Claim& claim) { add(cell, claim.paid); },
       [](const Claim& claim) { return text_of(claim.paid); },
       true,
       {"paid_electronic", "paid_other"}},
      {"adjustments", "from charge to payment: group-reason:amount, as CO-45:12.30",
       [](const Cell& cell, Claim& claim) { read_adjustments(cell, claim.adjustments); },
       [](const Claim& claim) {
         return list_of_each(claim.adjustments, [](const Adjustment& a) { return text_of(a); });
       }},
  };
  return columns;
}

const std::vector<Column<Claim, Line>>& line_columns() {
  static const std::vector<Column<Claim, Line>> columns = {
      {"line", "number within the claim, from 1",
       [](const Cell& cell, Claim&, Line& line) { line.number = cell.whole_number(); },
       [](const Claim&, const Line& line) { return text_of(line.number); }},
      {"date", "day of service, or the first of several",
       [](const Cell& cell, Claim&, Line& line) { line.from = cell.date(); },
       [](const Claim&, const Line& line) { return text_of(line.from); }},
      {"to_date", "last day of service",
       [](const Cell& cell, Claim&, Line& line) { line.to = cell.date(); },
       [](const Claim&, const Line& line) { return text_of(line.to); }},
      {"code", "what was done",
       [](const Cell& cell, Claim&, Line& line) { line.code = cell.code(""); },
       [](const Claim&, const Line& line) { return text_of(line.code); }},
      {"system", "of the code: HCPCS, NDC, SNOMED, …",
       [](const Cell& cell, Claim&, Line& line) { set_system(cell, line.code); },
       [](const Claim&, const Line& line) { return system_of(line.code); }},
      {"modifiers", "of the code, in their order",
       [](const Cell& cell, Claim&, Line& line) {
         for (const std::string_view item : items_of(cell.text)) {
           if (!is_missing(item)) line.modifiers.push_back({code_of(item), cell.place()});
         }
       },
       [](const Claim&, const Line& line) {
         return list_of_each(line.modifiers,
                             [](const Field<std::string>& modifier) { return text_of(modifier); });
       },
       true},
      {"revenue", "revenue code (NUBC)",
       [](const Cell& cell, Claim&, Line& line) { line.revenue = cell.code("NUBC"); },
       [](const Claim&, const Line& line) { return text_of(line.revenue); }},
      {"drug", "NDC, beside the code",
       [](const Cell& cell, Claim&, Line& line) { line.drug = cell.code("NDC"); },
       [](const Claim&, const Line& line) { return text_of(line.drug); }},
      {"units", "how many",
       [](const Cell& cell, Claim&, Line& line) { line.units = cell.number(); },
       [](const Claim&, const Line& line) { return text_of(line.units); }},
      {"unit", "of what: UN units, MJ minutes, DA days",
       [](const Cell& cell, Claim&, Line& line) { line.unit = cell.word(); },
       [](const Claim&, const Line& line) { return text_of(line.unit); }},
      {"service_place", "where, if not as the claim says",
       [](const Cell& cell, Claim&, Line& line) { line.service_place = cell.word(); },
       [](const Claim&, const Line& line) { return text_of(line.service_place); }},
      {"provider", "who, if not as the claim says",
       [](const Cell& cell, Claim&, Line& line) { line.provider = cell.word(); },
       [](const Claim&, const Line& line) { return text_of(line.provider); }},
      {"charge", "what was charged",
       [](const Cell& cell, Claim&, Line& line) { add(cell, line.charge); },
       [](const Claim&, const Line& line) { return text_of(line.charge); }, true},
      {"allowed", "what the contract allows",
       [](const Cell& cell, Claim&, Line& line) { add(cell, line.allowed); },
       [](const Claim&, const Line& line) { return text_of(line.allowed); }, true},
      {"paid", "what was paid", [](const Cell& cell, Claim&, Line& line) { add(cell, line.paid); },
       [](const Claim&, const Line& line) { return text_of(line.paid); }, true},
      {"diagnosis_pointers", "places in the claim's diagnoses, from 1",
       [](const Cell& cell, Claim&, Line& line) { read_pointers(cell, line); },
       [](const Claim&, const Line& line) {
         return list_of_each(line.pointers, [](std::int64_t i) { return std::to_string(i); });
       },
       true},
      {"diagnoses", "instead of pointers: the codes themselves", read_line_diagnoses, nullptr,
       true},
      {"adjustments", "from charge to payment: group-reason:amount, as CO-45:12.30",
       [](const Cell& cell, Claim&, Line& line) { read_adjustments(cell, line.adjustments); },
       [](const Claim&, const Line& line) {
         return list_of_each(line.adjustments, [](const Adjustment& a) { return text_of(a); });
       }},
  };
  return columns;
}

}  // namespace clearhead::claims
