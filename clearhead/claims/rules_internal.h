// The rules, one after the other, and what they share.
#ifndef CLEARHEAD_CLAIMS_RULES_INTERNAL_H_
#define CLEARHEAD_CLAIMS_RULES_INTERNAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/claims/rules.h"

namespace clearhead::claims {

/// What a line cost, 0 if it does not say.
inline Money amount_or_0(const Line& line) { return amount_of(line).value_or(Money{}); }

/// Whether a line is the sum of the others: revenue code 0001, total charge (NUBC).
inline bool is_total(const Line& line) { return line.revenue && line.revenue->value == "0001"; }

/// What is found of units over the most: of a line that has `of_line` of them, the part of its
/// amount that is too much.
Finding units_finding(const UnitsRow& row, double units, double of_line, Money amount,
                      std::int64_t line, std::string reason, std::vector<Place> places,
                      std::string other_claim);

/// Duplicates, units of a day and pairs of a table, beside the lines of the member's day in this
/// claim and in those before it, to which its lines are added.
void compare_with_day(const Claim& claim, const CodeTables& tables, SeenLines& seen,
                      std::vector<Finding>& findings);
/// Units over the most that a table has for a line.
void find_units_of_line(const Claim& claim, const CodeTables& tables,
                        std::vector<Finding>& findings);
/// Sex and age against codes, by tables and by what was learnt, which may be null.
void find_persons(const Claim& claim, const CodeTables& tables, const PairStatistics* learnt,
                  std::vector<Finding>& findings);
/// Days that are not in their order.
void find_dates(const Claim& claim, std::vector<Finding>& findings);
/// Sums that do not agree.
void find_totals(const Claim& claim, std::vector<Finding>& findings);
/// Codes that no table has, or not for this day.
void find_codes(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_RULES_INTERNAL_H_
