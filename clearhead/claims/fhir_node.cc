// Types of FHIR: https://hl7.org/fhir/R4/datatypes.html
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "clearhead/claims/fhir_node_internal.h"
#include "clearhead/claims/values.h"

namespace clearhead::claims {
namespace {

using Json = nlohmann::json;

/// What came, for a message.
std::string described(const Json& json) {
  if (json.is_object()) return "an object";
  if (json.is_array()) return "a list";
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

Place FhirNode::place() const {
  Place place = *resource_;
  place.part = path_;
  return place;
}

FhirNode FhirNode::operator[](const char* name) const {
  std::string path = path_.empty() ? name : path_ + "." + name;
  if (json_ == nullptr) return {nullptr, resource_, std::move(path)};
  if (!json_->is_object()) fail("an object");
  const auto member = json_->find(name);
  const bool there = member != json_->end() && !member->is_null();
  return {there ? &*member : nullptr, resource_, std::move(path)};
}

FhirNode FhirNode::none(std::string_view name) const {
  return {nullptr, resource_,
          path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name)};
}

bool FhirNode::is_object() const { return json_ != nullptr && json_->is_object(); }

FhirNode FhirNode::either(const char* name, const char* other) const {
  FhirNode second = (*this)[other];
  return second ? second : (*this)[name];
}

std::vector<FhirNode> FhirNode::elements() const {
  std::vector<FhirNode> nodes;
  if (json_ == nullptr) return nodes;
  if (json_->is_object()) return {*this};
  if (!json_->is_array()) fail("a list");
  for (std::size_t i = 0; i < json_->size(); ++i) {
    const Json& element = (*json_)[i];
    if (element.is_null()) continue;
    nodes.push_back({&element, resource_, fmt::format("{}[{}]", path_, i)});
  }
  return nodes;
}

Field<std::string> FhirNode::text() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_string()) fail("text");
  const std::string& text = json_->get_ref<const std::string&>();
  if (text.empty()) return {std::nullopt, place()};
  return {text, place()};
}

Field<double> FhirNode::number() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number()) fail("a number");
  return {json_->get<double>(), place()};
}

Field<std::int64_t> FhirNode::integer() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number_integer() || json_->get<double>() > 1e15) fail("a whole number");
  return {json_->get<std::int64_t>(), place()};
}

Field<Money> FhirNode::money() const {
  if (json_ == nullptr) return {std::nullopt, place()};
  if (!json_->is_number()) fail("a number");
  const std::optional<Money> amount = money_of(*json_);
  if (!amount) fail("an amount of at most 15 digits");
  return {amount, place()};
}

Field<Date> FhirNode::date() const {
  const Field<std::string> words = text();
  if (!words) return {std::nullopt, words.place};
  const std::optional<Date> date = date_of(*words);
  if (!date) fail("a date such as 2024-07-31");
  return {date, words.place};
}

void FhirNode::fail(std::string_view expected) const {
  throw FhirFault{place(), fmt::format("expected {}, got {}", expected,
                                       json_ == nullptr ? "nothing" : described(*json_))};
}

Field<Code> code_in(const FhirNode& concept_node, std::span<const std::string_view> wanted,
                    CodeUse use) {
  Field<Code> best{std::nullopt, concept_node.place()};
  std::size_t best_rank = wanted.size() + 1;
  for (const FhirNode& coding : concept_node["coding"].elements()) {
    const std::string system = coding["system"].text().value.value_or("");
    const Field<std::string> value = coding["code"].text();
    if (!value || is_placeholder(system)) continue;
    Code code = fhir_code(system, *value, use);
    const auto rank =
        static_cast<std::size_t>(std::ranges::find(wanted, code.system) - wanted.begin());
    if (rank >= best_rank) continue;
    best_rank = rank;
    best = {std::move(code), value.place};
  }
  return best;
}

Field<std::string> plain_code_in(const FhirNode& concept_node) {
  for (const FhirNode& coding : concept_node["coding"].elements()) {
    if (Field<std::string> code = coding["code"].text()) return code;
  }
  return {std::nullopt, concept_node.place()};
}

std::vector<std::string> words_in(const FhirNode& concept_node) {
  std::vector<std::string> words;
  for (const FhirNode& coding : concept_node["coding"].elements()) {
    if (const Field<std::string> code = coding["code"].text()) words.push_back(last_part(*code));
  }
  return words;
}

FhirNode extension_of(const FhirNode& node, std::string_view name) {
  for (const FhirNode& extension : node["extension"].elements()) {
    const Field<std::string> address = extension["url"].text();
    if (address && last_part(*address) == name) return extension;
  }
  return node.none("extension");
}

}  // namespace clearhead::claims
