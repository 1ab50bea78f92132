// Columns as wide as their widest cell, measured as a terminal shows them.
#include "clearhead/plot/text_table.h"

#include <algorithm>
#include <numeric>

#include "clearhead/plot/label.h"

namespace clearhead::plot {
namespace {

constexpr int kGap = 2;  // between columns
constexpr const char* kRest = "…";

std::vector<int> column_widths(const TextTable& table) {
  std::vector<int> widths;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    int width = display_width(table.columns[c].title);
    for (const auto& row : table.rows) width = std::max(width, display_width(row[c]));
    widths.push_back(width);
  }
  return widths;
}

// The table with its columns of text, the widest first, so short that it is at most `width` wide,
// if they can be.
TextTable with_shorter_texts(TextTable table, int width) {
  constexpr int kLeastText = 12;
  std::vector<int> widths = column_widths(table);
  int excess = std::accumulate(widths.begin(), widths.end(), -kGap) +
               kGap * static_cast<int>(widths.size()) - width;
  while (excess > 0) {
    std::size_t widest = widths.size();
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const bool is_wider = widest == widths.size() || widths[c] > widths[widest];
      if (table.columns[c].is_text && widths[c] > kLeastText && is_wider) widest = c;
    }
    if (widest == widths.size()) break;
    const int shorter = std::max(kLeastText, widths[widest] - excess);
    excess -= widths[widest] - shorter;
    widths[widest] = shorter;
    table.columns[widest].title = shorten(table.columns[widest].title, shorter);
    for (auto& row : table.rows) row[widest] = shorten(row[widest], shorter);
  }
  return table;
}

std::string spaces_to(int width, const std::string& text) {
  return std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
}

}  // namespace

std::string pad_left(const std::string& text, int width) { return spaces_to(width, text) + text; }

std::string pad_right(const std::string& text, int width) { return text + spaces_to(width, text); }

std::vector<std::string> TextTable::lines() const {
  const std::vector<int> widths = column_widths(*this);
  const auto line = [&](const auto& cell) {
    std::string text;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      text += std::string(c == 0 ? 0 : kGap, ' ');
      text += columns[c].is_text ? pad_right(cell(c), widths[c]) : pad_left(cell(c), widths[c]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
  };
  std::vector<std::string> all{line([&](std::size_t c) { return columns[c].title; })};
  for (const auto& row : rows) all.push_back(line([&](std::size_t c) { return row[c]; }));
  return all;
}

std::string TextTable::text(int width) const {
  std::string text;
  for (const std::string& line : with_shorter_texts(*this, width).lines()) {
    text += shorten(line, width) + "\n";
  }
  return text;
}

std::int64_t TextTable::fit(int width) {
  constexpr std::size_t kLeast = 3;
  const std::vector<int> widths = column_widths(*this);
  const int rest_width = kGap + display_width(kRest);
  int used = -kGap;
  std::size_t kept = 0;
  while (kept < widths.size()) {
    const int needed = used + kGap + widths[kept];
    const bool is_last = kept + 1 == widths.size();
    if (kept >= kLeast && needed + (is_last ? 0 : rest_width) > width) break;
    used = needed;
    ++kept;
  }
  const std::int64_t left_out = std::ssize(columns) - static_cast<std::int64_t>(kept);
  if (left_out > 0) cut(kept);
  return left_out;
}

void TextTable::cut(std::size_t kept) {
  columns.resize(kept);
  columns.push_back({kRest});
  for (auto& row : rows) {
    row.resize(kept);
    row.push_back(kRest);
  }
}

}  // namespace clearhead::plot
