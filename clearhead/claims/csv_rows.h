// The rows of a table in CSV, one after the other, whatever its separator, line ends and quotes.
// The reader of tables of numbers (tensor/csv.h) has its whole text in memory; claims do not fit.
#ifndef CLEARHEAD_CLAIMS_CSV_ROWS_H_
#define CLEARHEAD_CLAIMS_CSV_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// A row, which owns its text. Cells have no blanks around them, and no quotes.
class CsvRow {
 public:
  std::uint64_t line = 0;  ///< of the file, where the row begins, from 1
  std::string fault;       ///< why it cannot be read, if it cannot

  /// Cells.
  std::size_t size() const { return bounds_.size() - 1; }
  /// The cell; empty if the row has fewer.
  std::string_view operator[](std::size_t i) const;
  /// What it takes in memory, about.
  std::size_t bytes() const;

 private:
  friend class CsvRows;

  std::string text_;
  std::vector<std::uint32_t> bounds_{0};  // cell i: text_ from bound i to bound i + 1
};

/// Goes through a table from row to row.
class CsvRows {
 public:
  /// Reads the header. A separator of 0 is seen from it. Throws Error if there is none, or if the
  /// file is in UTF-16, as Excel's "Unicode Text" is.
  explicit CsvRows(ByteStream& stream, char separator = 0);

  /// The names of the columns.
  const std::vector<std::string>& header() const { return header_; }
  /// Between cells.
  char separator() const { return separator_; }
  /// Of the file.
  const std::shared_ptr<const std::string>& file() const { return stream_.name(); }

  /// Reads the next row that is not empty; false at the end. A row with a fault does not stop those
  /// behind it. Throws Error for a row of more than a megabyte.
  bool next(CsvRow& row);

 private:
  std::string_view line_from(std::size_t from);
  bool read_row(CsvRow& row);
  bool read_quoted(std::string_view& bytes, std::size_t& at, CsvRow& row);
  void check_width(CsvRow& row);
  void read_header();

  ByteStream& stream_;
  char separator_;
  char line_end_ = '\n';
  std::uint64_t line_ = 1;
  std::vector<std::string> header_;
  bool has_row_names_ = false;  // as R writes them: 1, 2, … before what the header names
  bool is_first_ = true;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_ROWS_H_
