// Rules: what a claim's own numbers, the user's tables and what was learnt say for certain, without
// a score. A finding names the rule, the row of the table and the places in the claim.
#ifndef CLEARHEAD_CLAIMS_RULES_H_
#define CLEARHEAD_CLAIMS_RULES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/code_tables.h"
#include "clearhead/claims/pair_statistics.h"
#include "clearhead/claims/seen_lines.h"

namespace clearhead::claims {

/// What is checked.
enum class Rule {
  duplicate,       ///< the same member, code, modifiers, day, units, amount and provider again
  near_duplicate,  ///< the same member, code and day, but another of those differs
  units,           ///< more units than the table's most, in a line or on a day of one provider
  pair,            ///< two codes of one day and provider that a table does not let stand together
  sex,             ///< a code that a table gives to the other sex, or no one of this sex had
  age,             ///< likewise of another age
  dates,           ///< an end before its beginning, a line outside its claim, before birth
  totals,          ///< a total that is not the sum of its lines; what was paid does not balance
  code_dates,      ///< a code that was not valid yet, or no longer
  unknown_code,    ///< a code that no table has, though tables have codes like it: a warning
};

/// "duplicate", …
const char* to_string(Rule rule);

/// What a rule found in a claim.
struct Finding {
  Rule rule = Rule::duplicate;   ///< which
  bool is_warning = false;       ///< rather a fault of the table than of the claim
  std::string reason;            ///< one sentence, with the numbers
  std::optional<Place> row;      ///< of a table, where one is meant
  std::vector<Place> places;     ///< in the claim, and in an earlier one that has to do with it
  std::int64_t line = 0;         ///< place among the claim's lines, from 1; 0: the whole claim
  Money at_stake;                ///< the part of the line's or claim's amount that it is about
  std::string other_claim = {};  ///< if an earlier claim has to do with it: its number
};

/// Checks claims one after the other. Each is compared with those of the same member and day that
/// came before it, as many as SeenLines remembers.
class Rules {
 public:
  /// Without tables.
  Rules();
  /// Tables may be empty; without `learnt`, sex and age are known from tables alone. Both must
  /// outlive it.
  explicit Rules(const CodeTables& tables, const PairStatistics* learnt = nullptr)
      : tables_(tables), learnt_(learnt) {}

  /// What is found in this claim, in the order of the rules.
  std::vector<Finding> check(const Claim& claim);

 private:
  const CodeTables& tables_;
  const PairStatistics* learnt_;
  SeenLines seen_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_RULES_H_
