// The reader of .csv: which cells are labels and which are numbers.
#include "clearhead/tensor/csv.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "clearhead/base/encoding.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/tensor/csv_cells.h"
#include "clearhead/tensor/stored.h"

namespace clearhead {
namespace {

// Parses all of `text` as a number; false if it is none. Sets `fits` to whether an f64 can hold it.
bool parse_number(std::string_view text, double& value, bool& fits) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  fits = error != std::errc::result_out_of_range;
  return stop == end && error != std::errc::invalid_argument;
}

// Whether `text`, which has a decimal comma, reads as well as one with a comma between thousands.
bool may_be_thousands(std::string_view text) {
  text.remove_prefix(text[0] == '+' || text[0] == '-' ? 1 : 0);
  const std::size_t comma = text.find(',');
  return text[0] != '0' && comma <= 3 && text.size() == comma + 4 &&
         text.find_first_of("eE") == text.npos;
}

// Whether programs write `text` where a number belongs: for one that is missing, for true and
// false, or a number with a mark that we do not read ("10%", "1'000").
bool stands_for_a_number(std::string_view text) {
  constexpr std::string_view kWords[] = {"NA",   "N/A",   "#N/A", "<NA>", "NULL", "null",
                                         "None", "-",     "?",    ".",    "True", "False",
                                         "TRUE", "FALSE", "true", "false"};
  if (std::find(std::begin(kWords), std::end(kWords), text) != std::end(kWords)) return true;
  text.remove_prefix(std::min(text.size(), text.find_first_not_of("+-.,")));
  return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
         text.find_first_not_of("0123456789eE+.,%'_ ") == text.npos;
}

// The first few of these labels.
std::string listed(const std::vector<std::string>& labels) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, labels.size()); ++i) {
    text += (i == 0 ? "" : ", ") + in_quotes(labels[i]);
  }
  return labels.size() > kShown ? text + ", …" : text;
}

class TableReader {
 public:
  TableReader(std::string_view text, const std::string& file) : cells_(text, file), file_(file) {}

  Table read() {
    CsvRow first, row;
    cells_.next_row(first);
    bool more = cells_.next_row(row);
    width_ = first.size();
    const bool has_header = take_header(first, more ? &row : nullptr);
    if (more && row.size() != width_) fail_in_width(first, row, has_header);
    if (!has_header) {
      has_row_labels_ = width_ > 1 && is_label(first[0]);
      if (more) note_ascending(first);
      add_row(first);
    }
    for (; more; more = cells_.next_row(row)) add_row(row);
    note_decimal_comma();
    const auto columns = static_cast<std::int64_t>(width_ - (has_row_labels_ ? 1 : 0));
    const auto rows = static_cast<std::int64_t>(numbers_.size()) / columns;
    table_.values = Tensor::of<double>({rows, columns}, std::span<const double>(numbers_));
    return std::move(table_);
  }

 private:
  enum class Kind { empty, number, label };

  Kind kind_of(const CsvCell& cell, double& value) const {
    const bool has_comma = takes_decimal_comma() && has_decimal_comma(cell.text);
    if (cell.is_quoted && cells_.quotes_mark_labels() && !has_comma) return Kind::label;
    if (cell.text.empty()) return Kind::empty;
    bool fits = true;
    std::string text = cell.text;
    if (has_comma) text[text.find(',')] = '.';
    if (!parse_number(text, value, fits)) return Kind::label;
    if (!fits) cells_.fail(cell, in_quotes(cell.text) + " is too large or too small for an f64");
    return Kind::number;
  }

  Kind kind_of(const CsvCell& cell) const {
    double value = 0;
    return kind_of(cell, value);
  }

  // Between commas there is none, and between blanks a comma may be a separator.
  bool takes_decimal_comma() const {
    return cells_.separator() == ';' || cells_.separator() == '\t';
  }

  // A blank is a label too, for it may be a token.
  bool is_label(const CsvCell& cell) const {
    const Kind kind = kind_of(cell);
    return kind == Kind::label || (kind == Kind::empty && !cell.blanks.empty());
  }

