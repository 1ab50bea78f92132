#include "clearhead/tensor/csv.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

constexpr std::string_view kBlanks = " \t";

struct Cell {
  enum class Kind { empty, number, label };

  std::string text;
  Kind kind = Kind::empty;
  double value = 0;  // of a number
  std::size_t line = 0;
  std::size_t column = 0;
};

// The number of the line in which the byte `at` of `text` stands.
std::size_t line_at(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string place(const std::string& file, std::size_t line) {
  return file + ": line " + std::to_string(line);
}

[[noreturn]] void fail(const std::string& file, const Cell& cell, const std::string& fault) {
  throw Error(place(file, cell.line) + ", column " + std::to_string(cell.column) + ": " + fault);
}

// Parses all of `text` as a number; false if it is none. Sets `fits` to whether an f64 can hold it.
bool parse_number(std::string_view text, double& value, bool& fits) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  fits = error != std::errc::result_out_of_range;
  return stop == end && error != std::errc::invalid_argument;
}

// What stands before the last cell of `text`, which is a number or in quotes and does not end in
// blanks: a separator, ' ' for blanks, or '\n' if the cell is alone on its line.
char separator_before_last_cell(std::string_view text) {
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
    double value = 0;
    bool fits = false;
    const std::string_view word = first.substr(first.find_last_of(kBlanks) + 1);
    return parse_number(word, value, fits) ? ' ' : ',';
  }
  return separator == '\n' ? ',' : separator;
}

// Cuts text into rows of cells.
class Scanner {
 public:
  Scanner(std::string_view text, const std::string& file)
      : text_(text),
        file_(file),
        separator_(find_separator(text)),
        quotes_mark_labels_(!text.ends_with('"')) {}

  // Puts the next row into `row`, which has at least one cell then; false at the end of the text.
  bool next_row(std::vector<Cell>& row) {
    row.clear();
    if (at_ == text_.size()) return false;
    skip_blanks();
    if (at_newline()) throw Error(place(file_, line_) + ": is empty, among rows of numbers");
    do {
      Cell& cell = row.emplace_back();
      cell.line = line_;
      cell.column = row.size();
      scan_cell(cell);
    } while (accept_separator());
    end_line();
    return true;
  }

  // Text where a number belongs, because of `reason`.
  [[noreturn]] void fail_at_label(const Cell& cell, const std::string& reason = "") const {
    std::string fault = in_quotes(cell.text) + " is no number" + reason;
    if (cell.text.find_first_of(",;") != std::string::npos) {
      fault += "; numbers have a decimal point, and all cells the same separator (here " +
               in_quotes(std::string(1, separator_)) + ")";
    }
    fail(file_, cell, fault);
  }

 private:
  void scan_cell(Cell& cell) {
    skip_blanks();
    const bool in_quote_marks = at_ < text_.size() && text_[at_] == '"';
    if (in_quote_marks) {
      scan_quoted(cell);
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && !at_newline() && !at_separator()) ++at_;
      const std::string_view raw = text_.substr(begin, at_ - begin);
      cell.text = raw.substr(0, raw.find_last_not_of(kBlanks) + 1);
      if (cell.text.find('"') != std::string::npos) {
        fail(file_, cell,
             "a quote within " + in_quotes(cell.text) +
                 "; put the whole cell in quotes, and each quote in it twice");
      }
    }
    bool fits = true;
    if (in_quote_marks && quotes_mark_labels_) {
      cell.kind = Cell::Kind::label;
    } else if (cell.text.empty()) {
      cell.kind = Cell::Kind::empty;
    } else if (parse_number(cell.text, cell.value, fits)) {
      cell.kind = Cell::Kind::number;
    } else {
      cell.kind = Cell::Kind::label;
    }
    if (cell.kind == Cell::Kind::number && !fits) {
      fail(file_, cell, in_quotes(cell.text) + " is too large or too small for an f64");
    }
  }

  void scan_quoted(Cell& cell) {
    ++at_;
    while (true) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == text_.npos) fail(file_, cell, "the quote that opens here is not closed");
      cell.text += text_.substr(at_, quote - at_);
      line_ += static_cast<std::size_t>(
          std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                     text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
      at_ = quote + 1;
      if (at_ == text_.size() || text_[at_] != '"') break;
      cell.text += '"';  // two quotes stand for one
      ++at_;
    }
    const std::size_t end = at_;
    skip_blanks();
    if (at_ < text_.size() && !at_newline() && !at_separator() &&
        !(separator_ == ' ' && at_ > end)) {
      fail(file_, cell, "text after the closing quote; a quote within quotes is written twice");
    }
  }

  // True if another cell follows on this line.
  bool accept_separator() {
    if (separator_ == ' ') {
      skip_blanks();
      return at_ < text_.size() && !at_newline();
    }
    if (at_ == text_.size() || text_[at_] != separator_) return false;
    ++at_;
    return true;
  }

  void end_line() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  bool at_newline() const {
    return at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r');
  }

  bool at_separator() const {
    return text_[at_] == separator_ || (separator_ == ' ' && text_[at_] == '\t');
  }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || (text_[at_] == '\t' && separator_ != '\t'))) {
      ++at_;
    }
  }

  std::string_view text_;
  const std::string& file_;
  char separator_;
  bool quotes_mark_labels_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

