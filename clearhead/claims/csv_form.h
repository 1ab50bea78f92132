// The form of our own tables of claims: for each column its name, its meaning, and how a claim is
// read from it and written to it. Mappings, reader, writer and help all follow from these lists.
#ifndef CLEARHEAD_CLAIMS_CSV_FORM_H_
#define CLEARHEAD_CLAIMS_CSV_FORM_H_

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
  /// Any text, in UTF-8; what is not is taken for Windows-1252.
  Field<std::string> word() const;
  /// A day.
  Field<Date> date() const;
  /// An amount.
  Field<Money> money() const;
  /// A number.
  Field<double> number() const;
  /// A whole number.
  Field<std::int64_t> whole_number() const;
  /// A code of that system.
  Field<Code> code(std::string_view system) const;
  /// Throws the UnreadableCell of a cell in which `expected` should be.
  [[noreturn]] void fail(std::string_view expected) const;
};

/// A column of a table whose rows fill some structs.
template <typename... Filled>
struct Column {
  using Read = void (*)(const Cell& cell, Filled&... filled);
  using Write = std::string (*)(const Filled&... filled);

  Column(std::string name, std::string help, Read read, Write write, bool is_list = false,
         std::vector<std::string> others = {})
      : name(std::move(name)),
        help(std::move(help)),
        read(read),
        write(write),
        is_list(is_list),
        others(std::move(others)) {}

  std::string name;                 ///< in our own form and in mappings
  std::string help;                 ///< what is in it
  Read read;                        ///< called once for each of its cells
  Write write;                      ///< empty: missing; null: it is only read
  bool is_list;                     ///< a mapping may name several columns for it
  std::vector<std::string> others;  ///< further columns that are looked for
};

/// members.csv.
const std::vector<Column<Member>>& member_columns();
/// claims.csv.
const std::vector<Column<Claim>>& claim_columns();
/// lines.csv; its first column, the claim's number, is not among them.
const std::vector<Column<Claim, Line>>& line_columns();

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_FORM_H_
