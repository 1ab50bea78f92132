// A line without quotes is cut at its separators; one with quotes is gone through cell by cell.
#include "clearhead/claims/csv_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "clearhead/base/error.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 20;   // of a row
constexpr std::size_t kMostQuoted = std::size_t{1} << 16;  // of a cell: else its quote is a slip
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The sign that cuts the header into most cells.
char separator_of(std::string_view header) {
  char best = ',';
  std::ptrdiff_t most = 0;
  for (const char sign : {',', ';', '\t', '|'}) {
    const std::ptrdiff_t count = std::count(header.begin(), header.end(), sign);
    if (count > most) best = sign, most = count;
  }
  return best;
}

}  // namespace

std::string_view CsvRow::operator[](std::size_t i) const {
  if (i >= size()) return {};
  return std::string_view(text_).substr(bounds_[i], bounds_[i + 1] - bounds_[i]);
}

std::size_t CsvRow::bytes() const {
  return sizeof(*this) + text_.capacity() + bounds_.capacity() * sizeof(bounds_[0]);
}

CsvRows::CsvRows(ByteStream& stream, char separator) : stream_(stream), separator_(separator) {
  const std::string_view begin = stream_.peek(4);
  if (begin.starts_with("\xff\xfe") || begin.starts_with("\xfe\xff")) {
    throw Error(*file() + ": expected UTF-8, got UTF-16; save it as \"CSV UTF-8\"");
  }
  if (begin.starts_with("\xef\xbb\xbf")) stream_.take(3);
  // Lines of old Macs end in '\r' alone.
  const std::string_view text = stream_.peek(std::size_t{1} << 16);
  const std::size_t end = text.find_first_of("\r\n");
  if (end != std::string_view::npos && text[end] == '\r' && text.substr(end + 1, 1) != "\n") {
    line_end_ = '\r';
  }
  read_header();
}

void CsvRows::read_header() {
  std::string_view line = without_blanks(line_from(0));
  if (line.size() == 5 && line.starts_with("sep=")) {  // Excel's own
    separator_ = line.back();
    stream_.take(line_from(0).size());
    ++line_;
    line = without_blanks(line_from(0));
  }
  if (separator_ == 0) separator_ = separator_of(line);
  CsvRow row;
  if (!next(row)) throw Error(*file() + ": expected a table with a header, got nothing");
  if (!row.fault.empty()) throw Error(fmt::format("{}, line {}: {}", *file(), row.line, row.fault));
  for (std::size_t i = 0; i < row.size(); ++i) header_.emplace_back(row[i]);
}

bool CsvRows::next(CsvRow& row) {
  while (read_row(row)) {
    if (row.text_.empty() && row.fault.empty()) continue;  // Excel leaves such rows at the end
    if (!header_.empty()) check_width(row);
    return true;
  }
  return false;
}

// A row with more cells than the header has a separator in a text without quotes: what stands
// behind it would be taken for something else.
void CsvRows::check_width(CsvRow& row) {
  if (row.fault.empty() && std::exchange(is_first_, false)) {
    has_row_names_ = row.size() == header_.size() + 1 && row[0] == "1";
  }
  if (has_row_names_ && row.size() > 0) row.bounds_.erase(row.bounds_.begin());
  while (row.size() > header_.size() && row[row.size() - 1].empty()) row.bounds_.pop_back();
  if (row.size() > header_.size() && row.fault.empty()) {
    row.fault = fmt::format(
        "expected {} cells as in the header, got {}; is there a \"{}\" in a "
        "text without quotes?",
        header_.size(), row.size(), separator_);
  }
}

// The bytes that come, up to the first line end at `from` or behind it, which is among them.
std::string_view CsvRows::line_from(std::size_t from) {
  std::string_view bytes = stream_.peek(from + 1);
  for (std::size_t at = from;;) {
    const std::size_t found = bytes.find(line_end_, at);
    if (found != std::string_view::npos) return bytes.substr(0, found + 1);
    if (bytes.size() > kMostBytes) {
      throw Error(fmt::format("{}, line {}: expected a row of at most {} bytes", *file(), line_,
                              kMostBytes));
    }
    at = bytes.size();
    bytes = stream_.peek(at + 1);
    if (bytes.size() == at) return bytes;
  }
}

bool CsvRows::read_row(CsvRow& row) {
  row.line = line_;
  row.fault.clear();
  row.text_.clear();
  row.bounds_.assign(1, 0);
  std::string_view bytes = line_from(0);
  if (bytes.empty()) return false;
  const bool has_quotes = bytes.find('"') != std::string_view::npos;
  for (std::size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
    const std::size_t begin = row.text_.size();
    if (has_quotes) {
      const std::size_t first = bytes.find_first_not_of(" ", at);
      if (first < bytes.size() && bytes[first] == '"') {
        at = first;
        if (!read_quoted(bytes, at, row)) {
          row.fault = "expected a second quote that ends the cell, got none";
          bytes = line_from(0);  // the rows behind this one may be whole
          break;
        }
      }
    }
    end = bytes.find(separator_, at);
    const std::string_view rest = without_blanks(bytes.substr(at, end - at));
    row.text_ += rest;
    if (has_quotes) {
      const std::string cell(without_blanks(std::string_view(row.text_).substr(begin)));
      row.text_.replace(begin, std::string::npos, cell);
    }
    row.bounds_.push_back(static_cast<std::uint32_t>(row.text_.size()));
  }
  line_ += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), line_end_));
  stream_.take(bytes.size());
  return true;
}

// Puts the text of the quoted cell at `at` into the row. `bytes` grows if it has line ends; `at` is
// behind the second quote then.
bool CsvRows::read_quoted(std::string_view& bytes, std::size_t& at, CsvRow& row) {
  const std::size_t begin = at++;
  while (true) {
    std::size_t quote = bytes.find('"', at);
    while (quote == std::string_view::npos) {
      const std::size_t before = bytes.size();
      if (before - begin > kMostQuoted) return false;
      bytes = line_from(before);
      if (bytes.size() == before) return false;
      quote = bytes.find('"', before);
    }
    row.text_ += bytes.substr(at, quote - at);
    at = quote + 1;
    if (bytes.substr(at, 1) != "\"") return true;
    row.text_ += '"';  // a quote is written as two
    ++at;
  }
}

}  // namespace clearhead::claims
