// Rules: what a claim's own numbers, the user's tables and what was learnt say for certain, without
// a score. A finding names the rule, the row of the table and the places in the claim.
#ifndef CLEARHEAD_CLAIMS_RULES_H_
#define CLEARHEAD_CLAIMS_RULES_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/code_tables.h"
#include "clearhead/claims/pair_statistics.h"

namespace clearhead::claims {

/// What is checked.
enum class Rule {
  duplicate,       ///< the same member, code, modifiers, day, units, amount and provider again
  near_duplicate,  ///< the same member, code and day, but another of those differs
  units,           ///< more units than the table's most
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
  std::vector<Place> places;     ///< in the claim; of duplicates, also in the earlier one
  std::int64_t line = 0;         ///< place among the claim's lines, from 1; 0: the whole claim
  Money at_stake;                ///< the part of the line's or claim's amount that it is about
  std::string other_claim = {};  ///< of duplicates across claims: the number of the earlier one
};

/// Checks claims one after the other. Remembers the last 1,000 lines of each member, with which
/// later ones are compared.
class Rules {
 public:
  /// Tables may be empty; without `learnt`, sex and age are known from tables alone. Both must
  /// outlive it.
  explicit Rules(const CodeTables& tables, const PairStatistics* learnt = nullptr)
      : tables_(tables), learnt_(learnt) {}

  /// What is found in this claim, in the order of the rules.
  std::vector<Finding> check(const Claim& claim);

 private:
  // A line that was seen before.
  struct Remembered {
    std::uint64_t service;  // hash of code and day
    std::uint64_t details;  // hash of modifiers, units, amount, provider
    std::shared_ptr<const std::string> claim;
    Place place;
  };
  // The lines of a member; once there are too many, the oldest are replaced.
  struct Memory {
    std::vector<Remembered> lines;
    std::size_t next = 0;
  };

  void find_duplicates(const Claim& claim, std::vector<Finding>& findings);

  const CodeTables& tables_;
  const PairStatistics* learnt_;
  std::unordered_map<std::string, Memory> members_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_RULES_H_
