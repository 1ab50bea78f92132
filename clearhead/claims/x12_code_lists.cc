// HI: diagnoses and procedures of a claim, each with the list that it is of.
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "clearhead/claims/values.h"
#include "clearhead/claims/x12_values_internal.h"

namespace clearhead::claims {
namespace {

// What HI lists: its qualifier in ICD-9-CM and in ICD-10-CM.
struct DiagnosisList {
  std::string_view icd9, icd10;
  DiagnosisRole role;
};
constexpr std::array<DiagnosisList, 6> kDiagnosisLists = {{
    {"BK", "ABK", DiagnosisRole::principal},
    {"BF", "ABF", DiagnosisRole::other},
    {"BJ", "ABJ", DiagnosisRole::admitting},
    {"PR", "APR", DiagnosisRole::reason_for_visit},
    {"ZZ", "APR", DiagnosisRole::reason_for_visit},  // 4010
    {"BN", "ABN", DiagnosisRole::external_cause},
}};

// Procedures in HI and whose codes they are.
constexpr std::array<std::pair<std::string_view, const char*>, 6> kProcedureLists = {{
    {"BBR", "ICD-10-PCS"},
    {"BBQ", "ICD-10-PCS"},
    {"BR", "ICD-9-PCS"},
    {"BQ", "ICD-9-PCS"},
    {"BP", "HCPCS"},  // of anesthesia
    {"BO", "HCPCS"},
}};

}  // namespace

void add_x12_code(const X12Segment& hi, std::size_t element, Claim& claim) {
  const std::string_view list = hi.component(element, 1);
  const std::string code = plain_code(hi.component(element, 2));
  if (code.empty()) throw x12_fault(hi, element, 0, "a list and a code of it, such as ABK:I10");
  const auto field = [&](const char* system) {
    return Field<Code>{Code{system, code}, hi.place(element, 2)};
  };
  if (list == "DR") claim.drg = field(kX12Drg);
  for (const DiagnosisList& known : kDiagnosisLists) {
    if (list != known.icd9 && list != known.icd10) continue;
    claim.diagnoses.push_back({field(list == known.icd9 ? "ICD-9-CM" : "ICD-10-CM"), known.role,
                               x12_text(hi, element, 9)});
    break;
  }
  for (const auto& [qualifier, system] : kProcedureLists) {
    if (list == qualifier) claim.procedures.push_back(field(system));
  }
}

}  // namespace clearhead::claims
