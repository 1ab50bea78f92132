// Decoding UTF-8 defensively, and GLib's Unicode tables for widths.
#include "clearhead/plot/label.h"

#include <fmt/format.h>
#include <glib.h>

#include <optional>

namespace clearhead::plot {
namespace {

// Takes the first character off `text`; nothing (and one byte taken) if it is no valid UTF-8.
std::optional<gunichar> take_character(std::string_view& text) {
  if (text.front() == '\0') {  // which GLib takes for the end of the text
    text.remove_prefix(1);
    return 0;
  }
  const gunichar c = g_utf8_get_char_validated(text.data(), static_cast<gssize>(text.size()));
  if (c == static_cast<gunichar>(-1) || c == static_cast<gunichar>(-2)) {
    text.remove_prefix(1);
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(g_unichar_to_utf8(c, nullptr)));
  return c;
}

void append(std::string& to, gunichar c) {
  char bytes[6];
  to.append(bytes, static_cast<std::size_t>(g_unichar_to_utf8(c, bytes)));
}

// Invisible characters without which scripts and emoji are not written right.
bool shapes_its_neighbours(gunichar c) {
  const bool joiner = c == 0x200C || c == 0x200D;
  const bool emoji_tag = c >= 0xE0020 && c <= 0xE007F;  // spells the region of a flag
  return joiner || emoji_tag;
}

bool is_line_end(gunichar c) { return c == '\n' || c == 0x2028 || c == 0x2029; }

int character_width(gunichar c) {
  if (g_unichar_iszerowidth(c)) return 0;
  return g_unichar_iswide(c) ? 2 : 1;
}

}  // namespace

std::string visible_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::optional<gunichar> c = take_character(text);
    if (!c) {
      result += "\uFFFD";
    } else if (is_line_end(*c)) {
      result += "↵";
    } else if (*c == '\t') {
      result += "⇥";
    } else if (g_unichar_type(*c) == G_UNICODE_CONTROL) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(*c));
    } else if (g_unichar_type(*c) == G_UNICODE_FORMAT && !shapes_its_neighbours(*c)) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(*c));
    } else {
      append(result, *c);
    }
  }
  return result;
}

std::string visible_label(std::string_view label) {
  if (label.empty()) return "∅";
  const std::size_t first = label.find_first_not_of(' ');
  const std::size_t end =
      first == std::string_view::npos ? label.size() : label.find_last_not_of(' ') + 1;
  const std::size_t begin = first == std::string_view::npos ? label.size() : first;
  if (label == "\u00A0") return "\\u00a0";  // a blank that breaks no line, by itself
  std::string result;
  for (std::size_t i = 0; i < begin; ++i) result += "␣";
  result += visible_text(label.substr(begin, end - begin));
  for (std::size_t i = end; i < label.size(); ++i) result += "␣";
  return result;
}

int display_width(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    if (const std::optional<gunichar> c = take_character(text)) width += character_width(*c);
  }
  return width;
}

std::string shorten(std::string_view text, int width) {
  if (display_width(text) <= width) return std::string(text);
  std::string result;
  int used = 1;  // the ellipsis
  while (!text.empty()) {
    const std::optional<gunichar> c = take_character(text);
    if (!c) continue;
    used += character_width(*c);
    if (used > width) break;
    append(result, *c);
  }
  return result + "…";
}

std::string escape_markup(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace clearhead::plot
