// Classes of characters and normal forms, by the tables of utf8proc.
#include <utf8proc.h>

#include <algorithm>
#include <optional>
#include <span>

#include "clearhead/text/characters_internal.h"

namespace clearhead {
namespace {

utf8proc_category_t category(char32_t character) {
  return character < kLooseByte ? utf8proc_category(static_cast<utf8proc_int32_t>(character))
                                : UTF8PROC_CATEGORY_CN;
}

struct CharacterRange {
  char32_t first, last;
};

// tools/character-tables writes both tables.
//
// Marks, punctuation and formats that are newer than the tables by which Hugging Face's library
// tells them for BERT, which are those of Unicode 7: for it they are nothing of the kind.
constexpr CharacterRange kNewForBert[] = {
    {0x61d, 0x61d},     {0x7fd, 0x7fd},     {0x890, 0x8e2},     {0x9fd, 0x9fe},
    {0xa76, 0xa76},     {0xafa, 0xaff},     {0xb55, 0xb55},     {0xc04, 0xc3c},
    {0xc77, 0xc77},     {0xc84, 0xc84},     {0xd00, 0xd00},     {0xd3b, 0xd3c},
    {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},     {0x180f, 0x1886},
    {0x1abf, 0x1ace},   {0x1b7d, 0x1b7e},   {0x1df6, 0x1dfb},   {0x2e43, 0x2e5d},
    {0xa82c, 0xa82c},   {0xa8c5, 0xa8c5},   {0xa8ff, 0xa8ff},   {0xa9bd, 0xa9bd},
    {0x10d24, 0x10f89}, {0x11070, 0x11074}, {0x110c2, 0x110cd}, {0x111c9, 0x111c9},
    {0x111cf, 0x111cf}, {0x1123e, 0x11241}, {0x1133b, 0x1133b}, {0x11438, 0x1145e},
    {0x11660, 0x1166c}, {0x116b9, 0x116b9}, {0x1182f, 0x11fff}, {0x12ff1, 0x13455},
    {0x16e97, 0x16f4f}, {0x16fe2, 0x16fe4}, {0x1cf00, 0x1cf46}, {0x1e000, 0x1e4ef},
    {0x1e944, 0x1e95f}};

// Marks that are newer than its other tables, those of Unicode 9.
constexpr CharacterRange kNewMarks[] = {
    {0x7fd, 0x7fd},     {0x898, 0x8d3},     {0x9fe, 0x9fe},     {0xafa, 0xaff},
    {0xb55, 0xb55},     {0xc04, 0xc3c},     {0xcf3, 0xd00},     {0xd3b, 0xd3c},
    {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},     {0x1715, 0x1715},
    {0x180f, 0x180f},   {0x1abf, 0x1ace},   {0x1cf7, 0x1cf7},   {0x1df6, 0x1dfa},
    {0xa82c, 0xa82c},   {0xa8ff, 0xa8ff},   {0x10d24, 0x10f85}, {0x11070, 0x11074},
    {0x110c2, 0x110c2}, {0x11145, 0x11146}, {0x111c9, 0x111c9}, {0x111ce, 0x111cf},
    {0x11241, 0x11241}, {0x1133b, 0x1133b}, {0x1145e, 0x1145e}, {0x1182c, 0x11a99},
    {0x11d31, 0x13455}, {0x16f4f, 0x16f4f}, {0x16f7f, 0x16f87}, {0x16fe4, 0x16ff1},
    {0x1cf00, 0x1cf46}, {0x1e08f, 0x1e4ef}};

bool is_among(std::span<const CharacterRange> ranges, char32_t character) {
  const auto range = std::lower_bound(
      ranges.begin(), ranges.end(), character,
      [](const CharacterRange& one, char32_t wanted) { return one.last < wanted; });
  return range != ranges.end() && character >= range->first;
}

utf8proc_category_t category_for_bert(char32_t character) {
  return is_among(kNewForBert, character) ? UTF8PROC_CATEGORY_CN : category(character);
}

bool is_ascii_punctuation(char32_t character) {
  return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') ||
         (character >= '[' && character <= '`') || (character >= '{' && character <= '~');
}

// Letters in circles and squares, such as Ⓐ: they are symbols, but alphabetic (Other_Alphabetic).
bool is_letter_in_shape(char32_t character) {
  return (character >= 0x24b6 && character <= 0x24e9) ||
         (character >= 0x1f130 && character <= 0x1f149) ||
         (character >= 0x1f150 && character <= 0x1f169) ||
         (character >= 0x1f170 && character <= 0x1f189);
}

int combining_class(char32_t character) {
  if (character >= kLooseByte) return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(character))->combining_class;
}

struct Decomposed {
  int combining;
  CharacterChange change;
};

// The marks of one base come in the order of their classes.
void sort_marks(std::vector<Decomposed>& text, std::size_t from) {
  if (text.size() - from < 2) return;
  std::stable_sort(
      text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
      [](const Decomposed& a, const Decomposed& b) { return a.combining < b.combining; });
}

// Appends the decomposition of a character; what stands from `pending` on is still to be sorted.
void decompose(char32_t character, bool compatible, std::vector<Decomposed>& text,
               std::size_t& pending) {
  utf8proc_int32_t parts[32];  // the longest decomposition of Unicode has 18
  int last_bound_class = 0;
  utf8proc_ssize_t count = 1;
  parts[0] = static_cast<utf8proc_int32_t>(character);
  if (character >= 0x80 && character < kLooseByte) {
    const int options = UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(character), parts, 32,
                                    static_cast<utf8proc_option_t>(options), &last_bound_class);
    if (count < 1 || count > 32) {
      count = 1;
      parts[0] = static_cast<utf8proc_int32_t>(character);
    }
  }
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const auto part = static_cast<char32_t>(parts[i]);
    const int combining = combining_class(part);
    if (combining == 0) {
      sort_marks(text, pending);
      pending = text.size();
    }
    text.push_back({combining, {part, i == 0 ? 0 : 1}});
  }
}

