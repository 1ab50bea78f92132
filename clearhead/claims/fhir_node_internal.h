// A value within a FHIR resource that knows its path, so that what is read knows where it stood and
// what is wrong says where.
#ifndef CLEARHEAD_CLAIMS_FHIR_NODE_INTERNAL_H_
#define CLEARHEAD_CLAIMS_FHIR_NODE_INTERNAL_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/fhir_codes.h"

namespace clearhead::claims {

/// Thrown where a resource has something else than FHIR says.
struct FhirFault {
  Place place;         ///< where
  std::string reason;  ///< what was expected, and what came
};

/// A value, or where one would stand. A missing value has missing members, no elements and fields
/// without a value; null is missing. All functions throw FhirFault where another type came.
class FhirNode {
 public:
  /// A resource at `place`, whose part is what stands before paths. Both must outlive the nodes.
  FhirNode(const nlohmann::json& resource, const Place& place)
      : json_(&resource), resource_(&place), path_(place.part) {}

  /// Whether there is a value.
  explicit operator bool() const { return json_ != nullptr; }
  /// Where it stands, or would.
  Place place() const;

  /// The member of an object.
  FhirNode operator[](const char* name) const;
  /// The one of two that is there: the names of R4 and STU3.
  FhirNode either(const char* name, const char* other) const;
  /// The elements of a list; an object by itself is a list of one, as some have it in STU3.
  std::vector<FhirNode> elements() const;
  /// A missing value, which would stand at `name`.
  FhirNode none(std::string_view name) const;
  /// Whether it is an object.
  bool is_object() const;

  /// A string that is not empty.
  Field<std::string> text() const;
  /// A number.
  Field<double> number() const;
  /// A whole number.
  Field<std::int64_t> integer() const;
  /// A number as an amount.
  Field<Money> money() const;
  /// A date, or the day of a time. Of a year or month alone, its first day.
  Field<Date> date() const;

  /// Throws FhirFault: `expected`, and what came.
  [[noreturn]] void fail(std::string_view expected) const;

 private:
  FhirNode(const nlohmann::json* json, const Place* resource, std::string path)
      : json_(json), resource_(resource), path_(std::move(path)) {}

  const nlohmann::json* json_;  // none: missing
  const Place* resource_;
  std::string path_;
};

/// The code of a CodeableConcept: of the first system in `wanted` that it has, else its first one.
Field<Code> code_in(const FhirNode& concept_node, std::span<const std::string_view> wanted,
                    CodeUse use);

/// The member `code` of the first coding of a CodeableConcept that has one.
Field<std::string> plain_code_in(const FhirNode& concept_node);

/// The last parts of the codes of a CodeableConcept, in small letters: "submitted".
std::vector<std::string> words_in(const FhirNode& concept_node);

/// The extension whose address ends in `name`, in small letters.
FhirNode extension_of(const FhirNode& node, std::string_view name);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_FHIR_NODE_INTERNAL_H_
