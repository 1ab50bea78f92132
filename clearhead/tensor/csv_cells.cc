// CsvCells: one pass over the text, byte by byte; separators and quotes are ASCII.
#include "clearhead/tensor/csv_cells.h"

#include <algorithm>

#include "clearhead/base/error.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

constexpr std::string_view kBlanks = " \t";

bool is_digit(char c) { return '0' <= c && c <= '9'; }

std::string_view without_digits(std::string_view text) {
  return text.substr(static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                              text.begin()));
}

// What stands before the last cell of `text`, which is a number or in quotes and does not end in
// blanks: a separator, ' ' for blanks, or '\n' if the cell is alone on its line.
char separator_before_last_cell(std::string_view text) {
  const std::size_t field = text.find_last_of(";\t\r\n") + 1;  // npos + 1 = 0
  if (field > 0 && (text[field - 1] == ';' || text[field - 1] == '\t')) {
    std::string_view last = text.substr(field);
    last.remove_prefix(std::min(last.find_first_not_of(' '), last.size()));
    if (has_decimal_comma(last)) return text[field - 1];
  }
  std::size_t begin = text.size();
  if (text.ends_with('"')) {
    const std::size_t open = text.substr(0, text.size() - 1).rfind('"');
    begin = open == text.npos ? 0 : open;
  } else {
    begin = text.find_last_of(",;\t \r\n\"") + 1;  // npos + 1 = 0
  }
  const std::size_t before = text.substr(0, begin).find_last_not_of(' ');
  if (before == text.npos || text[before] == '\n' || text[before] == '\r') return '\n';
  return std::string_view(",;\t").find(text[before]) != text.npos ? text[before] : ' ';
}

bool looks_like_a_number(std::string_view word) {
  return word.find_first_of("0123456789") != word.npos &&
         word.find_first_not_of("0123456789+-.eE") == word.npos;
}

// The separator of all of `text`, which does not end in blanks.
char find_separator(std::string_view text) {
  const char last = separator_before_last_cell(text);
  if (last != '\n') return last;
  // One cell in the last row: there is one column, unless the first row disagrees (and the rows
  // will be found to differ in length). Blanks there may also be part of a label.
  std::string_view first = text.substr(0, text.find_first_of("\r\n"));
  first = first.substr(0, first.find_last_not_of(kBlanks) + 1);
  const char separator = first.empty() ? '\n' : separator_before_last_cell(first);
  if (separator == ' ') {
    return looks_like_a_number(first.substr(first.find_last_of(kBlanks) + 1)) ? ' ' : ',';
  }
  return separator == '\n' ? ',' : separator;
}

// Of "sep=;", as the first line says it to Excel; 0 if it does not.
char stated_separator(std::string_view text) {
  constexpr std::string_view kBegin = "sep=";
  const std::size_t end = text.find_first_of("\r\n");
  const bool is_stated = text.starts_with(kBegin) && end == kBegin.size() + 1;
  const char separator = is_stated ? text[kBegin.size()] : '\0';
  return separator == ',' || separator == ';' || separator == '\t' ? separator : '\0';
}

}  // namespace

bool has_decimal_comma(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  const std::string_view comma = without_digits(text);
  if (comma.size() == text.size() || comma.size() < 2 || comma[0] != ',' || !is_digit(comma[1])) {
    return false;
  }
  std::string_view exponent = without_digits(comma.substr(1));
  if (exponent.empty()) return true;
  if (exponent[0] != 'e' && exponent[0] != 'E') return false;
  exponent.remove_prefix(1);
  if (exponent.starts_with('+') || exponent.starts_with('-')) exponent.remove_prefix(1);
  return !exponent.empty() && without_digits(exponent).empty();
}

CsvCells::CsvCells(std::string_view text, const std::string& file)
    : text_(text),
      file_(file),
      separator_(stated_separator(text)),
      quotes_mark_labels_(!text.ends_with('"')) {
  if (separator_ == '\0') {
    separator_ = find_separator(text);
  } else {
    at_ = text.find_first_of("\r\n");
    end_line();
  }
}

bool CsvCells::next_row(CsvRow& row) {
  row.clear();
  if (at_ == text_.size()) return false;
  const std::size_t begin = at_;
  skip_blanks();
  if (at_newline()) fail_in_line(line_, "is empty, among rows of numbers");
  at_ = begin;
  do {
    CsvCell& cell = row.emplace_back();
    cell.line = line_;
    cell.column = row.size();
    scan_cell(cell);
  } while (accept_separator());
  end_line();
  return true;
}

void CsvCells::fail(const CsvCell& cell, const std::string& fault) const {
  throw Error(file_ + ": line " + std::to_string(cell.line) + ", column " +
              std::to_string(cell.column) + ": " + fault);
}

void CsvCells::fail_in_line(std::size_t line, const std::string& fault) const {
  throw Error(file_ + ": line " + std::to_string(line) + ": " + fault);
}

void CsvCells::scan_cell(CsvCell& cell) {
  const std::size_t before = at_;
  skip_blanks();
  if (at_ < text_.size() && text_[at_] == '"') return scan_quoted(cell);
  const std::size_t begin = at_;
  while (at_ < text_.size() && !at_newline() && !at_separator()) ++at_;
  const std::string_view raw = text_.substr(begin, at_ - begin);
  cell.text = raw.substr(0, raw.find_last_not_of(kBlanks) + 1);
  if (cell.text.empty()) cell.blanks = text_.substr(before, at_ - before);
  if (cell.text.find('"') != std::string::npos) {
    fail(cell, "a quote within " + in_quotes(cell.text) +
                   "; put the whole cell in quotes, and each quote in it twice");
  }
}

void CsvCells::scan_quoted(CsvCell& cell) {
  cell.is_quoted = true;
  ++at_;
  while (true) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == text_.npos) fail(cell, "the quote that opens here is not closed");
    cell.text += text_.substr(at_, quote - at_);
    line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                 text_.begin() + static_cast<std::ptrdiff_t>(quote),
                                                 '\n'));
    at_ = quote + 1;
    if (at_ == text_.size() || text_[at_] != '"') break;
    cell.text += '"';  // two quotes stand for one
    ++at_;
  }
  const std::size_t end = at_;
  skip_blanks();
  if (at_ < text_.size() && !at_newline() && !at_separator() && !(separator_ == ' ' && at_ > end)) {
    fail(cell, "text after the closing quote; a quote within quotes is written twice");
  }
}

// True if another cell follows on this line.
bool CsvCells::accept_separator() {
  if (separator_ == ' ') {
    skip_blanks();
    return at_ < text_.size() && !at_newline();
  }
  if (at_ == text_.size() || text_[at_] != separator_) return false;
  ++at_;
  return true;
}

void CsvCells::end_line() {
  if (at_ < text_.size() && text_[at_] == '\r') ++at_;
  if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  ++line_;
}

bool CsvCells::at_newline() const {
  return at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r');
}

bool CsvCells::at_separator() const {
  return text_[at_] == separator_ || (separator_ == ' ' && text_[at_] == '\t');
}

void CsvCells::skip_blanks() {
  while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] == '\t' && separator_ != '\t'))) {
    ++at_;
  }
}

}  // namespace clearhead
