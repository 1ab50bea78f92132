// Codes, and what else FHIR puts into CodeableConcepts and extensions.
#ifndef CLEARHEAD_CLAIMS_FHIR_CONCEPTS_INTERNAL_H_
#define CLEARHEAD_CLAIMS_FHIR_CONCEPTS_INTERNAL_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/fhir_codes.h"
#include "clearhead/claims/json_node_internal.h"

namespace clearhead::claims {

/// The code of a CodeableConcept: of the first system in `wanted` that it has, else its first one.
Field<Code> code_in(const JsonNode& concept_node, std::span<const std::string_view> wanted,
                    CodeUse use);

/// The member `code` of the first coding of a CodeableConcept that has one.
Field<std::string> plain_code_in(const JsonNode& concept_node);

/// The last parts of the codes of a CodeableConcept, in small letters: "submitted".
std::vector<std::string> words_in(const JsonNode& concept_node);

/// The extension whose address ends in `name`, in small letters.
JsonNode extension_of(const JsonNode& node, std::string_view name);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_FHIR_CONCEPTS_INTERNAL_H_
