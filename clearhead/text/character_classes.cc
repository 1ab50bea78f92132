// Classes of characters and normal forms, by the tables of utf8proc.
#include <utf8proc.h>

#include <algorithm>
#include <optional>

#include "clearhead/text/characters_internal.h"

namespace clearhead {
namespace {

utf8proc_category_t category(char32_t character) {
  return character < kLooseByte ? utf8proc_category(static_cast<utf8proc_int32_t>(character))
                                : UTF8PROC_CATEGORY_CN;
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
  const utf8proc_category_t of = category(character);
  return of >= UTF8PROC_CATEGORY_PC && of <= UTF8PROC_CATEGORY_PO;
}

bool is_nonspacing_mark(char32_t character) {
  return character >= 0x80 && category(character) == UTF8PROC_CATEGORY_MN;
}

bool is_mark(char32_t character) {
  if (character < 0x80) return false;
  const utf8proc_category_t of = category(character);
  return of >= UTF8PROC_CATEGORY_MN && of <= UTF8PROC_CATEGORY_ME;
}

bool is_control(char32_t character) {
  if (character < 0x80) return character < 0x20 || character == 0x7f;
  const utf8proc_category_t of = category(character);
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
