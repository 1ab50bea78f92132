// Reading claims from files of any kind that people have: CSV, X12 and FHIR. A claim is in memory
// at a time, and what is wrong with one does not stop the others.
#ifndef CLEARHEAD_CLAIMS_READER_H_
#define CLEARHEAD_CLAIMS_READER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"

namespace clearhead::claims {

/// A claim, or what should have been one, that was not read.
struct Refusal {
  Place place;         ///< where the fault is
  std::string claim;   ///< its number, if that was read
  std::string reason;  ///< what was expected, and what came
};

/// "claims.csv, line 7, charge: claim C9: expected …".
std::string to_string(const Refusal& refusal);

/// What a payer pays or takes back that belongs to no claim (X12 segment PLB).
struct ProviderAdjustment {
  Field<std::string> provider;   ///< who
  Field<std::string> reason;     ///< PLB-03: code, such as WO
  Field<std::string> reference;  ///< what it refers to
  Field<Money> amount;           ///< taken off the payment; negative: paid
};

/// Who gets what is read, in its order. A function that is empty gets nothing.
struct ClaimSink {
  std::function<void(Claim&&)> claim = {};                             ///< each claim
  std::function<void(Refusal&&)> refusal = {};                         ///< each that was refused
  std::function<void(ProviderAdjustment&&)> provider_adjustment = {};  ///< each of these
  std::function<void(const Place& place, const std::string& text)> warning =
      {};  ///< read all the same
};

/// What was read.
struct ReadSummary {
  std::string format;         ///< "CSV", "X12 837P 5010", "FHIR R4", …; several: with commas
  std::int64_t claims = 0;    ///< read
  std::int64_t lines = 0;     ///< of those
  std::int64_t refusals = 0;  ///< claims refused
  std::int64_t warnings = 0;  ///< what was read in spite of a doubt
};

/// Adds what was read of another file, or of another part of one.
ReadSummary& operator+=(ReadSummary& sum, const ReadSummary& summary);

/// How to read.
struct ReadOptions {
  std::filesystem::path mapping;  ///< of CSV: which columns mean what; none: our own tables
};

/// Reads a file, or a folder of files in the order of their names, plain or gzip; the format is
/// seen from the content. A folder with claims.csv and lines.csv is one set of tables. Throws Error
/// if there is nothing that could be claims, or a file cannot be read to its end.
ReadSummary read_claims(const std::filesystem::path& path, const ReadOptions& options,
                        const ClaimSink& sink);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_READER_H_
