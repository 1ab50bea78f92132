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

/// A matrix and what its rows and columns are called.
struct Table {
  Tensor values;                           // [rows, columns]
  std::vector<std::string> row_labels;     // one each, or none
  std::vector<std::string> column_labels;  // one each, or none
  std::vector<std::string> notes = {};     // how a file was understood where that is not plain
};

/// Reads a table, its values as f64.
///
/// The separator is the one before the last cell: comma, semicolon, tab, or else blanks. Numbers
/// have a decimal point; inf and nan are numbers.
///
/// The first row is taken for column labels if all its cells after the first are none of them
/// numbers, or if its first cell is empty; a note says that it was. The first column is taken for
/// row labels if that of the first row of numbers is no number, if the very first cell is empty, or
/// if the first row is labels only and one cell short, as R writes tables. A number among labels,
/// or a label among numbers, is an Error, so that a mistyped number never turns into a label; so is
/// a first row of nothing but what stands for numbers ("NA", "true", "10%"). A label that looks
/// like a number is put in quotes: unless the file's last cell has quotes too, a cell in quotes is
/// a label. A row label may be blanks.
///
/// Throws Error naming file, line and column if rows differ in length, a cell is empty or neither
/// number nor label, a quote is not closed, or text is not UTF-8.
Table read_csv(const std::filesystem::path& path);

/// The same from memory. `name` stands for the file in messages.
Table parse_csv(std::span<const std::byte> bytes, const std::string& name);

/// Writes a table, separated by commas, labels in quotes, numbers with as few digits as give the
/// same number of their type again. Throws Error if the values are no matrix or have no elements,
/// or if the numbers of labels do not fit.
void write_csv(const std::filesystem::path& path, const Table& table);

/// The same to a stream. `name` stands for the file in messages.
void write_csv(std::ostream& to, const Table& table, const std::string& name);

}  // namespace clearhead

#endif  // CLEARHEAD_TENSOR_CSV_H_
