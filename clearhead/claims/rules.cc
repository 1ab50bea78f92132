// All rules of a claim, in their order.
#include "clearhead/claims/rules.h"

#include <algorithm>
#include <array>

#include "clearhead/claims/rules_internal.h"

namespace clearhead::claims {
namespace {

constexpr std::array kNames = {
    "duplicate", "near_duplicate", "units",  "pair",       "sex",
    "age",       "dates",          "totals", "code_dates", "unknown_code"};

const CodeTables& no_tables() {
  static const CodeTables none;
  return none;
}

}  // namespace

const char* to_string(Rule rule) { return kNames[static_cast<std::size_t>(rule)]; }

Rules::Rules() : Rules(no_tables()) {}

std::vector<Finding> Rules::check(const Claim& claim) {
  std::vector<Finding> findings;
  compare_with_day(claim, tables_, seen_, findings);
  find_units_of_line(claim, tables_, findings);
  find_persons(claim, tables_, learnt_, findings);
  find_dates(claim, findings);
  find_totals(claim, findings);
  find_codes(claim, tables_, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.rule < b.rule; });
  return findings;
}

}  // namespace clearhead::claims
