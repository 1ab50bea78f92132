// Numbers are first written plainly ("-1234.5"), then read; amounts never become floating point
// unless they came with an exponent.
#include "clearhead/claims/csv_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "clearhead/claims/values.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char large(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string letters_of(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (c != ' ' && c != '-' && c != '_' && c != '.' && c != '/') letters += small(c);
  }
  return letters;
}

// Digits from `at` on, as a number, and how many they are.
std::pair<int, std::size_t> digits_at(std::string_view text, std::size_t at) {
  int number = 0;
  std::size_t count = 0;
  for (; at + count < text.size() && is_digit(text[at + count]) && count < 9; ++count) {
    number = number * 10 + (text[at + count] - '0');
  }
  return {number, count};
}

std::optional<Date> day(int year, int month, int day) {
  const std::chrono::year_month_day date(std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)});
  if (year < 1000 || !date.ok()) return std::nullopt;
  return Date(date);
}

// 0 if it is none.
int month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
  std::string letters;
  for (const char c : name) letters += small(c);
  const auto* const found = std::find(kNames.begin(), kNames.end(), letters);
  return found == kNames.end() ? 0 : static_cast<int>(found - kNames.begin()) + 1;
}

// Whether what follows a date is nothing or a time of day.
bool is_time(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest[0] != 'T' && rest[0] != ' ' && rest[0] != ':') return false;
  return rest.find_first_not_of("0123456789:.+-TZ AMPamp") == kNone;
}

// Whether the digits on both sides of the sign at `at`, the only one of its kind, would do for
// thousands: "1,234".
bool may_be_thousands(std::string_view digits, std::size_t at) {
  return digits.size() == at + 4 && at >= 1 && at <= 3 && digits[0] != '0';
}

// Whether `sign` stands only before groups of three digits in the whole part.
bool are_thousands(std::string_view whole, char sign) {
  const std::size_t first = whole.find(sign);
  if (first == kNone) return true;
  if (first < 1 || first > 3) return false;
  for (std::size_t i = first; i < whole.size(); ++i) {
    if ((whole[i] == sign) != ((i - first) % 4 == 0)) return false;
  }
  return (whole.size() - first) % 4 == 0;
}

// Where the fraction of a number begins: the place of its sign, the end if it has none, nothing if
// that cannot be told.
std::optional<std::size_t> fraction_of(std::string_view digits, const CsvStyle& style) {
  const std::size_t point = digits.rfind('.');
  const std::size_t comma = digits.rfind(',');
  if (point == kNone && comma == kNone) return digits.size();
  const bool both = point != kNone && comma != kNone;
  const std::size_t last = both ? std::max(point, comma) : std::min(point, comma);
  const char sign = digits[last];
  if (!both && digits.find(sign) != last) return digits.size();  // 1,234,567
  if (both) return last;
  if (style.decimal == DecimalSign::seen) {
    if (!may_be_thousands(digits, last)) return last;
    if (style.separator == ';') return std::nullopt;
    if (sign == '.') return last;
    if (style.separator != ',') return std::nullopt;
    return digits.size();
  }
  return sign == (style.decimal == DecimalSign::point ? '.' : ',') ? last : digits.size();
}

// Takes sign, brackets and currency away.
std::string_view without_signs(std::string_view text, bool& is_negative) {
  is_negative = false;
  if (text.size() > 2 && text.front() == '(' && text.back() == ')') {
    is_negative = true;
    text = text.substr(1, text.size() - 2);
  }
  for (bool again = true; again && !text.empty();) {
    again = false;
    for (const std::string_view sign : {"-", "+", "$", "€", "£", " ", "\u00a0"}) {
      const bool minus = sign == "-";
      if (text.starts_with(sign)) {
        text.remove_prefix(sign.size());
      } else if (text.ends_with(sign) && sign != "+") {
        text.remove_suffix(sign.size());
      } else {
        continue;
      }
      if (minus && std::exchange(is_negative, true)) return {};  // two of them
      again = true;
    }
  }
  return text;
}

// "-1234.5", perhaps with an exponent; none if it is no number.
std::optional<std::string> plain_number(std::string_view cell, const CsvStyle& style) {
  bool is_negative = false;
  const std::string_view text = without_signs(cell, is_negative);
  const std::size_t exponent = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, exponent);
  const auto fraction = fraction_of(digits, style);
  if (!fraction) return std::nullopt;
  const std::string_view whole = digits.substr(0, *fraction);
  const char thousands = *fraction < digits.size()  ? (digits[*fraction] == '.' ? ',' : '.')
                         : whole.find(',') != kNone ? ','
                                                    : '.';
  if (!are_thousands(whole, thousands)) return std::nullopt;
  std::string plain = is_negative ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (is_digit(digits[i])) {
      plain += digits[i];
    } else if (i == *fraction) {
      plain += '.';
    } else if (digits[i] != thousands) {
      return std::nullopt;
    }
  }
  if (std::none_of(plain.begin(), plain.end(), is_digit)) return std::nullopt;
  plain += text.substr(exponent);
  if (exponent < text.size() && exponent + 1 < text.size() && text[exponent + 1] == '+') {
    plain.erase(plain.find('+'), 1);  // from_chars takes none
  }
  return plain;
}