  // Whether the first row has labels of columns; if so it is taken. The second row, if there is
  // one, tells whether the first column has labels of rows.
  bool take_header(const CsvRow& first, const CsvRow* second) {
    const auto labels_from = [&](std::size_t begin) {
      return std::all_of(first.begin() + static_cast<std::ptrdiff_t>(begin), first.end(),
                         [&](const CsvCell& cell) { return kind_of(cell) == Kind::label; });
    };
    const bool is_short = second != nullptr && second->size() == first.size() + 1 &&
                          labels_from(0) && !is_comment(first);
    const std::size_t begin = first.size() > 1 && !is_short ? 1 : 0;
    const bool has_corner = begin == 1 && kind_of(first[0]) == Kind::empty &&
                            (first[0].blanks.empty() || labels_from(1));
    if (!has_corner && !labels_from(begin)) {
      refuse_labels_among_others(first, begin);
      return false;
    }
    refuse_values(first, begin);
    if (second == nullptr) throw Error(file_ + ": only a row of labels, no numbers");
    takes_any_row_label_ = has_corner || is_short;
    has_row_labels_ = takes_any_row_label_ || (begin == 1 && is_label((*second)[0]));
    if (is_short) ++width_;
    for (std::size_t i = has_row_labels_ && !is_short ? 1 : 0; i < first.size(); ++i) {
      take_column_label(first[i]);
    }
    table_.notes.push_back(
        "the first row is taken for labels of columns: " + listed(table_.column_labels) +
        (is_short ? "; it is one cell short, so the first column is taken for "
                    "labels of rows, as R writes them"
                  : ""));
    return true;
  }

  void take_column_label(const CsvCell& cell) {
    const Kind kind = kind_of(cell);
    if (kind == Kind::empty) cells_.fail(cell, "an empty cell");
    if (kind == Kind::number && !takes_any_row_label_) {
      cells_.fail(cell,
                  "a number among column labels; if it is a label, put it in quotes, if not, the "
                  "first row must be all numbers");
    }
    table_.column_labels.push_back(cell.text);
  }

  // The first row is no header. If it has labels all the same, says so at the cell that is likelier
  // wrong.
  void refuse_labels_among_others(const CsvRow& row, std::size_t begin) const {
    const auto label =
        std::find_if(row.begin() + static_cast<std::ptrdiff_t>(begin), row.end(),
                     [&](const CsvCell& cell) { return kind_of(cell) == Kind::label; });
    if (label == row.end()) return;
    for (const CsvCell& cell : row) {
      if (kind_of(cell) == Kind::empty && !is_label(cell)) cells_.fail(cell, "an empty cell");
    }
    fail_at_label(
        *label, ", but others in the first row are; if they are column labels, put them in quotes");
  }

  // A row of what stands for numbers is none of labels.
  void refuse_values(const CsvRow& row, std::size_t begin) const {
    const auto from = row.begin() + static_cast<std::ptrdiff_t>(begin);
    const bool are_values = std::all_of(from, row.end(), [&](const CsvCell& cell) {
      return !(cell.is_quoted && cells_.quotes_mark_labels()) && kind_of(cell) == Kind::label &&
             stands_for_a_number(cell.text);
    });
    if (are_values) fail_at_label(*from, "; if it is a column label, put it in quotes");
  }

  // As NumPy's savetxt begins a header.
  static bool is_comment(const CsvRow& row) {
    return row[0].text.starts_with('#') && !row[0].is_quoted;
  }

