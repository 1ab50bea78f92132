// Amounts and dates are as FHIR has them: https://hl7.org/fhir/R4/datatypes.html
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "clearhead/claims/json_node_internal.h"
#include "clearhead/claims/values.h"

namespace clearhead::claims {
namespace {

using Json = nlohmann::json;

/// Which type came, for a message. The value might tell who.
const char* type_of(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
  if (json.is_string()) return "text";
  return json.is_number() ? "a number" : "true or false";
}

/// What came, for a message.
std::string described(const Json& json) {
  if (json.is_object() || json.is_array()) return type_of(json);
  const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= 40 ? text : text.substr(0, 40) + "…";
}

/// The number as it was written, to 17 digits. Its shortest decimals round to the same double.
std::optional<Money> money_of(const Json& number) {
  const std::string text =
      number.is_number_integer() ? number.dump() : fmt::format("{}", number.get<double>());
  if (text.find('e') == std::string::npos) return read_money(text);
  if (std::abs(number.get<double>()) < 1) return Money{0};  // smaller than 0.0001
  return std::nullopt;
}

/// A date may have no day, or no month.
std::optional<Date> date_of(std::string_view text) {
  constexpr std::string_view kFirst = "0000-01-01";
  const bool shorter = text.size() == 4 || (text.size() == 7 && text[4] == '-');
  return read_date(shorter ? fmt::format("{}{}", text, kFirst.substr(text.size())) : text);
}

}  // namespace

Place JsonNode::place() const {
  Place place = *object_;
  place.part = path_;
  return place;
}

JsonNode JsonNode::operator[](const char* name) const {
  std::string path = path_.empty() ? name : path_ + "." + name;
  if (json_ == nullptr) return {nullptr, object_, std::move(path)};
  if (!json_->is_object()) fail_by_type("an object");
  const auto member = json_->find(name);
  const bool there = member != json_->end() && !member->is_null();
  return {there ? &*member : nullptr, object_, std::move(path)};
}

JsonNode JsonNode::none(std::string_view name) const {
  return {nullptr, object_, path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name)};
}

std::vector<std::string> JsonNode::names() const {
  std::vector<std::string> names;
  if (!is_object()) return names;
  for (const auto& member : json_->items()) names.push_back(member.key());
  return names;
}

bool JsonNode::is_object() const { return json_ != nullptr && json_->is_object(); }

JsonNode JsonNode::either(const char* name, const char* other) const {
  JsonNode second = (*this)[other];
  return second ? second : (*this)[name];
}

std::vector<JsonNode> JsonNode::elements() const {
  std::vector<JsonNode> nodes;
  if (json_ == nullptr) return nodes;
  if (json_->is_object()) return {*this};
  if (!json_->is_array()) fail_by_type("a list");
  for (std::size_t i = 0; i < json_->size(); ++i) {
    const Json& element = (*json_)[i];
    if (element.is_null()) continue;
    nodes.push_back({&element, object_, fmt::format("{}[{}]", path_, i)});
  }
  return nodes;
}

Field<std::string> JsonNode::text() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_string()) fail_by_type("text");
  const std::string& text = json_->get_ref<const std::string&>();
  if (text.empty()) return {std::nullopt, place()};
  return {text, place()};
}

Field<double> JsonNode::number() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number()) fail_by_type("a number");
  return {json_->get<double>(), place()};
}

Field<std::int64_t> JsonNode::integer() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number()) fail_by_type("a whole number");
  if (!json_->is_number_integer() || json_->get<double>() > 1e15) fail("a whole number");
  return {json_->get<std::int64_t>(), place()};
}

Field<Money> JsonNode::money() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number()) fail_by_type("a number");
  const std::optional<Money> amount = money_of(*json_);
  if (!amount) fail("an amount of at most 15 digits");
  return {amount, place()};
}

Field<Date> JsonNode::date() const {
  const Field<std::string> words = text();
  if (!words) return {std::nullopt, words.place};
  const std::optional<Date> date = date_of(*words);
  constexpr const char* kExpected = "a date such as 2024-07-31";
  const bool tells_who = path_.ends_with("birthDate") || path_.ends_with("birth_date");
  if (!date) tells_who ? fail_by_type(kExpected) : fail(kExpected);
  return {date, words.place};
}

Json parsed(const JsonPiece& piece, const Place& place) {
  if (!piece.fault.empty()) throw JsonFault{place, piece.fault};
  try {
    return Json::parse(piece.text);
  } catch (const Json::parse_error& error) {
    Place fault = place;
    if (error.byte > 0) fault.byte += error.byte - 1;
    throw JsonFault{fault, "expected JSON, got a fault of its syntax here"};
  } catch (const Json::out_of_range&) {
    throw JsonFault{place, "expected numbers within ±1.8e308, got a greater"};
  }
}

void JsonNode::fail_by_type(std::string_view expected) const {
  throw JsonFault{place(), fmt::format("expected {}, got {}", expected, type_of(*json_))};
}

void JsonNode::fail(std::string_view expected) const {
  throw JsonFault{place(), fmt::format("expected {}, got {}", expected,
                                       json_ == nullptr ? "nothing" : described(*json_))};
}

}  // namespace clearhead::claims