std::optional<double> double_of(const std::string& plain) {
  double value = 0;
  const char* const end = plain.data() + plain.size();
  const auto [at, error] = std::from_chars(plain.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace

bool is_missing(std::string_view cell) {
  if (cell.empty()) return true;
  if (cell.size() > 4) return false;
  constexpr std::array<std::string_view, 13> kWords = {
      "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "NAN", "NaT", "NULL", "null", "None", "none", "."};
  return std::find(kWords.begin(), kWords.end(), cell) != kWords.end();
}

std::optional<Date> date_of(std::string_view cell, DateOrder order) {
  const auto [first, first_digits] = digits_at(cell, 0);
  std::size_t at = first_digits;
  if (first_digits == 8) {
    const std::string_view rest = cell.substr(at);
    if (rest != ".0" && !is_time(rest)) return std::nullopt;
    return day(first / 10000, first / 100 % 100, first % 100);
  }
  if (at == 0 || at >= cell.size()) return std::nullopt;
  const char sign = cell[at];
  const bool has_sign = sign == '-' || sign == '/' || sign == '.' || sign == ' ';
  if (has_sign) ++at;
  auto [second, second_digits] = digits_at(cell, at);
  bool month_named = false;
  if (second_digits == 0 && first_digits <= 2) {
    second = month_of(cell.substr(std::min(at, cell.size()), 3));
    month_named = second > 0;
    second_digits = 3;
  }
  at += second_digits;
  if ((!month_named && (!has_sign || sign == ' ' || second_digits > 2)) || second_digits == 0) {
    return std::nullopt;
  }
  if (has_sign && (at >= cell.size() || cell[at++] != sign)) return std::nullopt;
  const auto [third, third_digits] = digits_at(cell, at);
  at += third_digits;
  if (!is_time(cell.substr(std::min(at, cell.size())))) return std::nullopt;
  if (first_digits == 4 && !month_named && third_digits >= 1 && third_digits <= 2) {
    return day(first, second, third);
  }
  if (first_digits > 2 || third_digits != 4) return std::nullopt;
  const bool day_first = month_named || sign == '.' || order == DateOrder::day_first;
  return day_first ? day(third, second, first) : day(third, first, second);
}

std::optional<Date> year_of(std::string_view cell) {
  const auto [year, digits] = digits_at(cell, 0);
  const std::string_view rest = cell.substr(digits);
  if (digits != 4 || (!rest.empty() && rest != ".0")) return std::nullopt;
  return day(year, 1, 1);
}

std::optional<double> number_of(std::string_view cell, const CsvStyle& style) {
  const auto plain = plain_number(cell, style);
  return plain ? double_of(*plain) : std::nullopt;
}

std::optional<Money> money_of(std::string_view cell, const CsvStyle& style) {
  const auto plain = plain_number(cell, style);
  if (!plain) return std::nullopt;
  if (plain->find_first_of("eE") != kNone) {
    const auto value = double_of(*plain);
    if (!value || std::abs(*value * 100) > static_cast<double>(kMostCents)) return std::nullopt;
    return Money{std::llround(*value * 100)};
  }
  const auto money = read_money(*plain);
  return money && std::abs(money->cents) <= kMostCents ? money : std::nullopt;
}

std::optional<std::int64_t> whole_number_of(std::string_view cell) {
  if (cell.ends_with(".0")) cell.remove_suffix(2);
  std::int64_t value = 0;
  const char* const end = cell.data() + cell.size();
  const auto [at, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::string_view without_fraction(std::string_view cell) {
  const bool is_whole = cell.size() > 2 && cell.ends_with(".0") &&
                        std::all_of(cell.begin(), cell.end() - 2, is_digit);
  return is_whole ? cell.substr(0, cell.size() - 2) : cell;
}

std::string code_of(std::string_view cell) {
  // No system of codes has five digits before a point; 250.0 is one of ICD-9.
  std::string code = plain_code(cell.size() >= 7 ? without_fraction(cell) : cell);
  std::transform(code.begin(), code.end(), code.begin(), large);
  return code;
}

std::string sex_of(std::string_view cell) {
  const std::string letters = letters_of(cell);
  if (letters == "m" || letters == "male" || letters == "1") return "M";
  if (letters == "f" || letters == "female" || letters == "2") return "F";
  if (letters == "u" || letters == "unknown" || letters == "0" || letters == "9") return "U";
  return std::string(cell);
}

std::string code_system_of(std::string_view cell) {
  static constexpr std::array<std::pair<std::string_view, const char*>, 22> kNames = {{
      {"icd10cm", "ICD-10-CM"}, {"icd10", "ICD-10-CM"}, {"icd10pcs", "ICD-10-PCS"},
      {"icd9cm", "ICD-9-CM"},   {"icd9", "ICD-9-CM"},   {"icd9pcs", "ICD-9-PCS"},
      {"hcpcs", "HCPCS"},       {"cpt", "HCPCS"},       {"cpt4", "HCPCS"},
      {"hcpcscpt", "HCPCS"},    {"cpthcpcs", "HCPCS"},  {"ndc", "NDC"},
      {"ndc11", "NDC"},         {"nubc", "NUBC"},       {"revenue", "NUBC"},
      {"snomed", "SNOMED"},     {"snomedct", "SNOMED"}, {"rxnorm", "RxNorm"},
      {"cvx", "CVX"},           {"msdrg", "MS-DRG"},    {"loinc", "LOINC"},
      {"cdt", "CDT"},
  }};
  const std::string letters = letters_of(cell);
  for (const auto& [name, system] : kNames) {
    if (letters == name) return system;
  }
  return std::string(cell);
}

std::optional<ClaimType> claim_type_of(std::string_view cell) {
  using enum ClaimType;
  // Numbers are those of Medicare's research files (NCH claim type).
  static constexpr std::array<std::pair<std::string_view, ClaimType>, 41> kWords = {{
      {"professional", professional},
      {"institutional", institutional},
      {"dental", dental},
      {"vision", vision},
      {"pharmacy", pharmacy},
      {"837p", professional},
      {"p", professional},
      {"carrier", professional},
      {"physician", professional},
      {"medical", professional},
      {"cms1500", professional},
      {"dme", professional},
      {"71", professional},
      {"72", professional},
      {"81", professional},
      {"82", professional},
      {"837i", institutional},
      {"i", institutional},
      {"inpatient", institutional},
      {"outpatient", institutional},
      {"facility", institutional},
      {"hospital", institutional},
      {"ub04", institutional},
      {"cms1450", institutional},
      {"snf", institutional},
      {"hha", institutional},
      {"hospice", institutional},
      {"10", institutional},
      {"20", institutional},
      {"30", institutional},
      {"40", institutional},
      {"50", institutional},
      {"60", institutional},
      {"837d", dental},
      {"d", dental},
      {"optical", vision},
      {"drug", pharmacy},
      {"rx", pharmacy},
      {"pde", pharmacy},
      {"partd", pharmacy},
      {"prescription", pharmacy},
  }};
  const std::string letters = letters_of(cell);
  for (const auto& [word, type] : kWords) {
    if (letters == word) return type;
  }
  return std::nullopt;
}

std::optional<DiagnosisRole> diagnosis_role_of(std::string_view cell) {
  using enum DiagnosisRole;
  const std::string letters = letters_of(cell);
  for (const DiagnosisRole role : {principal, other, admitting, reason_for_visit, external_cause}) {
    if (letters == letters_of(to_string(role))) return role;
  }
  return std::nullopt;
}

std::vector<std::string_view> items_of(std::string_view cell) {
  std::vector<std::string_view> items;
  const bool has_bars = cell.find('|') != kNone;
  for (std::size_t at = 0; at < cell.size();) {
    std::size_t end = has_bars ? cell.find('|', at) : cell.find_first_of(" ,;\t\r\n", at);
    end = std::min(end, cell.size());
    if (has_bars || end > at) items.push_back(cell.substr(at, end - at));
    at = end + 1;
  }
  return items;
}

std::string list_of(const std::vector<std::string>& items) {
  const bool needs_bars = std::any_of(items.begin(), items.end(), [](const std::string& item) {
    return item.empty() || item.find_first_of(" ,;|\t\r\n") != kNone;
  });
  std::string list;
  for (const std::string& item : items) {
    if (!needs_bars && !list.empty()) list += ' ';
    const std::size_t begin = list.size();
    list += item;
    std::replace(list.begin() + static_cast<std::ptrdiff_t>(begin), list.end(), '|', '/');
    if (needs_bars) list += '|';
  }
  return list;
}

}  // namespace clearhead::claims
