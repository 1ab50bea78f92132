// Reads FHIR: Claim and ExplanationOfBenefit of R4 and STU3, with the patients and conditions that
// they refer to. docs/claims-formats.md has a table of what goes where.
#ifndef CLEARHEAD_CLAIMS_FHIR_H_
#define CLEARHEAD_CLAIMS_FHIR_H_

#include <string>
#include <string_view>
#include <unordered_map>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/reader.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// What claims refer to. Only this much of patients and conditions is kept, some 200 bytes each.
class FhirReferences {
 public:
  /// Keeps the Patients and Conditions of a file. What cannot be read of it is passed over, since
  /// reading the claims says so.
  void collect(ByteStream& stream);

  /// Whom a reference means ("Patient/12", "urn:uuid:…"); none: not known.
  const Member* patient(std::string_view reference) const;
  /// The code of a condition; none: not known.
  const Field<Code>* condition(std::string_view reference) const;

 private:
  std::unordered_map<std::string, Member> patients_;
  std::unordered_map<std::string, Field<Code>> conditions_;
};

/// Reads one resource, a list of them, a Bundle or NDJSON, with an object in memory at a time.
/// Resources of other types are passed over. Throws Error if the stream cannot be read to its end.
ReadSummary read_fhir(ByteStream& stream, const FhirReferences& references, const ClaimSink& sink);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_FHIR_H_
