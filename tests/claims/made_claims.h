// Claims made by hand, for the tests of what reads them.
#ifndef CLEARHEAD_TESTS_CLAIMS_MADE_CLAIMS_H_
#define CLEARHEAD_TESTS_CLAIMS_MADE_CLAIMS_H_

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// A line with a code, one unit and a charge.
inline Line made_line(const std::string& code, std::int64_t cents, double units = 1) {
  Line line;
  line.code.value = Code{"HCPCS", code};
  line.units.value = units;
  line.charge.value = Money{cents};
  line.pointers = {1};
  return line;
}

/// A claim of a member, `day` days after the first of January 2024.
inline Claim made_claim(const std::string& member, int day,
                        std::initializer_list<const char*> diagnoses, std::vector<Line> lines) {
  Claim claim;
  claim.id.value = member + "-" + std::to_string(day);
  claim.member.id.value = member;
  claim.member.sex.value = member.size() % 2 == 0 ? "F" : "M";
  claim.member.birth_date.value = Date{std::chrono::year{1970} / 6 / 15};
  claim.type.value = ClaimType::professional;
  claim.from.value = Date{std::chrono::year{2024} / 1 / 1} + std::chrono::days(day);
  claim.provider.value = "P" + std::to_string(day % 3);
  claim.specialty.value = "Cardiology";
  for (const char* code : diagnoses) {
    Diagnosis diagnosis;
    diagnosis.code.value = Code{"ICD-10-CM", code};
    claim.diagnoses.push_back(diagnosis);
  }
  claim.lines = std::move(lines);
  return claim;
}

/// Some claims of two members.
inline std::vector<Claim> made_claims() {
  return {
      made_claim("M1", 0, {"I10"}, {made_line("99213", 10000), made_line("93000", 5000)}),
      made_claim("M1", 30, {"I10", "E119"}, {made_line("99213", 10000)}),
      made_claim("M10", 40, {"E119"}, {made_line("83036", 2000), made_line("99214", 15000)}),
      made_claim("M1", 60, {"I10"},
                 {made_line("99213", 10000), made_line("93000", 5000), made_line("93000", 5000)}),
      made_claim("M10", 140, {"E119"}, {made_line("83036", 2500)})};
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_MADE_CLAIMS_H_
