// Order matters in these lists: codes are read before the columns that say something about them.
#include "clearhead/claims/csv_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "clearhead/base/encoding.h"

namespace clearhead::claims {
namespace {

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
    const std::string_view system = systems[systems.size() == 1 ? 0 : i];
    if (Field<Code>& of = code(values[i]); of && !is_missing(system)) {
      of.value->system = code_system_of(system);
    }
  }
}

// Diagnoses

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
    if (is_missing(items[i])) continue;
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

}  // namespace

const std::vector<Column<Member>>& member_columns() {
  static const std::vector<Column<Member>> columns = {
      {"birth_date",
       "day of birth, or its year",
       [](const Cell& cell, Member& member) {
         const auto year = year_of(cell.text);
         member.birth_date = {year ? year : date_of(cell.text, cell.style.date_order),
                              cell.place()};
         if (member.birth_date) return;
         throw UnreadableCell(cell.place(),  // what came might tell who
                              "expected a day of birth such as 1961-05-04, or its year, got "
                              "something else");
       },
       [](const Member& member) { return text_of(member.birth_date); },
       false,
       {"birth_year"}},
      {"sex", "M, F, or U for unknown",
       [](const Cell& cell, Member& member) {
         member.sex = {sex_of(*cell.word()), cell.place()};
       },
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
         const auto type = claim_type_of(without_fraction(cell.text));
         if (!type) cell.fail("professional, institutional, dental, vision or pharmacy");
         claim.type = {type, cell.place()};
       },
       [](const Claim& claim) { return text_of(claim.type); }},
      {"service_date",
       "first day of service",
       [](const Cell& cell, Claim& claim) { claim.from = cell.date(); },
       [](const Claim& claim) { return text_of(claim.from); },
       false,
       {"from_date"}},
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
      {"drg_system", "of this group, if it is not MS-DRG",
       [](const Cell& cell, Claim& claim) { set_code_system(cell, claim.drg); },
       [](const Claim& claim) {
         return system_of(claim.drg) == "MS-DRG" ? "" : system_of(claim.drg);
       }},
      {"diagnoses", "codes in their order, to which pointers refer",
       [](const Cell& cell, Claim& claim) {
         const bool keeps_places = cell.text.find('|') != std::string_view::npos;
         for (const std::string_view item : items_of(cell.text)) {
           const std::string code = code_of(item);
           if (keeps_places || !is_missing(code)) add_diagnosis(claim, "", code, cell);
         }
       },
       [](const Claim& claim) {
         return list_of_each(claim.diagnoses, [](const Diagnosis& d) { return text_of(d.code); });
       },
       true},
      {"diagnosis_system", "ICD-10-CM, ICD-9-CM, …: one, or one for each diagnosis",
       [](const Cell& cell, Claim& claim) {
         read_systems(cell, claim.diagnoses, [](Diagnosis& d) -> Field<Code>& { return d.code; });
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
           if (const std::string code = code_of(item); !is_missing(code)) {
             claim.procedures.push_back({Code{"", code}, cell.place()});
           }
         }
       },
       [](const Claim& claim) {
         return list_of_each(claim.procedures, [](const Field<Code>& c) { return text_of(c); });
       },
       true},
      {"procedure_system", "of these codes",
       [](const Cell& cell, Claim& claim) {
         read_systems(cell, claim.procedures, [](Field<Code>& c) -> Field<Code>& { return c; });
       },
       [](const Claim& claim) {
         std::vector<std::string> systems;
         for (const Field<Code>& c : claim.procedures) systems.push_back(system_of(c));
         return short_list_of(std::move(systems));
       }},
      {"charge", "what was charged",
       [](const Cell& cell, Claim& claim) { add_money(cell, claim.charge); },
       [](const Claim& claim) { return text_of(claim.charge); }, true},
      {"allowed", "what the contract allows",
       [](const Cell& cell, Claim& claim) { add_money(cell, claim.allowed); },
       [](const Claim& claim) { return text_of(claim.allowed); }, true},
      {"paid",
       "what was paid",
       [](const Cell& cell, Claim& claim) { add_money(cell, claim.paid); },
       [](const Claim& claim) { return text_of(claim.paid); },
       true,
       {"paid_electronic", "paid_other"}},
      {"adjustments", "from charge to payment: group-reason:amount, as CO-45:12.30",
       [](const Cell& cell, Claim& claim) { add_adjustments(cell, claim.adjustments); },
       [](const Claim& claim) {
         return list_of_each(claim.adjustments, [](const Adjustment& a) { return text_of(a); });
       }},
  };
  return columns;
}

}  // namespace clearhead::claims
