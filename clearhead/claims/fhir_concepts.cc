// CodeableConcept: https://hl7.org/fhir/R4/datatypes.html
#include <algorithm>
#include <utility>

#include "clearhead/claims/fhir_concepts_internal.h"

namespace clearhead::claims {

Field<Code> code_in(const JsonNode& concept_node, std::span<const std::string_view> wanted,
                    CodeUse use) {
  Field<Code> best{std::nullopt, concept_node.place()};
  std::size_t best_rank = wanted.size() + 1;
  for (const JsonNode& coding : concept_node["coding"].elements()) {
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

Field<std::string> plain_code_in(const JsonNode& concept_node) {
  for (const JsonNode& coding : concept_node["coding"].elements()) {
    if (Field<std::string> code = coding["code"].text()) return code;
  }
  return {std::nullopt, concept_node.place()};
}

std::vector<std::string> words_in(const JsonNode& concept_node) {
  std::vector<std::string> words;
  for (const JsonNode& coding : concept_node["coding"].elements()) {
    if (const Field<std::string> code = coding["code"].text()) words.push_back(last_part(*code));
  }
  return words;
}

JsonNode extension_of(const JsonNode& node, std::string_view name) {
  for (const JsonNode& extension : node["extension"].elements()) {
    const Field<std::string> address = extension["url"].text();
    if (address && last_part(*address) == name) return extension;
  }
  return node.none("extension");
}

}  // namespace clearhead::claims
