// The form of our own tables of claims: for each column its name, its meaning, and how a claim is
// read from it and written to it. Mappings, reader, writer and help all follow from these lists.
#ifndef CLEARHEAD_CLAIMS_CSV_FORM_H_
#define CLEARHEAD_CLAIMS_CSV_FORM_H_

#include <string>
#include <utility>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/csv_cell.h"

namespace clearhead::claims {

/// A column of a table whose rows fill some structs.
template <typename... Filled>
struct Column {
  /// Fills from a cell.
  using Read = void (*)(const Cell& cell, Filled&... filled);
  /// The text of the cell.
  using Write = std::string (*)(const Filled&... filled);

  /// All of it.
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
