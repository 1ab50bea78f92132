// A cell of a table as a field of a claim, and a field as the text of a cell.
#ifndef CLEARHEAD_CLAIMS_CSV_CELL_H_
#define CLEARHEAD_CLAIMS_CSV_CELL_H_

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/csv_values.h"

namespace clearhead::claims {

/// A cell that does not hold what its column should, which is its claim's refusal.
class UnreadableCell : public std::runtime_error {
 public:
  /// The reason says what was expected and what came.
  UnreadableCell(Place place, const std::string& reason)
      : std::runtime_error(reason), place(std::move(place)) {}

  Place place;  ///< of the cell
};

/// A cell that is not missing, and what it says. Throws UnreadableCell if it says something else.
struct Cell {
  std::string_view text;                           ///< without blanks around it
  const std::string& column;                       ///< as the header has it
  const std::shared_ptr<const std::string>& file;  ///< its name
  std::uint64_t line;                              ///< from 1
  const CsvStyle& style;                           ///< of the file

  /// Where it stands.
  Place place() const { return {file, line, 0, column}; }
  /// Any text, in UTF-8; what is not is taken for Windows-1252. 77.0 is 77.
  Field<std::string> word() const;
  /// A day.
  Field<Date> date() const;
  /// An amount.
  Field<Money> money() const;
  /// A number.
  Field<double> number() const;
  /// A whole number.
  Field<std::int64_t> whole_number() const;
  /// A code of that system, with the zeros before it that spreadsheets take away.
  Field<Code> code(std::string_view system) const;
  /// Throws the UnreadableCell of a cell in which `expected` should be.
  [[noreturn]] void fail(std::string_view expected) const;
};

/// Adds a diagnosis, the first of which is principal. One without a code keeps its place.
void add_diagnosis(Claim& claim, const std::string& system, const std::string& code,
                   const Cell& cell);

/// Says of which system a code is, if there is one.
void set_code_system(const Cell& cell, Field<Code>& code);

/// Adds an amount to a sum: several columns may give it in parts.
void add_money(const Cell& cell, Field<Money>& sum);

/// Adds adjustments such as "CO-45:12.30", or "CO-45:12.30:2" with a quantity.
void add_adjustments(const Cell& cell, std::vector<Adjustment>& adjustments);

/// The text that is read as this value.
std::string text_of(const std::string& text);
/// Likewise.
std::string text_of(Date date);
/// Likewise.
std::string text_of(Money money);
/// Likewise.
std::string text_of(double number);
/// Likewise.
std::string text_of(std::int64_t number);
/// Likewise.
std::string text_of(ClaimType type);
/// Without its system.
std::string text_of(const Code& code);
/// As `add_adjustments` reads it.
std::string text_of(const Adjustment& adjustment);

/// Empty if it is missing.
template <typename T>
std::string text_of(const Field<T>& field) {
  return field ? text_of(*field) : std::string();
}

/// The system of a code; empty if there is none.
std::string system_of(const Field<Code>& code);

/// The list of `text(value)` of each.
template <typename T, typename F>
std::string list_of_each(const std::vector<T>& values, F text) {
  std::vector<std::string> items;
  for (const T& value : values) items.push_back(text(value));
  return list_of(items);
}

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_CELL_H_
