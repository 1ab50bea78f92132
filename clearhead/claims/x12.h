// Claims in X12: bills (837 of professionals, institutions and dentists) and answers (835), as of
// release 4010 and 5010. docs/claims-formats.md has a table of what becomes of which element.
#ifndef CLEARHEAD_CLAIMS_X12_H_
#define CLEARHEAD_CLAIMS_X12_H_

#include <string_view>

#include "clearhead/claims/reader.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// Whether a file that begins so, blanks left out, is X12: with ISA or, if that was lost, GS or ST.
bool begins_as_x12(std::string_view bytes);

/// Reads a file of X12 to its end: several interchanges, groups and transaction sets, of which
/// those that hold no claims are said and passed over. Throws Error if the stream cannot be read.
ReadSummary read_x12(ByteStream& stream, const ClaimSink& sink);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_X12_H_
