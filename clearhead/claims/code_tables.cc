// Reads tables of codes, whose columns say what they are, and looks codes up in them.
#include "clearhead/claims/code_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <tuple>

#include "clearhead/base/error.h"
#include "clearhead/claims/csv_rows.h"
#include "clearhead/claims/csv_values.h"

namespace clearhead::claims {
namespace {

constexpr const char* kHcpcs = "HCPCS";  // the system of codes whose table does not say

enum Column {
  kSystem,
  kCode,
  kDescription,
  kFirst,
  kLast,
  kMostUnits,
  kUnitsOf,
  kColumn1,
  kColumn2,
  kModifier,
  kRationale,
  kSex,
  kMinAge,
  kMaxAge,
  kColumns
};

struct ColumnNames {
  Column column;
  std::initializer_list<const char*> names;  // letters and digits only; the better ones first
};

// As our own tables have them, and as CMS heads its files (HCPCS, NCCI MUE and PTP, 2024).
const ColumnNames kColumnNames[] = {
    {kSystem, {"system", "codesystem"}},
    {kCode, {"code", "hcpcs", "hcpc", "hcpcscode", "hcpcscptcode", "cptcode", "procedurecode"}},
    {kDescription, {"description", "longdescription", "shortdescription"}},
    {kFirst, {"added", "effective", "effectivedate", "adddt", "addeddate"}},
    {kLast, {"terminated", "deleted", "deletiondate", "deletiondatenodata", "termdt", "enddate"}},
    {kMostUnits,
     {"maxunits", "mue", "muevalue", "practitionerservicesmuevalues",
      "outpatienthospitalservicesmuevalues", "dmesupplierservicesmuevalues"}},
    {kUnitsOf, {"adjudicationindicator", "mueadjudicationindicator", "mai"}},
    {kColumn1, {"column1"}},
    {kColumn2, {"column2"}},
    {kModifier, {"modifierindicator", "modifier", "modifier0notallowed1allowed9notapplicable"}},
    {kRationale, {"rationale", "ptpeditrationale", "muerationale"}},
    {kSex, {"sex", "gender"}},
    {kMinAge, {"minage", "agemin", "agefrom"}},
    {kMaxAge, {"maxage", "agemax", "ageto"}},
};

// Without case, blanks and signs: "HCPCS/CPT Code" is "hcpcscptcode".
std::string bare(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c))) {
      text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  return text;
}

bool begins_with_digit(const Code& code) {
  return !code.value.empty() && code.value.front() >= '0' && code.value.front() <= '9';
}

// The row that holds on `day`; else the last.
template <typename Row>
const Row* row_on(const std::map<Code, std::vector<Row>>& rows, const Code& code,
                  std::optional<Date> day) {
  const auto found = rows.find(code);
  if (found == rows.end()) return nullptr;
  for (const Row& row : found->second) {
    if (row.validity.has(day)) return &row;
  }
  return &found->second.back();
}

auto codes_of(const PairRow& row) { return std::tie(row.column1, row.column2); }

}  // namespace

// A file that is being added.
class CodeTables::Reader {
 public:
  explicit Reader(ByteStream& stream) : rows_(stream) {
    for (const ColumnNames& names : kColumnNames) cells_[names.column] = find(names);
  }

  std::int64_t read_into(CodeTables& tables) {
    void (Reader::*const add)(CodeTables&) const = kind();
    std::int64_t count = 0;
    for (; rows_.next(row_); ++count) {
      if (!row_.fault.empty()) fail(row_.fault);
      (this->*add)(tables);
    }
    return count;
  }

 private:
  std::optional<std::size_t> find(const ColumnNames& names) const {
    for (const char* name : names.names) {
      for (std::size_t i = 0; i < rows_.header().size(); ++i) {
        if (bare(rows_.header()[i]) == name) return i;
      }
    }
    return std::nullopt;
  }

  bool has(Column column) const { return cells_[column].has_value(); }

