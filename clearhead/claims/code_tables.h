// The user's own tables of codes, with their dates: which codes there are, how many units a day are
// plausible (MUE), which pairs are not billed together (PTP), and whom a code is for. None ships
// with clearhead.
#ifndef CLEARHEAD_CLAIMS_CODE_TABLES_H_
#define CLEARHEAD_CLAIMS_CODE_TABLES_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// The days on which a row holds, first and last; a missing one is open.
struct Validity {
  std::optional<Date> first;  ///< the first day
  std::optional<Date> last;   ///< the last day

  /// Whether it holds on this day; a missing day is within.
  bool has(std::optional<Date> day) const {
    return !day || ((!first || *first <= *day) && (!last || *day <= *last));
  }
};

/// A code that exists.
struct CodeRow {
  std::string description;  ///< may be empty
  Validity validity;        ///< from added to terminated
  Place place;              ///< the row of the table
};

/// The most units of a code (medically unlikely edit).
struct UnitsRow {
  double most = 0;          ///< how many may be
  bool is_of_line = false;  ///< of a line (adjudication indicator 1); else of a day (2, 3)
  Validity validity;        ///< when it holds
  Place place;              ///< the row of the table
};

/// Two codes that are not billed together for a day (procedure to procedure edit).
struct PairRow {
  std::string column1, column2;     ///< the second is not paid beside the first
  bool modifier_may_allow = false;  ///< indicator 1: a modifier says they were apart
  Validity validity;                ///< when it holds
  std::string rationale;            ///< may be empty
  Place place;                      ///< the row of the table
};

/// Whom a code is for.
struct PersonRow {
  std::string sex;                         ///< M or F; empty: both
  std::optional<double> min_age, max_age;  ///< years completed, both included
  Place place;                             ///< the row of the table
};

/// Tables, any number of each kind. Codes that a table gives without a system are HCPCS.
class CodeTables {
 public:
  /// Adds a CSV file, plain or gzip; its columns say which kind it is. Names are compared without
  /// case, and as CMS writes them too (docs/claims.md lists them). Throws Error if the columns are
  /// of none of these kinds, or a value cannot be read, with its place. Returns how many rows it
  /// has.
  std::int64_t add(const std::filesystem::path& path);

  /// The row of a code that holds on this day; else the last of that code; null if there is none.
  const CodeRow* row_of(const Code& code, std::optional<Date> day) const;
  /// Whether the tables list codes of this system that begin as this one does, with a letter or
  /// with a digit: HCPCS Level II alone says nothing of CPT.
  bool lists_codes_like(const Code& code) const;
  /// The descriptions of the other codes of its system that begin with the same characters; none if
  /// the code has no more characters than that.
  std::vector<std::string> descriptions_like(const Code& code, std::size_t characters) const;
  /// The limit of a code's units on a day; null if there is none.
  const UnitsRow* units_of(const Code& code, std::optional<Date> day) const;
  /// The rows of a pair of HCPCS codes, in this order.
  std::span<const PairRow> pairs_of(const Code& column1, const Code& column2) const;
  /// Whom a code is for; empty if no table says.
  std::span<const PersonRow> persons_of(const Code& code) const;

 private:
  class Reader;

  std::map<Code, std::vector<CodeRow>> codes_;
  std::set<std::pair<std::string, bool>> listed_;  // system, whether the code begins with a digit
  std::map<Code, std::vector<UnitsRow>> units_;
  std::vector<PairRow> pairs_;  // by their codes
  std::map<Code, std::vector<PersonRow>> persons_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CODE_TABLES_H_
