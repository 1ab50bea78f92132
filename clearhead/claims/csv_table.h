// A table that is being read: its rows, and which of its cells fill which fields.
#ifndef CLEARHEAD_CLAIMS_CSV_TABLE_H_
#define CLEARHEAD_CLAIMS_CSV_TABLE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/csv_form.h"
#include "clearhead/claims/csv_mapping.h"
#include "clearhead/claims/csv_rows.h"

namespace clearhead::claims {

/// A table whose rows come one after the other.
class CsvTable {
 public:
  /// Reads its header.
  CsvTable(ByteStream& stream, const CsvMapping& mapping);

  /// Goes to the next row; false at the end.
  bool next() { return rows_.next(row); }

  /// The cells in which the columns of a mapping stand, in their order. Throws Error if a column
  /// that the mapping names is not there.
  std::vector<std::size_t> cells_of(const MappedColumn& column) const;
  /// The one cell that there must be.
  std::size_t cell_of(const MappedColumn& column) const;
  /// A cell's place.
  Place place(const CsvRow& of, std::size_t cell) const;
  /// A row's place.
  Place place(const CsvRow& of) const { return {rows_.file(), of.line, 0, ""}; }
  /// The header's place.
  Place header_place() const { return {rows_.file(), 1, 0, ""}; }
  /// Names of columns whose cells nothing asked for.
  std::vector<std::string> unused() const;

  /// Calls `f(cell)` unless the cell is missing.
  template <typename F>
  void read(const CsvRow& of, std::size_t cell, F f) const {
    const std::string_view text = of[cell];
    if (!is_missing(text)) f(Cell{text, rows_.header()[cell], rows_.file(), of.line, style_});
  }
  /// The text of a cell, empty if it is missing.
  std::string text(const CsvRow& of, std::size_t cell) const;

  CsvRow row;  ///< the one that was read last

 private:
  std::optional<std::size_t> find(std::string_view name) const;

  CsvRows rows_;
  CsvStyle style_;
  mutable std::vector<bool> used_;
};

/// The cells of a table that fill some structs.
template <typename... Filled>
class FilledFrom {
 public:
  /// Those of `mapped` that have the names of `columns` and are in the table.
  FilledFrom(const CsvTable& table, const MappedTable& mapped,
             const std::vector<Column<Filled...>>& columns)
      : table_(&table) {
    const std::size_t identifiers = mapped.columns.size() - columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      for (const std::size_t cell : table.cells_of(mapped.columns[identifiers + i])) {
        cells_.push_back({cell, columns[i].read});
      }
    }
  }

  /// Fills them from a row. Throws UnreadableCell.
  void read(const CsvRow& row, Filled&... filled) const {
    for (const auto& [cell, read] : cells_) {
      const auto fill = read;
      table_->read(row, cell, [&](const Cell& c) { fill(c, filled...); });
    }
  }

 private:
  struct Bound {
    std::size_t cell;
    void (*read)(const Cell& cell, Filled&... filled);
  };

  const CsvTable* table_;
  std::vector<Bound> cells_;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_TABLE_H_
