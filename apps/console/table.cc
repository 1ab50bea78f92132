// Matrices of numbers as tables, blocks of lines, and words in lines.
#include "apps/console/table.h"

#include <algorithm>

#include "clearhead/base/error.h"
#include "clearhead/plot/label.h"

namespace clearhead::console {
namespace {

constexpr int kBlockGap = 4;     // between blocks side by side
constexpr int kLabelWidth = 16;  // the most that a label takes

int width_of(const Block& block) {
  int width = 0;
  for (const std::string& line : block) width = std::max(width, plot::display_width(line));
  return width;
}

}  // namespace

std::string label_text(const std::vector<std::string>& labels, std::int64_t i) {
  if (labels.empty()) return std::to_string(i);
  return plot::shorten(plot::visible_label(labels[static_cast<std::size_t>(i)]), kLabelWidth);
}

Block matrix_lines(const MatrixCorner& view, const NumberFormat& format, int width) {
  const std::int64_t R = view.corner.size(0);
  const std::int64_t C = view.corner.size(1);
  const double* values = view.corner.data<double>();
  plot::TextTable table;
  const bool names_both = !view.row_title.empty() && !view.column_title.empty();
  table.columns.push_back({view.row_title + (names_both ? " \\ " : "") + view.column_title});
  for (std::int64_t c = 0; c < C; ++c) {
    table.columns.push_back({label_text(view.column_labels, c)});
  }
  for (std::int64_t r = 0; r < R; ++r) {
    std::vector<std::string> row{label_text(view.row_labels, r)};
    for (std::int64_t c = 0; c < C; ++c) row.push_back(format(values[r * C + c]));
    table.rows.push_back(std::move(row));
  }
  std::int64_t left_out = table.fit(width);
  if (left_out == 0 && C < view.columns) table.cut(table.columns.size());
  left_out += view.columns - C;
  Block block = table.lines();
  std::string rest;
  if (R < view.rows) rest = counted(view.rows - R, "more row");
  if (left_out > 0) rest += (rest.empty() ? "" : ", ") + counted(left_out, "more column");
  if (!rest.empty()) block.push_back("… " + rest);
  return block;
}

std::string side_by_side(const std::vector<Block>& blocks, int width, int indent) {
  std::string text;
  for (std::size_t begin = 0; begin < blocks.size();) {
    std::size_t end = begin;
    int used = indent;
    std::size_t height = 0;
    while (end < blocks.size()) {
      const int needed = width_of(blocks[end]) + (end == begin ? 0 : kBlockGap);
      if (end > begin && used + needed > width) break;
      used += needed;
      height = std::max(height, blocks[end].size());
      ++end;
    }
    if (begin > 0) text += "\n";
    for (std::size_t row = 0; row < height; ++row) {
      std::string line(static_cast<std::size_t>(indent), ' ');
      for (std::size_t b = begin; b < end; ++b) {
        const std::string part = row < blocks[b].size() ? blocks[b][row] : "";
        line += (b == begin ? "" : std::string(kBlockGap, ' ')) +
                plot::pad_right(part, width_of(blocks[b]));
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    begin = end;
  }
  return text;
}

std::string wrapped(const std::string& text, int width, int indent) {
  std::string result;
  int used = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string word = text.substr(begin, end - begin);
    const int word_width = plot::display_width(word);
    if (used > 0 && used + 1 + word_width > width) {
      result += "\n" + std::string(static_cast<std::size_t>(indent), ' ');
      used = 0;
    }
    result += (used > 0 ? " " : "") + word;
    used += (used > 0 ? 1 : 0) + word_width;
    begin = end + 1;
  }
  return result;
}

std::string notes_text(const std::vector<std::string>& notes, int width) {
  const std::string head = "note: ";
  const int indent = static_cast<int>(head.size());
  std::string text;
  for (const std::string& note : notes) {
    text += head + wrapped(without_controls(note), width - indent, indent) + "\n";
  }
  return text;
}

}  // namespace clearhead::console
