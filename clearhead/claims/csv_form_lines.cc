// The columns of lines.csv.
#include <algorithm>
#include <string>
#include <utility>

#include "clearhead/claims/csv_form.h"

namespace clearhead::claims {
namespace {

// Codes that a line gives for itself become pointers; those that the claim lacks are added to it.
void read_line_diagnoses(const Cell& cell, Claim& claim, Line& line) {
  for (const std::string_view item : items_of(cell.text)) {
    const std::string code = code_of(item);
    if (is_missing(code)) continue;
    auto found =
        std::find_if(claim.diagnoses.begin(), claim.diagnoses.end(),
                     [&code](const Diagnosis& d) { return d.code && d.code->value == code; });
    if (found == claim.diagnoses.end()) {
      const std::string system = claim.diagnoses.empty() ? "" : system_of(claim.diagnoses[0].code);
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

}  // namespace

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
       [](const Cell& cell, Claim&, Line& line) { set_code_system(cell, line.code); },
       [](const Claim&, const Line& line) { return system_of(line.code); }},
      {"modifiers", "of the code, in their order",
       [](const Cell& cell, Claim&, Line& line) {
         for (const std::string_view item : items_of(cell.text)) {
           if (std::string code = code_of(item); !is_missing(code)) {
             line.modifiers.push_back({std::move(code), cell.place()});
           }
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
       [](const Cell& cell, Claim&, Line& line) { add_money(cell, line.charge); },
       [](const Claim&, const Line& line) { return text_of(line.charge); }, true},
      {"allowed", "what the contract allows",
       [](const Cell& cell, Claim&, Line& line) { add_money(cell, line.allowed); },
       [](const Claim&, const Line& line) { return text_of(line.allowed); }, true},
      {"paid", "what was paid",
       [](const Cell& cell, Claim&, Line& line) { add_money(cell, line.paid); },
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
       [](const Cell& cell, Claim&, Line& line) { add_adjustments(cell, line.adjustments); },
       [](const Claim&, const Line& line) {
         return list_of_each(line.adjustments, [](const Adjustment& a) { return text_of(a); });
       }},
  };
  return columns;
}

}  // namespace clearhead::claims
