// The parts of reading a FHIR claim: fhir_claim.cc reads its header, fhir_lines.cc its items,
// fhir_amounts.cc what it cost.
#ifndef CLEARHEAD_CLAIMS_FHIR_CLAIM_INTERNAL_H_
#define CLEARHEAD_CLAIMS_FHIR_CLAIM_INTERNAL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/fhir.h"
#include "clearhead/claims/fhir_concepts_internal.h"

namespace clearhead::claims {

/// Gets a doubt about what was read all the same.
using FhirWarning = std::function<void(const Place& place, const std::string& text)>;

/// Reads a Claim or ExplanationOfBenefit. Throws JsonFault if it is none, or no bill.
Claim read_fhir_claim(const JsonNode& resource, const FhirReferences& references,
                      const FhirWarning& warn);

/// The number of a claim: the payer's identifier, else that of the resource.
Field<std::string> read_fhir_claim_id(const JsonNode& resource);

/// Reads a Patient.
Member read_fhir_patient(const JsonNode& resource);

/// The code of a Condition.
Field<Code> read_fhir_condition(const JsonNode& resource);

/// Whether a claim has what only STU3 has.
bool is_stu3(const JsonNode& resource);

/// What a reference ends in, without its type and version: "12" of "Patient/12/_history/3".
std::string_view id_in_reference(std::string_view reference);

/// Somebody who took part.
struct FhirCareTeamMember {
  std::int64_t sequence = 0;
  Field<std::string> provider, specialty;
  bool treats = false;  ///< by role: who performed, rendered or attended
};

/// What lines refer to.
struct FhirNumbered {
  std::vector<FhirCareTeamMember> care_team;
  std::map<std::int64_t, std::int64_t> diagnoses;  ///< from sequence to place in the claim, from 1
};

/// Reads `item` into the claim's lines.
void read_fhir_lines(const JsonNode& resource, const FhirNumbered& numbered,
                     const FhirWarning& warn, Claim& claim);

/// Amounts by what they are: the rows of `adjudication` or `total`.
class FhirAmounts {
 public:
  /// Adds the rows of a list.
  void add(const JsonNode& list);
  Field<Money> charge() const;   ///< what was asked for
  Field<Money> allowed() const;  ///< what the payer recognizes
  Field<Money> paid() const;     ///< what it pays

 private:
  struct Row {
    std::vector<std::string> words;
    JsonNode amount;
  };
  Field<Money> first_of(std::span<const std::string_view> words) const;

  std::vector<Row> rows_;
};

/// Reads the totals of a claim.
void read_fhir_totals(const JsonNode& resource, Claim& claim);

/// The rows of `adjudication` that give a reason of adjustment.
std::vector<Adjustment> read_fhir_adjustments(const JsonNode& adjudication);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_FHIR_CLAIM_INTERNAL_H_
