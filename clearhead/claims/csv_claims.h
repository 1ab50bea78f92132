// Claims from tables: members, claims and lines in a file each, or one file of lines in which what
// belongs to the claim is repeated.
#ifndef CLEARHEAD_CLAIMS_CSV_CLAIMS_H_
#define CLEARHEAD_CLAIMS_CSV_CLAIMS_H_

#include "clearhead/claims/csv_mapping.h"
#include "clearhead/claims/reader.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {

/// The tables; those that are missing are null, and their columns are looked for in the next.
struct CsvTables {
  ByteStream* members = nullptr;  ///< held in memory
  ByteStream* claims = nullptr;   ///< read side by side with the lines
  ByteStream* lines = nullptr;    ///< in the order of the claims; must be there
};

/// Reads them. Lines that come before their claim are held back, up to 64 MB: smaller files may be
/// in any order. Throws Error if a column is missing that there must be, or if lines come too late.
ReadSummary read_csv_claims(const CsvTables& tables, const CsvMapping& mapping,
                            const ClaimSink& sink);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_CLAIMS_H_
