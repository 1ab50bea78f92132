// The cells of a `.csv`: text cut into rows, before anything is known about numbers and labels. For
// csv.cc.
#ifndef CLEARHEAD_TENSOR_CSV_CELLS_H_
#define CLEARHEAD_TENSOR_CSV_CELLS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace clearhead {

/// A cell as it stands in the text.
struct CsvCell {
  std::string text;        ///< without the quotes, or without the blanks around it
  std::string blanks;      ///< the cell, if it is nothing but blanks
  bool is_quoted = false;  ///< the text, perhaps empty, is in quotes
  std::size_t line = 0;    ///< counted from 1
  std::size_t column = 0;  ///< likewise
};

/// The cells of a line, at least one.
using CsvRow = std::vector<CsvCell>;

/// Whether `text` is a number with a decimal comma: "-0,5", "1,5e3".
bool has_decimal_comma(std::string_view text);

/// Goes through a text from row to row.
class CsvCells {
 public:
  /// `text` is not empty and does not end in blanks or line ends; both outlive the object. The
  /// separator is the one that a first line "sep=;" says, which is no row; else the one before the
  /// last cell, which after ';' or '\t' may have a decimal comma.
  CsvCells(std::string_view text, const std::string& file);

  /// Puts the next row into `row`, which has at least one cell then; false at the end of the text.
  /// Throws Error naming file, line and column if a line is empty or a quote is out of place.
  bool next_row(CsvRow& row);

  /// ',', ';', '\t', or ' ' for runs of blanks.
  char separator() const { return separator_; }
  /// Whether quotes make a cell a label. Not if all cells are in quotes.
  bool quotes_mark_labels() const { return quotes_mark_labels_; }

  /// Throws Error: `fault` at this cell, or in this line.
  [[noreturn]] void fail(const CsvCell& cell, const std::string& fault) const;
  /// The same of a whole line.
  [[noreturn]] void fail_in_line(std::size_t line, const std::string& fault) const;

 private:
  void scan_cell(CsvCell& cell);
  void scan_quoted(CsvCell& cell);
  bool accept_separator();
  void end_line();
  bool at_newline() const;
  bool at_separator() const;
  void skip_blanks();

  std::string_view text_;
  const std::string& file_;
  char separator_;
  bool quotes_mark_labels_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_CSV_CELLS_H_
