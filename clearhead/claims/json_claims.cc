// The reverse of json_form.cc, line by line. Codes are put in order as those of tables are, so that
// claims are the same whichever way they were written.
#include "clearhead/claims/json_claims.h"

#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "clearhead/claims/csv_form.h"
#include "clearhead/claims/json_node_internal.h"
#include "clearhead/claims/json_pieces.h"

namespace clearhead::claims {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 26;  // of a claim: some 300,000 lines

// The values of a list, by `f(element)` each.
template <typename F>
auto each(const JsonNode& list, F f) {
  std::vector<decltype(f(list))> values;
  for (const JsonNode& element : list.elements()) values.push_back(f(element));
  return values;
}

// Likewise those that are there.
template <typename F>
auto each_that_is_there(const JsonNode& list, F f) {
  auto values = each(list, f);
  std::erase_if(values, [](const auto& value) { return !value; });
  return values;
}

Field<std::string> read_text(const JsonNode& node) { return node.text(); }

Field<Money> read_amount(const JsonNode& node) {
  Field<Money> amount = node.money();
  if (amount && std::abs(amount->cents) > kMostCents) node.fail("a smaller amount");
  return amount;
}

Field<Code> read_code(const JsonNode& node) {
  const std::string system = node["system"].text().value.value_or("");
  std::string value = code_of(node["code"].text().value.value_or(""));
  if (value.empty()) return {std::nullopt, node.place()};
  return {Code{code_system_of(system), std::move(value)}, node.place()};
}

Adjustment read_adjustment(const JsonNode& node) {
  return {node["group"].text(), node["reason"].text(), read_amount(node["amount"]),
          node["quantity"].number()};
}

Diagnosis read_diagnosis(const JsonNode& node) {
  Diagnosis diagnosis{.code = read_code(node),
                      .present_on_admission = node["present_on_admission"].text()};
  if (const Field<std::string> word = node["role"].text()) {
    const auto role = diagnosis_role_of(*word);
    if (!role) node["role"].fail("a role such as principal, other, admitting");
    diagnosis.role = *role;
  }
  return diagnosis;
}

Member read_member(const JsonNode& node) {
  Field<std::string> sex = node["sex"].text();
  if (sex) sex.value = sex_of(*sex);
  return {node["member"].text(), node["birth_date"].date(), std::move(sex), node["state"].text(),
          node["split"].text()};
}

std::int64_t read_pointer(const JsonNode& node) {
  const Field<std::int64_t> pointer = node.integer();
  if (!pointer || *pointer < 1) node.fail("the place of a diagnosis, from 1 on");
  return *pointer;
}

Line read_line(const JsonNode& node) {
  Line line;
  line.place = node.place();
  line.number = node["line"].integer();
  line.from = node["date"].date();
  line.to = node["to_date"].date();
  line.code = read_code(node["code"]);
  line.revenue = read_code(node["revenue"]);
  line.drug = read_code(node["drug"]);
  line.modifiers = each_that_is_there(node["modifiers"], read_text);
  line.units = node["units"].number();
  line.unit = node["unit"].text();
  line.service_place = node["service_place"].text();
  line.provider = node["provider"].text();
  line.charge = read_amount(node["charge"]);
  line.allowed = read_amount(node["allowed"]);
  line.paid = read_amount(node["paid"]);
  line.pointers = each(node["diagnosis_pointers"], read_pointer);
  line.pointers_place = node["diagnosis_pointers"].place();
  line.adjustments = each(node["adjustments"], read_adjustment);
  return line;
}

Field<ClaimType> read_type(const JsonNode& node) {
  const Field<std::string> word = node.text();
  if (!word) return {std::nullopt, word.place};
  const auto type = claim_type_of(*word);
  if (!type) node.fail("professional, institutional, dental, vision or pharmacy");
  return {type, word.place};
}

Claim read_claim(const JsonNode& node) {
  Claim claim;
  claim.place = node.place();
  claim.id = node["claim"].text();
  if (!claim.id) node["claim"].fail("a claim's number");
  claim.member = read_member(node["member"]);
  claim.type = read_type(node["type"]);
  claim.from = node["service_date"].date();
  claim.to = node["to_date"].date();
  claim.provider = node["provider"].text();
  claim.specialty = node["specialty"].text();
  claim.facility = node["facility"].text();
  claim.service_place = node["service_place"].text();
  claim.frequency = node["frequency"].text();
  claim.status = node["status"].text();
  claim.drg = read_code(node["drg"]);
  claim.diagnoses = each(node["diagnoses"], read_diagnosis);
  claim.procedures = each_that_is_there(node["procedures"], read_code);
  claim.charge = read_amount(node["charge"]);
  claim.allowed = read_amount(node["allowed"]);
  claim.paid = read_amount(node["paid"]);
  claim.adjustments = each(node["adjustments"], read_adjustment);
  claim.lines = each(node["lines"], read_line);
  std::int64_t number = 0;
  for (Line& line : claim.lines) {
    ++number;
    if (!line.number) line.number.value = number;
  }
  return claim;
}

// The names that objects have: those of the columns of tables, and a few more.
template <typename... Filled>
std::set<std::string> names_of(const std::vector<Column<Filled...>>& columns,
                               std::set<std::string> names) {
  for (const auto& column : columns) names.insert(column.name);
  return names;
}

class Reader {
 public:
  explicit Reader(const ClaimSink& sink) : sink_(sink) { summary_.format = "JSON"; }

