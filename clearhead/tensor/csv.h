// `.csv`: a matrix of numbers as text, with or without labels.
//
// Source: RFC 4180; besides commas, cells may be separated by semicolons, tabs or runs of blanks.
#ifndef CLEARHEAD_TENSOR_CSV_H_
#define CLEARHEAD_TENSOR_CSV_H_

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// A matrix with the names of its rows and columns.
struct Table {
  Tensor values;                           ///< [rows, columns]
  std::vector<std::string> row_labels;     ///< one each, or none
  std::vector<std::string> column_labels;  ///< one each, or none
  std::vector<std::string> notes = {};     ///< what had to be guessed about the file
};

/// Reads a table, its values as f64.
///
/// The separator is the one before the last cell: comma, semicolon, tab, or else blanks; or the one
/// that a first line says to Excel ("sep=;"). Numbers have a decimal point; between semicolons or
/// tabs all may have a decimal comma, as Excel writes them in much of Europe, which a note says.
/// That is an Error where each of them may as well have a comma between thousands ("1,234"). inf
/// and nan are numbers.
///
/// The first row is taken for column labels if none of its cells after the first is a number, or if
/// its first cell is empty; a note says so. The first column is taken for row labels in three
/// cases: the first row of numbers does not begin with a number, the very first cell is empty, or
/// the first row has only labels and one cell less than the others, as R writes tables.
///
/// A number among labels, or a label among numbers, is an Error, so that a mistyped number never
/// becomes a label. A first row that has only words for numbers ("NA", "true", "10%") is an Error
/// too. A label that looks like a number must be in quotes: a cell in quotes is a label, unless the
/// last cell of the file has quotes too, or it is a number with a decimal comma, which many put in
/// quotes. A row label may be blanks.
///
/// Throws Error naming file, line and column if rows differ in length, a cell is empty or neither
/// number nor label, a quote is not closed, or text is not UTF-8.
Table read_csv(const std::filesystem::path& path);

/// The same from memory. `name` stands for the file in messages.
Table parse_csv(std::span<const std::byte> bytes, const std::string& name);

/// Writes a table: separated by commas, labels in quotes, each number with the fewest digits that
/// give the same number again. Throws Error if the values are not a matrix or have no elements, or
/// if there are too many or too few labels.
void write_csv(const std::filesystem::path& path, const Table& table);

/// The same to a stream. `name` stands for the file in messages.
void write_csv(std::ostream& to, const Table& table, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_CSV_H_
