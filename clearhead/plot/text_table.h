// Tables of text, with columns that line up in a terminal.
#ifndef CLEARHEAD_PLOT_TEXT_TABLE_H_
#define CLEARHEAD_PLOT_TEXT_TABLE_H_

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace clearhead::plot {

/// Cells under a header; each column is as wide as its widest cell. Columns of text are aligned
/// left, numbers right.
struct TextTable {
  /// One of them.
  struct Column {
    std::string title;     ///< its header
    bool is_text = false;  ///< else numbers
  };
  std::vector<Column> columns;                 ///< from left to right
  std::vector<std::vector<std::string>> rows;  ///< as many cells each as there are columns

  /// The header and the rows, without line breaks and blanks at their ends.
  std::vector<std::string> lines() const;
  /// The lines as a text, at most `width` wide if that is given: the widest columns of text are
  /// shortened first, and only if that does not do, the lines.
  std::string text(int width = std::numeric_limits<int>::max()) const;
  /// Cuts columns off at the right until the table is at most `width` wide, and returns how many
  /// are left out. The first three columns always stay.
  std::int64_t fit(int width);
  /// Puts one column of "…" in the place of those from `kept` on.
  void cut(std::size_t kept);
};

/// `text` behind spaces that fill it up to `width` columns of a terminal.
std::string pad_left(const std::string& text, int width);
/// `text` before spaces that fill it up.
std::string pad_right(const std::string& text, int width);

}  // namespace clearhead::plot

#endif  // CLEARHEAD_PLOT_TEXT_TABLE_H_