  ReadSummary read(ByteStream& stream) {
    JsonPieces pieces(stream, {.bytes = kMostBytes});
    JsonPiece piece;
    while (pieces.next(piece)) {
      const Place place{stream.name(), piece.line, piece.byte, piece.path};
      std::string id;
      try {
        const nlohmann::json json = parsed(piece, place);
        const JsonNode object(json, place);
        id = object["claim"].text().value.value_or("");
        Claim claim = read_claim(object);
        warn_of_names(object);
        warn_of_pointers(claim);
        ++summary_.claims;
        summary_.lines += std::ssize(claim.lines);
        if (sink_.claim) sink_.claim(std::move(claim));
      } catch (JsonFault& fault) {
        ++summary_.refusals;
        if (sink_.refusal) sink_.refusal({std::move(fault.place), id, std::move(fault.reason)});
      }
    }
    return summary_;
  }

 private:
  void warn(const Place& place, const std::string& text) {
    ++summary_.warnings;
    if (sink_.warning) sink_.warning(place, text);
  }

  // Once for each name.
  void warn_of_names(const JsonNode& object, const std::set<std::string>& known) {
    for (const std::string& name : object.names()) {
      if (known.contains(name) || !unknown_.insert(name).second) continue;
      warn(object.none(name).place(), "a name that is not read");
    }
  }

  void warn_of_names(const JsonNode& claim) {
    static const auto claims = names_of(claim_columns(), {"claim", "member", "lines"});
    static const auto members = names_of(member_columns(), {"member"});
    static const auto lines = names_of(line_columns(), {});
    warn_of_names(claim, claims);
    warn_of_names(claim["member"], members);
    for (const JsonNode& line : claim["lines"].elements()) warn_of_names(line, lines);
  }

  void warn_of_pointers(const Claim& claim) {
    for (const Line& line : claim.lines) {
      for (const std::int64_t pointer : line.pointers) {
        if (pointer <= std::ssize(claim.diagnoses)) continue;
        warn(line.pointers_place,
             fmt::format("diagnosis {} of a claim with {}", pointer, claim.diagnoses.size()));
      }
    }
  }

  const ClaimSink& sink_;
  ReadSummary summary_;
  std::set<std::string> unknown_;
};

}  // namespace

bool begins_as_json_claims(std::string_view text) {
  constexpr std::string_view kName = "\"claim\"", kBlanks = " \t\r\n";
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  if (text.find("\"resourceType\"") != std::string_view::npos) return false;
  const std::size_t name = text.find(kName);
  if (name == std::string_view::npos) return false;
  const std::size_t colon = text.find_first_not_of(kBlanks, name + kName.size());
  if (colon == std::string_view::npos || text[colon] != ':') return false;
  // An answer of FHIR has a reference there: an object.
  const std::size_t value = text.find_first_not_of(kBlanks, colon + 1);
  return value != std::string_view::npos && text[value] != '{';
}

ReadSummary read_json_claims(ByteStream& stream, const ClaimSink& sink) {
  return Reader(sink).read(stream);
}

}  // namespace clearhead::claims
