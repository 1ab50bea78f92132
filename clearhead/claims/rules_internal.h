// The rules that need no memory of other claims.
#ifndef CLEARHEAD_CLAIMS_RULES_INTERNAL_H_
#define CLEARHEAD_CLAIMS_RULES_INTERNAL_H_

#include <optional>
#include <vector>

#include "clearhead/claims/rules.h"

namespace clearhead::claims {

/// What a line cost, 0 if it does not say.
inline Money amount_or_0(const Line& line) { return amount_of(line).value_or(Money{}); }

/// Whether a line is the sum of the others: revenue code 0001, total charge (NUBC).
inline bool is_total(const Line& line) { return line.revenue && line.revenue->value == "0001"; }

/// Units over the most that a table has for a line, or for all of a day's.
void find_units(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings);
/// Pairs of a table, unless a modifier says that they were apart.
void find_pairs(const Claim& claim, const CodeTables& tables, std::vector<Finding>& findings);
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
