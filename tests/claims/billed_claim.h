// A claim whose totals add up, made by hand, line by line, with places.
#ifndef CLEARHEAD_TESTS_CLAIMS_BILLED_CLAIM_H_
#define CLEARHEAD_TESTS_CLAIMS_BILLED_CLAIM_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

inline Date day(int year, unsigned month, unsigned day_of_month) {
  return std::chrono::sys_days(std::chrono::year{year} / static_cast<int>(month) /
                               static_cast<int>(day_of_month));
}

template <typename T>
Field<T> field(T value, const std::string& part = "") {
  return {std::move(value), Place{nullptr, 1, 0, part}};
}

/// A line of one unit.
inline Line billed_line(std::int64_t number, const std::string& code, std::int64_t cents,
                        const std::string& system = "HCPCS") {
  Line line;
  line.number = field<std::int64_t>(number);
  line.code = field(Code{system, code}, "code");
  line.units = field(1.0, "units");
  line.charge = field(Money{cents}, "charge");
  return line;
}

/// A professional claim of a man born on 1980-06-15, of 2024-03-01, without lines.
inline Claim billed_claim(const std::string& id, const std::string& member = "M1") {
  Claim claim;
  claim.id = field(id);
  claim.member.id = field(member);
  claim.member.sex = field(std::string("M"), "sex");
  claim.member.birth_date = field(day(1980, 6, 15), "birth_date");
  claim.type = field(ClaimType::professional);
  claim.from = field(day(2024, 3, 1), "service_date");
  claim.provider = field(std::string("P1"), "provider");
  claim.charge = field(Money{0}, "charge");
  return claim;
}

/// Adds a line, and its charge to the total.
inline void add_line(Claim& claim, Line line) {
  claim.charge.value = *claim.charge + *line.charge;
  claim.lines.push_back(std::move(line));
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_TESTS_CLAIMS_BILLED_CLAIM_H_