// The character that two compose to.
std::optional<char32_t> composed(char32_t first, char32_t second) {
  if (second < 0x80 || first >= kLooseByte || second >= kLooseByte) return std::nullopt;
  utf8proc_int32_t pair[3] = {static_cast<utf8proc_int32_t>(first),
                              static_cast<utf8proc_int32_t>(second), 0};
  const int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (utf8proc_normalize_utf32(pair, 2, static_cast<utf8proc_option_t>(options)) != 1) {
    return std::nullopt;
  }
  return static_cast<char32_t>(pair[0]);
}

std::vector<CharacterChange> compose(const std::vector<Decomposed>& text) {
  std::vector<CharacterChange> result;
  std::ptrdiff_t base = -1;  // of what may be composed, in `result`
  int last_class = -1;       // of what stands between; −1: nothing
  for (const Decomposed& one : text) {
    if (base >= 0 && (last_class < one.combining)) {
      CharacterChange& before = result[static_cast<std::size_t>(base)];
      if (const auto both = composed(before.character, one.change.character)) {
        before = {*both, before.change + one.change.change - 1};
        continue;
      }
    }
    if (one.combining == 0) {
      base = static_cast<std::ptrdiff_t>(result.size());
      last_class = -1;
    } else {
      last_class = one.combining;
    }
    result.push_back(one.change);
  }
  return result;
}

}  // namespace

bool is_white_space(char32_t character) {
  if (character < 0x80) return character == ' ' || (character >= 9 && character <= 13);
  if (character == 0x85) return true;
  const utf8proc_category_t of = category(character);
  return of == UTF8PROC_CATEGORY_ZS || of == UTF8PROC_CATEGORY_ZL || of == UTF8PROC_CATEGORY_ZP;
}

bool is_numeric(char32_t character) {
  if (character < 0x80) return character >= '0' && character <= '9';
  const utf8proc_category_t of = category(character);
  return of >= UTF8PROC_CATEGORY_ND && of <= UTF8PROC_CATEGORY_NO;
}

bool is_punctuation(char32_t character) {
  if (character < 0x80) return is_ascii_punctuation(character);
  const utf8proc_category_t of = category_for_bert(character);
  return of >= UTF8PROC_CATEGORY_PC && of <= UTF8PROC_CATEGORY_PO;
}

bool is_nonspacing_mark(char32_t character) {
  return character >= 0x80 && category_for_bert(character) == UTF8PROC_CATEGORY_MN;
}

bool is_mark(char32_t character) {
  if (character < 0x80 || is_among(kNewMarks, character)) return false;
  const utf8proc_category_t of = category(character);
  return of >= UTF8PROC_CATEGORY_MN && of <= UTF8PROC_CATEGORY_ME;
}

bool is_control(char32_t character) {
  if (character < 0x80) return character < 0x20 || character == 0x7f;
  const utf8proc_category_t of = category_for_bert(character);
  return of == UTF8PROC_CATEGORY_CC || of == UTF8PROC_CATEGORY_CF || of == UTF8PROC_CATEGORY_CO;
}

bool is_word_character(char32_t character) {
  if (character == 0x200c || character == 0x200d || is_letter_in_shape(character)) return true;
  const utf8proc_category_t of = category(character);
  return (of >= UTF8PROC_CATEGORY_LU && of <= UTF8PROC_CATEGORY_ME) || of == UTF8PROC_CATEGORY_ND ||
         of == UTF8PROC_CATEGORY_NL || of == UTF8PROC_CATEGORY_PC;
}

std::vector<CharacterChange> normal_form(std::string_view text, NormalForm form) {
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  std::vector<Decomposed> decomposed;
  decomposed.reserve(text.size());
  std::size_t pending = 0;
  while (!text.empty()) decompose(take_character(text), compatible, decomposed, pending);
  sort_marks(decomposed, pending);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) return compose(decomposed);
  std::vector<CharacterChange> result;
  result.reserve(decomposed.size());
  for (const Decomposed& one : decomposed) result.push_back(one.change);
  return result;
}

}  // namespace clearhead
