// Numbers as text.
#ifndef CLEARHEAD_BASE_PARSE_NUMBER_H_
#define CLEARHEAD_BASE_PARSE_NUMBER_H_

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace clearhead {

/// The number that all of `text` is, whatever the locale; nothing if it is none, or none that a
/// `Number` holds.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_PARSE_NUMBER_H_
