// Claims as the three tables of our own form, which read_claims reads back as the same claims.
#ifndef CLEARHEAD_CLAIMS_CSV_WRITER_H_
#define CLEARHEAD_CLAIMS_CSV_WRITER_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <unordered_set>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/reader.h"

namespace clearhead::claims {

/// A cell of a CSV file: the text, in quotes if it holds what separates cells or rows.
std::string csv_cell(const std::string& text);

/// Where and why a claim was refused, as a row of a table: file, line, byte, part, claim, reason.
std::string csv_row(const Refusal& refusal);

/// Writes claim by claim. Places are not written.
class CsvWriter {
 public:
  /// Writes the headers. The streams outlive the object.
  CsvWriter(std::ostream& members, std::ostream& claims, std::ostream& lines);

  /// Writes a claim and its lines, and its member if they were not there before. Lines find their
  /// claim by its number, which no other may have.
  void write(const Claim& claim);

 private:
  std::ostream& members_;
  std::ostream& claims_;
  std::ostream& lines_;
  std::unordered_set<std::uint64_t> known_members_;  // hashes of their numbers
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CSV_WRITER_H_