// Builds a table row by row.
class TableBuilder {
 public:
  TableBuilder(Scanner& scanner, const std::string& file) : scanner_(scanner), file_(file) {}

  Table build() {
    std::vector<Cell> row;
    scanner_.next_row(row);
    width_ = row.size();
    has_corner_ = width_ > 1 && row[0].kind == Cell::Kind::empty;
    bool more = true;
    if (is_header(row)) {
      const std::vector<Cell> header = row;
      more = scanner_.next_row(row);
      if (!more) throw Error(file_ + ": only a row of labels, no numbers");
      has_row_labels_ = has_corner_ || (width_ > 1 && row[0].kind == Cell::Kind::label);
      add_header(header);
    } else {
      has_row_labels_ = width_ > 1 && row[0].kind == Cell::Kind::label;
    }
    for (; more; more = scanner_.next_row(row)) add_row(row);
    const auto columns = static_cast<std::int64_t>(width_ - (has_row_labels_ ? 1 : 0));
    const auto rows = static_cast<std::int64_t>(numbers_.size()) / columns;
    table_.values = Tensor::of<double>({rows, columns}, std::span<const double>(numbers_));
    return std::move(table_);
  }

 private:
  // Whether the first row holds column labels.
  bool is_header(const std::vector<Cell>& row) const {
    if (has_corner_) return true;
    const auto begin = row.begin() + (width_ > 1 ? 1 : 0);
    const auto is_label = [](const Cell& cell) { return cell.kind == Cell::Kind::label; };
    const auto label = std::find_if(begin, row.end(), is_label);
    if (label == row.end()) return false;
    if (!std::all_of(begin, row.end(), is_label)) fail_among_labels(row, *label);
    return true;
  }

  void add_header(const std::vector<Cell>& row) {
    for (std::size_t i = has_row_labels_ ? 1 : 0; i < width_; ++i) {
      if (row[i].kind == Cell::Kind::empty) fail(file_, row[i], "an empty cell");
      if (row[i].kind == Cell::Kind::number && !has_corner_) {
        fail(file_, row[i],
             "a number among column labels; if it is a label, put it in quotes, if not, the first "
             "row must be all numbers");
      }
      table_.column_labels.push_back(row[i].text);
    }
  }

  void add_row(const std::vector<Cell>& row) {
    if (row.size() != width_) {
      throw Error(place(file_, row[0].line) + ", column " +
                  std::to_string(std::min(row.size(), width_) + 1) + ": expected " +
                  std::to_string(width_) + " cells, as in the first row, got " +
                  std::to_string(row.size()));
    }
    std::size_t i = 0;
    if (has_row_labels_) {
      if (row[0].kind == Cell::Kind::empty) fail(file_, row[0], "an empty cell");
      if (row[0].kind == Cell::Kind::number && !has_corner_) {
        fail(file_, row[0], "a number among row labels; if it is a label, put it in quotes");
      }
      table_.row_labels.push_back(row[0].text);
      i = 1;
    }
    for (; i < width_; ++i) {
      if (row[i].kind == Cell::Kind::empty) fail(file_, row[i], "an empty cell");
      if (row[i].kind == Cell::Kind::label) scanner_.fail_at_label(row[i]);
      numbers_.push_back(row[i].value);
    }
  }

