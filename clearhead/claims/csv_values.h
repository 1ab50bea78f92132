// What people write into the cells of tables, as values: dates, amounts, numbers, codes and lists,
// in the forms of spreadsheets, databases, pandas and R.
#ifndef CLEARHEAD_CLAIMS_CSV_VALUES_H_
#define CLEARHEAD_CLAIMS_CSV_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// The most cents of an amount in a table, so that sums of many are exact.
constexpr std::int64_t kMostCents = 10'000'000'000'000'000;

/// Which of "." and "," stands before the fraction of a number.
enum class DecimalSign {
  seen,   ///< as each number shows; one that can be read two ways is refused
  point,  ///< 1,234.50
  comma,  ///< 1.234,50
};

/// Which comes first in 03/04/2024. With dots between (3.4.2024), it is always the day.
enum class DateOrder { month_first, day_first };

/// How values of a file are written, where that is not seen from the values.
struct CsvStyle {
  DecimalSign decimal = DecimalSign::seen;        ///< of numbers
  DateOrder date_order = DateOrder::month_first;  ///< of dates
  char separator = ',';                           ///< of cells: beside ",", "1,234" is 1234
};

/// Whether a cell says that there is no value: it is empty, or NA, NaN, NULL, None, … .
bool is_missing(std::string_view cell);

/// A day: 2024-01-31, 20240131, 01/31/2024, 31.1.2024, 31-Jan-2024; a time behind it is dropped.
/// None if it is something else.
std::optional<Date> date_of(std::string_view cell, DateOrder order);

/// The first of January of a year: 1979, or 1979.0 as pandas has it.
std::optional<Date> year_of(std::string_view cell);

/// A number: 1234.5, "1,234.5", 1.234,5, -2, (2), 2-, $ 2, 1e+05.
std::optional<double> number_of(std::string_view cell, const CsvStyle& style);

/// The same as an amount up to kMostCents, exact but for parts of cents, which are rounded.
std::optional<Money> money_of(std::string_view cell, const CsvStyle& style);

/// A whole number: 12, or 12.0.
std::optional<std::int64_t> whole_number_of(std::string_view cell);

/// 77 of 77.0: pandas writes numbers so that are no amounts, if one in their column is missing.
/// Anything else as it is.
std::string_view without_fraction(std::string_view cell);

/// A code in capitals without dots and blanks. 99213.0, as pandas has it, is 99213.
std::string code_of(std::string_view cell);

/// M, F or U of what files have for them: male, Female, 1 and 2 (ISO 5218 and Medicare), …; another
/// word as it is.
std::string sex_of(std::string_view cell);

/// A code system by the name that claims use: "RxNorm" of "RXNORM", "HCPCS" of "CPT". Another
/// keeps its name.
std::string code_system_of(std::string_view cell);

/// What kind of claim a word or a code of Medicare's files (71, carrier) means.
std::optional<ClaimType> claim_type_of(std::string_view cell);

/// What a diagnosis is, as `to_string` has it, with "_" for a blank.
std::optional<DiagnosisRole> diagnosis_role_of(std::string_view cell);

/// The items of a list: between "|", which then ends an item ("a|b|"), else between blanks, commas
/// and semicolons.
std::vector<std::string_view> items_of(std::string_view cell);

/// A list that `items_of` reads; "|" in an item becomes "/".
std::string list_of(const std::vector<std::string>& items);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_VALUES_H_
