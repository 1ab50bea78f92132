// Writing claims, whatever they were read from: our own tables, or a JSON object a line.
#ifndef CLEARHEAD_CLAIMS_WRITER_H_
#define CLEARHEAD_CLAIMS_WRITER_H_

#include <filesystem>
#include <functional>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// Takes a claim that is to be written.
using WriteClaim = std::function<void(const Claim&)>;

/// Throws the Error of `write_claims` if that cannot succeed; and if it would write over what is
/// read from `source`, which masks or alterations would destroy.
void check_claims_writable(const std::filesystem::path& path, const std::filesystem::path& source);

/// Calls `produce` with a function that writes each claim: into a file if `path` ends in ".ndjson",
/// else into members.csv, claims.csv and lines.csv in the folder `path`, which is made if need be.
/// A claim's number that was there before, or is missing, becomes "NUMBER#2", or "#1".
/// Files appear whole when `produce` is done; if it throws, there are none.
void write_claims(const std::filesystem::path& path,
                  const std::function<void(const WriteClaim&)>& produce);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_WRITER_H_