  // The first row has labels and other cells: says so at the one that is likelier wrong.
  [[noreturn]] void fail_among_labels(const std::vector<Cell>& row, const Cell& label) const {
    for (const Cell& cell : row) {
      if (cell.kind == Cell::Kind::empty) fail(file_, cell, "an empty cell");
    }
    scanner_.fail_at_label(
        label, ", but others in the first row are; if they are column labels, put them in quotes");
  }

  Scanner& scanner_;
  const std::string& file_;
  Table table_;
  std::vector<double> numbers_;
  std::size_t width_ = 0;    // cells in a row
  bool has_corner_ = false;  // an empty cell in the corner, so row and column labels
  bool has_row_labels_ = false;
};

std::string label_text(const std::string& label, const std::string& file) {
  if (find_invalid_utf8(label) != std::string::npos || label.find('\0') != std::string::npos) {
    throw Error(file + ": label " + in_quotes(label) + " is not UTF-8");
  }
  std::string text = "\"";
  for (const char c : label) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

template <typename T>
void write_number(std::ostream& to, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    to << (value ? '1' : '0');
  } else if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) {
    write_number(to, static_cast<float>(value));
  } else {
    std::array<char, 32> text;
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    to.write(text.data(), end - text.data());
  }
}

void require_writable(const Table& table, const std::string& file) {
  require_defined(table.values, file);
  const Shape& shape = table.values.shape();
  if (shape.size() != 2 || table.values.count() == 0) {
    throw Error(file + ": .csv holds a matrix of at least one number, got shape " +
                to_string(shape) + "; reshape it, or write .npy");
  }
  const auto require_labels = [&](std::int64_t wanted, const std::vector<std::string>& labels,
                                  const std::string& which) {
    if (!labels.empty() && static_cast<std::int64_t>(labels.size()) != wanted) {
      throw Error(file + ": expected " + std::to_string(wanted) + " " + which +
                  " labels or none, got " + std::to_string(labels.size()));
    }
  };
  require_labels(shape[0], table.row_labels, "row");
  require_labels(shape[1], table.column_labels, "column");
}

}  // namespace

Table read_csv(const std::filesystem::path& path) {
  return parse_csv(MappedFile::open(path)->bytes(), path.string());
}

Table parse_csv(std::span<const std::byte> bytes, const std::string& name) {
  std::string_view text =
      utf8_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
  if (const std::size_t at = text.find('\0'); at != text.npos) {
    throw Error(place(name, line_at(text, at)) + ": a NUL, which is no text");
  }
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) throw Error(name + ": no numbers: the file is empty");
  Scanner scanner(text, name);
  return TableBuilder(scanner, name).build();
}

void write_csv(const std::filesystem::path& path, const Table& table) {
  write_file(path, [&](std::ostream& to) { write_csv(to, table, path.string()); });
}

void write_csv(std::ostream& to, const Table& table, const std::string& name) {
  require_writable(table, name);
  if (!table.column_labels.empty()) {
    std::string header;
    for (const std::string& label : table.column_labels) {
      if (!header.empty() || !table.row_labels.empty()) header += ',';
      header += label_text(label, name);
    }
    to << header << '\n';
  }
  const Tensor values = table.values.contiguous();
  with_dtype(values.dtype(), [&](auto zero) {
    const auto* value = values.data<decltype(zero)>();
    for (std::int64_t i = 0; i < values.size(0); ++i) {
      if (!table.row_labels.empty()) {
        to << label_text(table.row_labels[static_cast<std::size_t>(i)], name) << ',';
      }
      for (std::int64_t j = 0; j < values.size(1); ++j) {
        if (j > 0) to << ',';
        write_number(to, *value++);
      }
      to << '\n';
    }
  });
}

}  // namespace clearhead