  // What pandas writes above columns without names is numbers like others.
  void note_ascending(const CsvRow& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].text != std::to_string(i) || kind_of(row[i]) != Kind::number) return;
    }
    table_.notes.push_back(
        "the first row, 0" + std::string(row.size() > 1 ? ", 1" : "") +
        (row.size() > 2 ? ", …" : "") +
        ", is taken for numbers; if it has the labels of columns (as pandas "
        "writes them unless told header=False), remove it or put them in quotes");
  }

  // The first two rows differ in length: the third decides which of them is wrong, and a header is
  // likelier so than numbers.
  [[noreturn]] void fail_in_width(const CsvRow& first, const CsvRow& second, bool has_header) {
    CsvRow third;
    const bool first_is_odd = cells_.next_row(third) ? third.size() == second.size() : has_header;
    if (!first_is_odd) fail_at_width(second);
    cells_.fail_in_line(
        first[0].line,
        "expected " + std::to_string(second.size()) + " cells, as in line " +
            std::to_string(second[0].line) + ", got " + std::to_string(first.size()) +
            (is_comment(first) ? "; # begins no comment in a table, so remove the line" : ""));
  }

  [[noreturn]] void fail_at_width(const CsvRow& row) const {
    CsvCell odd;
    odd.line = row[0].line;
    odd.column = std::min(row.size(), width_) + 1;
    cells_.fail(odd, "expected " + std::to_string(width_) + " cells, as in the first row, got " +
                         std::to_string(row.size()));
  }

  void add_row(const CsvRow& row) {
    if (row.size() != width_) fail_at_width(row);
    if (has_row_labels_) take_row_label(row[0]);
    for (std::size_t i = has_row_labels_ ? 1 : 0; i < width_; ++i) {
      double value = 0;
      const Kind kind = kind_of(row[i], value);
      if (kind == Kind::empty) {
        cells_.fail(row[i], "an empty cell; where a number is missing, write nan");
      }
      if (kind == Kind::label) {
        fail_at_label(row[i], i == 0 && width_ > 1
                                  ? "; if the first column has labels, put the numbers among them "
                                    "in quotes"
                                  : "");
      }
      take_decimal_mark(row[i]);
      numbers_.push_back(value);
    }
  }

  // All numbers have the same mark: what is before decimals here may be between thousands there.
  void take_decimal_mark(const CsvCell& cell) {
    const std::size_t mark = cell.text.find_first_of(".,");
    if (mark == std::string::npos) return;
    const bool is_comma = cell.text[mark] == ',';
    std::optional<CsvCell>& other = is_comma ? with_point_ : with_comma_;
    if (other) {
      cells_.fail(cell, in_quotes(cell.text) + " has a decimal " + (is_comma ? "comma" : "point") +
                            ", but " + in_quotes(other->text) + " in line " +
                            std::to_string(other->line) + " has a " +
                            (is_comma ? "point" : "comma") + "; write all with a point");
    }
    std::optional<CsvCell>& first = is_comma ? with_comma_ : with_point_;
    if (!first) first = cell;
    if (is_comma) may_be_thousands_ &= may_be_thousands(cell.text);
  }

  void note_decimal_comma() {
    if (!with_comma_) return;
    const std::string& text = with_comma_->text;
    const std::size_t comma = text.find(',');
    const std::string point = std::string(text).replace(comma, 1, ".");
    if (may_be_thousands_) {
      cells_.fail(*with_comma_, in_quotes(text) + " may be " + point + " or " +
                                    std::string(text).erase(comma, 1) +
                                    ", and so may all others; write numbers with a decimal point");
    }
    table_.notes.push_back(std::string("cells are separated by ") +
                           (cells_.separator() == ';' ? "semicolons" : "tabs") +
                           ", and numbers have a decimal comma: " + in_quotes(text) +
                           " is taken for " + point);
  }

  void take_row_label(const CsvCell& cell) {
    const Kind kind = kind_of(cell);
    if (kind == Kind::empty && cell.blanks.empty()) cells_.fail(cell, "an empty cell");
    if (kind == Kind::number && !takes_any_row_label_) {
      cells_.fail(cell, "a number among row labels; if it is a label, put it in quotes");
    }
    table_.row_labels.push_back(kind == Kind::empty ? cell.blanks : cell.text);
  }

  // Text where a number belongs.
  [[noreturn]] void fail_at_label(const CsvCell& cell, const std::string& hint) const {
    std::string fault = in_quotes(cell.text) + " is no number" + hint;
    if (cell.text.find_first_of(",;") != std::string::npos) {
      fault +=
          "; numbers have a decimal point (between semicolons or tabs it may be a comma) and "
          "no mark between thousands, and all cells the same separator (here " +
          in_quotes(std::string(1, cells_.separator())) + ")";
    }
    cells_.fail(cell, fault);
  }

  CsvCells cells_;
  const std::string& file_;
  Table table_;
  std::vector<double> numbers_;
  std::size_t width_ = 0;                           // cells in a row
  std::optional<CsvCell> with_point_, with_comma_;  // the first number with such a mark
  bool may_be_thousands_ = true;                    // all commas in numbers
  bool has_row_labels_ = false;                     // in the first column
  bool takes_any_row_label_ =
      false;  // numbers too: the header leaves no doubt that they are labels
};

}  // namespace

Table read_csv(const std::filesystem::path& path) {
  return parse_csv(MappedFile::open(path)->bytes(), path.string());
}

Table parse_csv(std::span<const std::byte> bytes, const std::string& name) {
  std::string_view text =
      utf8_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
  if (const std::size_t at = text.find('\0'); at != text.npos) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    throw Error(name + ": line " + std::to_string(line) + ": a NUL, which is no text");
  }
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (text.empty()) throw Error(name + ": no numbers: the file is empty");
  return TableReader(text, name).read();
}

}  // namespace clearhead
