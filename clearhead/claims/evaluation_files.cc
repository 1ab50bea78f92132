// Reads and writes labels and scores as CSV.
#include "clearhead/claims/evaluation_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string_view>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/claims/csv_rows.h"
#include "clearhead/claims/csv_values.h"
#include "clearhead/claims/csv_writer.h"

namespace clearhead::claims {
namespace {

// A table whose rows are read one after the other, with columns that must be there.
class Table {
 public:
  explicit Table(const std::filesystem::path& path) : stream_(path), rows_(stream_) {}

  const std::vector<std::string>& header() const { return rows_.header(); }

  std::optional<std::size_t> find(std::string_view name) const {
    const auto& names = header();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
  }
  std::size_t column(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    throw Error(fmt::format("\"{}\": expected a column {}; its columns are {}", *rows_.file(), name,
                            fmt::join(header(), ", ")));
  }

  bool next() {
    if (!rows_.next(row_)) return false;
    if (!row_.fault.empty()) fail(row_.fault);
    return true;
  }
  std::string text(std::size_t column) const { return std::string(row_[column]); }
  double number(std::size_t column) const {
    const auto number = number_of(row_[column], {.decimal = DecimalSign::point});
    if (!number)
      fail(fmt::format("column {}: expected a number, not \"{}\"", header()[column], row_[column]));
    return *number;
  }
  // 0 if the cell is empty.
  std::int64_t whole_number(std::size_t column) const {
    if (row_[column].empty()) return 0;
    const auto number = whole_number_of(row_[column]);
    if (!number)
      fail(fmt::format("column {}: expected a whole number, not \"{}\"", header()[column],
                       row_[column]));
    return *number;
  }
  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(fmt::format("\"{}\", line {}: {}", *rows_.file(), row_.line, reason));
  }

 private:
  ByteStream stream_;
  CsvRows rows_;
  CsvRow row_;
};

}  // namespace

void write_labels(const std::filesystem::path& path, const std::vector<Label>& labels) {
  write_file(path, [&](std::ostream& out) {
    out << "claim,kind,line\n";
    for (const Label& label : labels) {
      out << csv_cell(label.claim) << ',' << to_string(label.alteration) << ','
          << (label.line > 0 ? std::to_string(label.line) : "") << '\n';
    }
  });
}

std::unordered_map<std::string, Label> read_labels(const std::filesystem::path& path) {
  Table table(path);
  const std::size_t claim = table.column("claim"), kind = table.column("kind");
  const std::size_t line = table.column("line");
  std::unordered_map<std::string, Label> labels;
  while (table.next()) {
    const auto alteration = alteration_named(table.text(kind));
    if (!alteration) table.fail("there is no alteration \"" + table.text(kind) + "\"");
    labels[table.text(claim)] = {table.text(claim), *alteration, table.whole_number(line)};
  }
  return labels;
}

ScoreFile read_score_file(const std::filesystem::path& path) {
  Table table(path);
  const std::size_t claim = table.column("claim");
  const auto evidence = table.find("evidence_line");
  std::vector<std::size_t> numbers = {table.column("score")};
  for (std::size_t i = 0; i < table.header().size(); ++i) {
    if (i != claim && i != numbers.front() && i != evidence) numbers.push_back(i);
  }
  ScoreFile file;
  for (const std::size_t i : numbers) file.columns.push_back(table.header()[i]);
  while (table.next()) {
    ScoreFile::Row& row = file.rows[table.text(claim)];
    row.scores.clear();
    for (const std::size_t i : numbers) row.scores.push_back(table.number(i));
    if (evidence) row.evidence_line = table.whole_number(*evidence);
  }
  return file;
}

}  // namespace clearhead::claims
