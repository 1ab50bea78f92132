// A claim as one JSON object in a line, with the names of our own tables.
#ifndef CLEARHEAD_CLAIMS_JSON_FORM_H_
#define CLEARHEAD_CLAIMS_JSON_FORM_H_

#include <string>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// {"claim":"C1","member":{"member":"M1",…},…,"lines":[…]}, without a line end. What is missing is
/// left out; codes are {"system":"HCPCS","code":"99213"}; bytes that are not UTF-8 become U+FFFD.
/// `read_json_claims` (json_claims.h) reads it.
std::string json_of(const Claim& claim);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_JSON_FORM_H_
