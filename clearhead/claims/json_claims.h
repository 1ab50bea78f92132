// Reads claims of our own form as JSON, as `json_of` (json_form.h) writes them.
#ifndef CLEARHEAD_CLAIMS_JSON_CLAIMS_H_
#define CLEARHEAD_CLAIMS_JSON_CLAIMS_H_

#include <string_view>

#include "clearhead/claims/reader.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// Whether JSON that begins so has claims of our own form: a claim's number, and no resource of
/// FHIR.
bool begins_as_json_claims(std::string_view text);

/// Reads one claim, a list of them or NDJSON, with a claim in memory at a time. Throws Error if the
/// stream cannot be read to its end.
ReadSummary read_json_claims(ByteStream& stream, const ClaimSink& sink);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_JSON_CLAIMS_H_
