// Names of columns are compared without regard to capitals.
#include "clearhead/claims/csv_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "clearhead/base/close_names.h"
#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

std::string small(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

CsvStyle style_of(const CsvMapping& mapping, const CsvRows& rows) {
  CsvStyle style = mapping.style;
  style.separator = rows.separator();
  return style;
}

}  // namespace

CsvTable::CsvTable(ByteStream& stream, const CsvMapping& mapping)
    : rows_(stream, mapping.style.separator),
      style_(style_of(mapping, rows_)),
      used_(rows_.header().size()) {}

std::optional<std::size_t> CsvTable::find(std::string_view name) const {
  const std::vector<std::string>& header = rows_.header();
  const auto found = std::find_if(header.begin(), header.end(), [&](const std::string& column) {
    return small(column) == small(name);
  });
  if (found == header.end()) return std::nullopt;
  const auto cell = static_cast<std::size_t>(found - header.begin());
  used_[cell] = true;
  return cell;
}

std::vector<std::size_t> CsvTable::cells_of(const MappedColumn& column) const {
  std::vector<std::size_t> cells;
  for (const std::string& name : column.names) {
    if (const auto cell = find(name)) {
      cells.push_back(*cell);
    } else if (column.is_named()) {
      throw Error(fmt::format("{}: expected a column \"{}\", which the mapping has for \"{}\"{}",
                              *rows_.file(), name, column.name, those_like(name, rows_.header())));
    }
  }
  if (column.is_named()) return cells;
  for (const std::string& name : column.others) {
    if (!cells.empty() && !column.is_list) break;
    if (const auto cell = find(name)) cells.push_back(*cell);
  }
  return cells;
}

std::size_t CsvTable::cell_of(const MappedColumn& column) const {
  const auto cells = cells_of(column);
  if (cells.empty()) {
    throw Error(
        fmt::format("{}: expected a column \"{}\", {}; got {}. A mapping can give it another "
                    "name",
                    *rows_.file(), column.name, column.help, fmt::join(rows_.header(), ", ")));
  }
  return cells[0];
}

Place CsvTable::place(const CsvRow& of, std::size_t cell) const {
  return {rows_.file(), of.line, 0, rows_.header()[cell]};
}

std::vector<std::string> CsvTable::unused() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (!used_[i] && !rows_.header()[i].empty()) names.push_back(rows_.header()[i]);
  }
  return names;
}

std::string CsvTable::text(const CsvRow& of, std::size_t cell) const {
  std::string text;
  read(of, cell, [&text](const Cell& c) { text = *c.word().value; });
  return text;
}

}  // namespace clearhead::claims