  void (Reader::*kind() const)(CodeTables&) const {
    if (has(kColumn1) && has(kColumn2)) return &Reader::add_pair;
    if (has(kCode) && has(kMostUnits)) return &Reader::add_units;
    if (has(kCode) && (has(kSex) || has(kMinAge) || has(kMaxAge))) return &Reader::add_person;
    if (has(kCode)) return &Reader::add_code;
    throw Error(fmt::format(
        "\"{}\": expected a table of codes (column code), of units (code, max_units), of pairs "
        "(column1, column2) or of persons (code and sex, min_age or max_age), but its columns are "
        "{}",
        *rows_.file(), fmt::join(rows_.header(), ", ")));
  }

  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(fmt::format("\"{}\", line {}: {}", *rows_.file(), row_.line, reason));
  }

  // The text of a cell, empty if it is missing; CMS writes * for a date that there is not.
  std::string_view text(Column column) const {
    if (!has(column)) return {};
    const std::string_view cell = row_[*cells_[column]];
    return is_missing(cell) || cell == "*" ? std::string_view{} : cell;
  }

  template <typename F>
  auto value(Column column, std::string_view expected, F&& parse) const
      -> decltype(parse(std::string_view{})) {
    const std::string_view cell = text(column);
    if (cell.empty()) return std::nullopt;
    const auto parsed = parse(cell);
    if (!parsed) {
      fail(fmt::format("column {}: expected {}, not \"{}\"", rows_.header()[*cells_[column]],
                       expected, cell));
    }
    return parsed;
  }
  std::optional<double> number(Column column) const {
    return value(column, "a number", [](std::string_view cell) { return number_of(cell, {}); });
  }
  std::optional<Date> date(Column column) const {
    return value(column, "a date",
                 [](std::string_view cell) { return date_of(cell, DateOrder::month_first); });
  }
  Validity validity() const { return {date(kFirst), date(kLast)}; }

  std::string code_text(Column column) const {
    const std::string code = code_of(text(column));
    if (code.empty()) fail("expected a code, but the cell is empty");
    return code;
  }
  Code code() const {
    const std::string_view system = text(kSystem);
    return {system.empty() ? kHcpcs : code_system_of(system), code_text(kCode)};
  }
  Place place() const { return {rows_.file(), row_.line, 0, ""}; }

  void add_code(CodeTables& tables) const {
    const Code c = code();
    tables.listed_.emplace(c.system, begins_with_digit(c));
    tables.codes_[c].push_back({std::string(text(kDescription)), validity(), place()});
  }

  void add_units(CodeTables& tables) const {
    const auto most = number(kMostUnits);
    if (!most) fail("expected the most units of the code, but the cell is empty");
    tables.units_[code()].push_back({*most, text(kUnitsOf).starts_with('1'), validity(), place()});
  }

  void add_pair(CodeTables& tables) const {
    const std::string_view indicator = text(kModifier);
    if (indicator.starts_with('9')) return;  // deleted on the day it began: it never held
    tables.pairs_.push_back({code_text(kColumn1), code_text(kColumn2), indicator.starts_with('1'),
                             validity(), std::string(text(kRationale)), place()});
  }

  void add_person(CodeTables& tables) const {
    const std::string_view sex = text(kSex);
    tables.persons_[code()].push_back({sex.empty() ? "" : std::string(1, sex_letter(sex)),
                                       number(kMinAge), number(kMaxAge), place()});
  }

  char sex_letter(std::string_view sex) const {
    const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(sex.front())));
    if (letter != 'M' && letter != 'F') fail(fmt::format("expected M or F, not \"{}\"", sex));
    return letter;
  }

  CsvRows rows_;
  CsvRow row_;
  std::array<std::optional<std::size_t>, kColumns> cells_;  // which cell is what
};

std::int64_t CodeTables::add(const std::filesystem::path& path) {
  ByteStream stream(path);
  const std::int64_t rows = Reader(stream).read_into(*this);
  std::stable_sort(pairs_.begin(), pairs_.end(),
                   [](const PairRow& a, const PairRow& b) { return codes_of(a) < codes_of(b); });
  return rows;
}

const CodeRow* CodeTables::row_of(const Code& code, std::optional<Date> day) const {
  return row_on(codes_, code, day);
}

bool CodeTables::lists_codes_like(const Code& code) const {
  return listed_.contains({code.system, begins_with_digit(code)});
}

std::vector<std::string> CodeTables::descriptions_like(const Code& code,
                                                       std::size_t characters) const {
  std::vector<std::string> descriptions;
  if (code.value.size() <= characters) return descriptions;
  const Code first{code.system, code.value.substr(0, characters)};
  for (auto row = codes_.lower_bound(first); row != codes_.end(); ++row) {
    if (row->first.system != code.system || !row->first.value.starts_with(first.value)) break;
    if (row->first != code) descriptions.push_back(row->second.back().description);
  }
  return descriptions;
}

const UnitsRow* CodeTables::units_of(const Code& code, std::optional<Date> day) const {
  const UnitsRow* row = row_on(units_, code, day);
  return row && row->validity.has(day) ? row : nullptr;
}

std::span<const PairRow> CodeTables::pairs_of(const Code& column1, const Code& column2) const {
  if (column1.system != kHcpcs || column2.system != kHcpcs) return {};
  const auto codes = std::tie(column1.value, column2.value);
  const auto begin =
      std::lower_bound(pairs_.begin(), pairs_.end(), codes,
                       [](const PairRow& row, const auto& c) { return codes_of(row) < c; });
  const auto end =
      std::upper_bound(begin, pairs_.end(), codes,
                       [](const auto& c, const PairRow& row) { return c < codes_of(row); });
  return {begin, end};
}

std::span<const PersonRow> CodeTables::persons_of(const Code& code) const {
  const auto found = persons_.find(code);
  return found == persons_.end() ? std::span<const PersonRow>{} : found->second;
}

}  // namespace clearhead::claims
