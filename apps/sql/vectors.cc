// Reads and gives vectors.
#include "apps/sql/vectors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3ext.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>

SQLITE_EXTENSION_INIT3

namespace clearhead::sql {
namespace {

static_assert(std::endian::native == std::endian::little);

// Receives JSON piece by piece and stops at the first that is not part of one array of numbers, so
// that nothing is built of what does not belong there, however deep it nests.
class ArrayReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit ArrayReader(std::vector<double>& numbers) : numbers_(numbers) {}

  bool start_array(std::size_t) override { return !std::exchange(is_open_, true); }
  bool end_array() override { return true; }
  bool number_integer(number_integer_t number) override { return add(static_cast<double>(number)); }
  bool number_unsigned(number_unsigned_t number) override {
    return add(static_cast<double>(number));
  }
  bool number_float(number_float_t number, const std::string&) override { return add(number); }

  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool string(std::string&) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return false; }
  bool key(std::string&) override { return false; }
  bool end_object() override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool add(double number) {
    if (is_open_) numbers_.push_back(number);
    return is_open_;
  }

  std::vector<double>& numbers_;
  bool is_open_ = false;
};

// The beginning of a text, its control characters escaped: a terminal would obey them.
std::string in_quotes(std::string_view text) {
  constexpr std::size_t kShown = 60;
  const std::string shown = fmt::format("{:?}", text.substr(0, kShown));  // "…"
  return fmt::format("'{}{}'", std::string_view(shown).substr(1, shown.size() - 2),
                     text.size() > kShown ? "..." : "");
}

void read_json(std::string_view text, std::string_view name, std::vector<double>& numbers) {
  numbers.clear();
  ArrayReader reader(numbers);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) {
    throw std::runtime_error(
        fmt::format("the {} is the text {}, which is no JSON array of numbers such as [0.1, 2]",
                    name, in_quotes(text)));
  }
}

void read_blob(std::string_view bytes, std::string_view name, std::vector<double>& numbers) {
  if (bytes.size() % sizeof(float) != 0) {
    throw std::runtime_error(fmt::format(
        "the {} is a BLOB of {} bytes, but each number takes 4 (f32)", name, bytes.size()));
  }
  numbers.resize(bytes.size() / sizeof(float));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    float number;  // BLOBs are aligned to nothing
    std::memcpy(&number, bytes.data() + i * sizeof(float), sizeof(float));
    numbers[i] = number;
  }
}

// x − x is 0 for a finite x, else NaN, whose bits are not 0. Bits can be joined in any order, which
// makes a loop of vectors of this.
bool are_finite(std::span<const double> numbers) {
  std::uint64_t bits = 0;
  for (const double x : numbers) bits |= std::bit_cast<std::uint64_t>(x - x);
  return bits == 0;
}

template <typename Number>
std::string json_of(std::span<const double> numbers) {
  const std::vector<Number> printed(numbers.begin(), numbers.end());
  return fmt::format("[{}]", fmt::join(printed, ","));
}

void return_json(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

}  // namespace

bool has_null(std::span<sqlite3_value* const> values) {
  return std::ranges::any_of(
      values, [](sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; });
}

Form form_of(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_BLOB:
      return Form::blob;
    case SQLITE_TEXT:
      return Form::json;
    default:
      return Form::number;
  }
}

std::string_view to_string(Form form) {
  switch (form) {
    case Form::number:
      return "a number";
    case Form::json:
      return "a JSON array";
    case Form::blob:
      return "a BLOB";
  }
  return {};
}

std::string_view bytes_of(sqlite3_value* value) {
  const void* bytes =
      form_of(value) == Form::json ? sqlite3_value_text(value) : sqlite3_value_blob(value);
  // The length of a text is known once it is UTF-8.
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), size);
}

void read_vector(sqlite3_value* value, std::string_view name, std::vector<double>& numbers) {
  switch (form_of(value)) {
    case Form::number:
      numbers.assign(1, sqlite3_value_double(value));
      break;
    case Form::json:
      read_json(bytes_of(value), name, numbers);
      break;
    case Form::blob:
      read_blob(bytes_of(value), name, numbers);
      break;
  }
  if (numbers.empty()) throw std::runtime_error(fmt::format("the {} has no numbers", name));
  if (!are_finite(numbers)) {
    const auto odd = std::ranges::find_if_not(numbers, [](double x) { return std::isfinite(x); });
    throw std::runtime_error(fmt::format("number {} of the {} is {}, but all must be finite",
                                         odd - numbers.begin() + 1, name, *odd));
  }
}

void return_vector(sqlite3_context* context, std::span<const double> numbers, Form form) {
  if (!are_finite(numbers))
    throw std::runtime_error("the result is not finite: the numbers are too large");
  if (form == Form::number) {
    sqlite3_result_double(context, numbers[0]);
  } else if (form == Form::json) {
    return_json(context, json_of<double>(numbers));
  } else {
    std::vector<float> stored(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (std::isinf(stored[i]))
        throw std::runtime_error(fmt::format("{} is more than an f32 holds", numbers[i]));
    }
    sqlite3_result_blob64(context, stored.data(), stored.size() * sizeof(float), SQLITE_TRANSIENT);
  }
}

void return_json_of_f32(sqlite3_context* context, std::span<const double> numbers) {
  return_json(context, json_of<float>(numbers));
}

}  // namespace clearhead::sql
