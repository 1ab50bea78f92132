// Places as JSON pointers (RFC 6901).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "clearhead/text/json_place_internal.h"

namespace clearhead {
namespace {

using Json = nlohmann::json;

constexpr int kMostDepth = 100;

// Lists and objects within each other are read by functions that call themselves.
void check_depth(std::string_view text, const std::string& file) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;
    } else if (c == '{' || c == '[') {
      if (++depth > kMostDepth) {
        throw Error(fmt::format("{}: byte {}: nested more than {} deep", file, i, kMostDepth));
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

// What is not there.
const Json& null() {
  static const Json kNull;
  return kNull;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& file) {
  check_depth(text, file);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(fmt::format("{}: byte {}: no valid JSON", file, error.byte));
  } catch (const Json::out_of_range&) {
    throw Error(file + ": it has a number that is too large");
  }
}

bool JsonPlace::is_null() const { return json_->is_null(); }
bool JsonPlace::is_list() const { return json_->is_array(); }
bool JsonPlace::is_text() const { return json_->is_string(); }

JsonPlace JsonPlace::operator[](std::string_view name) const {
  if (!json_->is_object()) fail("expected an object, got " + shown());
  const auto found = json_->find(std::string(name));
  return {found == json_->end() ? null() : *found, file_, fmt::format("{}/{}", place_, name)};
}

std::vector<JsonPlace> JsonPlace::elements() const {
  if (!json_->is_array()) fail("expected a list, got " + shown());
  std::vector<JsonPlace> result;
  result.reserve(json_->size());
  for (std::size_t i = 0; i < json_->size(); ++i) {
    result.push_back({(*json_)[i], file_, fmt::format("{}/{}", place_, i)});
  }
  return result;
}

std::vector<JsonPlace> JsonPlace::elements(std::size_t count) const {
  std::vector<JsonPlace> result = elements();
  if (result.size() != count) fail(fmt::format("expected {} elements, got {}", count, shown()));
  return result;
}

std::string JsonPlace::text() const {
  if (!json_->is_string()) fail("expected a string, got " + shown());
  return json_->get<std::string>();
}

std::string JsonPlace::text_or(std::string otherwise) const {
  return is_null() ? std::move(otherwise) : text();
}

bool JsonPlace::flag_or(bool otherwise) const {
  if (is_null()) return otherwise;
  if (!json_->is_boolean()) fail("expected true or false, got " + shown());
  return json_->get<bool>();
}

double JsonPlace::number() const {
  if (!json_->is_number()) fail("expected a number, got " + shown());
  return json_->get<double>();
}

std::int64_t JsonPlace::integer(std::int64_t least, std::int64_t most) const {
  // A number above the largest int64 is unsigned.
  const bool fits = json_->is_number_integer() &&
                    (!json_->is_number_unsigned() ||
                     json_->get<std::uint64_t>() <= static_cast<std::uint64_t>(most));
  if (!fits || json_->get<std::int64_t>() < least || json_->get<std::int64_t>() > most) {
    fail(fmt::format("expected a whole number, {} to {}, got {}", least, most, shown()));
  }
  return json_->get<std::int64_t>();
}

std::size_t JsonPlace::choice(const std::vector<std::string>& words) const {
  const auto found = std::find(words.begin(), words.end(), text());
  if (found == words.end()) {
    fail(fmt::format("expected {}, got {}", fmt::join(words, ", "), shown()));
  }
  return static_cast<std::size_t>(found - words.begin());
}

std::string JsonPlace::shown() const {
  const std::string text = json_->dump(-1, ' ', false, Json::error_handler_t::replace);
  return text.size() <= 80 ? text : "a longer value";
}

void JsonPlace::fail(const std::string& fault) const {
  throw Error(fmt::format("{}: {}: {}", *file_, place_.empty() ? "/" : place_, fault));
}

void JsonPlace::refuse(const std::string& why) const {
  if (is_null() || (json_->is_boolean() && !json_->get<bool>())) return;
  fail(fmt::format("expected null, got {}; {}", shown(), why));
}

void fail_type(const JsonPlace& place, const std::vector<std::string>& types) {
  place.fail(
      fmt::format("{} is not supported; there are {}", place.shown(), fmt::join(types, ", ")));
}

}  // namespace clearhead
