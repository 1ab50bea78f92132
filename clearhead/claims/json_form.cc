// One function a struct; a field that is missing has no name.
#include "clearhead/claims/json_form.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace clearhead::claims {
namespace {

using Json = nlohmann::ordered_json;

Json json(const std::string& text) { return text; }
Json json(double number) { return number; }
Json json(std::int64_t number) { return number; }
Json json(Date date) { return to_string(date); }
Json json(ClaimType type) { return to_string(type); }
// Of at most 15 digits, which the shortest text of a double gives back exactly.
Json json(Money money) { return static_cast<double>(money.cents) / 100; }

Json json(const Code& code) {
  Json object = Json::object();
  if (!code.system.empty()) object["system"] = code.system;
  object["code"] = code.value;
  return object;
}

template <typename T>
void put(Json& object, const char* name, const Field<T>& field) {
  if (field) object[name] = json(*field);
}

// A list that is not empty, of `f(value)` each.
template <typename T, typename F>
void put_list(Json& object, const char* name, const std::vector<T>& values, F f) {
  for (const T& value : values) object[name].push_back(f(value));
}

Json json(const Adjustment& adjustment) {
  Json object = Json::object();
  put(object, "group", adjustment.group);
  put(object, "reason", adjustment.reason);
  put(object, "amount", adjustment.amount);
  put(object, "quantity", adjustment.quantity);
  return object;
}

Json json(const Diagnosis& diagnosis) {
  Json object = diagnosis.code ? json(*diagnosis.code) : Json::object();
  object["role"] = to_string(diagnosis.role);
  put(object, "present_on_admission", diagnosis.present_on_admission);
  return object;
}

Json json(const Member& member) {
  Json object = Json::object();
  put(object, "member", member.id);
  put(object, "birth_date", member.birth_date);
  put(object, "sex", member.sex);
  put(object, "state", member.state);
  put(object, "split", member.split);
  return object;
}

Json json(const Line& line) {
  Json object = Json::object();
  put(object, "line", line.number);
  put(object, "date", line.from);
  put(object, "to_date", line.to);
  put(object, "code", line.code);
  put_list(object, "modifiers", line.modifiers,
           [](const Field<std::string>& modifier) { return json(*modifier); });
  put(object, "revenue", line.revenue);
  put(object, "drug", line.drug);
  put(object, "units", line.units);
  put(object, "unit", line.unit);
  put(object, "service_place", line.service_place);
  put(object, "provider", line.provider);
  put(object, "charge", line.charge);
  put(object, "allowed", line.allowed);
  put(object, "paid", line.paid);
  put_list(object, "diagnosis_pointers", line.pointers, [](std::int64_t i) { return json(i); });
  put_list(object, "adjustments", line.adjustments, [](const Adjustment& a) { return json(a); });
  return object;
}

}  // namespace

std::string json_of(const Claim& claim) {
  Json object = Json::object();
  put(object, "claim", claim.id);
  if (Json member = json(claim.member); !member.empty()) object["member"] = std::move(member);
  put(object, "type", claim.type);
  put(object, "service_date", claim.from);
  put(object, "to_date", claim.to);
  put(object, "provider", claim.provider);
  put(object, "specialty", claim.specialty);
  put(object, "facility", claim.facility);
  put(object, "service_place", claim.service_place);
  put(object, "frequency", claim.frequency);
  put(object, "status", claim.status);
  put(object, "drg", claim.drg);
  put_list(object, "diagnoses", claim.diagnoses, [](const Diagnosis& d) { return json(d); });
  put_list(object, "procedures", claim.procedures,
           [](const Field<Code>& code) { return json(*code); });
  put(object, "charge", claim.charge);
  put(object, "allowed", claim.allowed);
  put(object, "paid", claim.paid);
  put_list(object, "adjustments", claim.adjustments, [](const Adjustment& a) { return json(a); });
  put_list(object, "lines", claim.lines, [](const Line& line) { return json(line); });
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace clearhead::claims
