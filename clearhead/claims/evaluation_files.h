// The files that an evaluation reads: what was done to which claim, and what somebody's scores say.
#ifndef CLEARHEAD_CLAIMS_EVALUATION_FILES_H_
#define CLEARHEAD_CLAIMS_EVALUATION_FILES_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "clearhead/claims/inject.h"

namespace clearhead::claims {

/// Writes labels as CSV: claim, kind, line (empty if there is none). Throws Error if it fails.
void write_labels(const std::filesystem::path& path, const std::vector<Label>& labels);

/// Reads them, by claim. Throws Error, with the line, if something else stands there.
std::unordered_map<std::string, Label> read_labels(const std::filesystem::path& path);

/// Scores of claims from a CSV file (claim, score, perhaps columns of kinds, evidence_line).
struct ScoreFile {
  /// The scores of a claim: as many numbers as columns, and the line that moves them most.
  struct Row {
    std::vector<double> scores;      ///< in the order of the columns
    std::int64_t evidence_line = 0;  ///< 0: the file does not say
  };

  std::vector<std::string> columns;  ///< the names of its columns with numbers, "score" first
  std::unordered_map<std::string, Row> rows;  ///< by claim
};

/// Reads it. Throws Error, with the line, if there are no columns claim and score or a score is no
/// number.
ScoreFile read_score_file(const std::filesystem::path& path);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_EVALUATION_FILES_H_
