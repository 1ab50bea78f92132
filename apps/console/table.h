// Matrices as labelled tables of text, and text in lines.
#ifndef CLEARHEAD_APPS_CONSOLE_TABLE_H_
#define CLEARHEAD_APPS_CONSOLE_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "apps/console/numbers.h"
#include "clearhead/plot/text_table.h"
#include "clearhead/tensor/tensor.h"

namespace clearhead::console {

/// A block of lines of text.
using Block = std::vector<std::string>;

/// The upper left corner of a matrix, which is shown, and what surrounds it.
struct MatrixCorner {
  Tensor corner;                           ///< f64 [rows ≤ all rows, columns ≤ all columns]
  std::int64_t rows = 0;                   ///< of the whole matrix
  std::int64_t columns = 0;                ///< of the whole matrix
  std::string row_title;                   ///< what a row is: "query"
  std::string column_title;                ///< what a column is: "key"
  std::vector<std::string> row_labels;     ///< of the whole matrix; none means 0, 1, 2, …
  std::vector<std::string> column_labels;  ///< likewise
};

/// The corner as a table at most `width` wide, if need be with fewer columns; a last line counts
/// what is left out.
Block matrix_lines(const MatrixCorner& view, const NumberFormat& format, int width);

/// Blocks side by side, as many as `width` has room for, then the next ones below.
std::string side_by_side(const std::vector<Block>& blocks, int width, int indent);

/// The name of a row or column in at most 16 columns of a terminal; its number if there are no
/// names.
std::string label_text(const std::vector<std::string>& labels, std::int64_t i);

/// `text` in lines of at most `width` characters, each after the first behind `indent` spaces.
std::string wrapped(const std::string& text, int width, int indent);

/// "note: …", a line each, wrapped at `width`; control characters, which may come from a file, are
/// escaped.
std::string notes_text(const std::vector<std::string>& notes, int width);

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_TABLE_H_
