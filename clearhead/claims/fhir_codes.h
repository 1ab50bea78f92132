// Codes as FHIR has them: the addresses of code systems as the names that people use.
#ifndef CLEARHEAD_CLAIMS_FHIR_CODES_H_
#define CLEARHEAD_CLAIMS_FHIR_CODES_H_

#include <string>
#include <string_view>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// What is coded. HL7's address of ICD-10 says no more, and CMS uses it for both of its editions.
enum class CodeUse { diagnosis, procedure };

/// The name of the code system at `address` ("http://hl7.org/fhir/sid/ndc": "NDC"); the address if
/// it has none here. Sources: terminology.hl7.org, CARIN Blue Button 2.0, CMS Blue Button.
std::string code_system_at(std::string_view address, CodeUse use);

/// A code without dots and blanks; an NDC in eleven digits without hyphens; a revenue code in four.
Code fhir_code(std::string_view address, std::string_view value, CodeUse use);

/// Whether the "codes" of a system only say that there is none, or that a drug has several parts.
bool is_placeholder(std::string_view address);

/// What follows the last '/' or '#', in small letters: Blue Button's codes are addresses.
std::string last_part(std::string_view address);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_FHIR_CODES_H_
