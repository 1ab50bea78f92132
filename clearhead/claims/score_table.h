// The scores of claims as a table: a row a claim, in a file that a stopped calculation goes on
// with.
#ifndef CLEARHEAD_CLAIMS_SCORE_TABLE_H_
#define CLEARHEAD_CLAIMS_SCORE_TABLE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/claims/kind.h"

namespace clearhead::claims {

/// A row: how unusual a claim is.
struct ScoreRow {
  std::string claim;               ///< its number
  double score = 0;                ///< overall, −log₁₀ of a tail probability
  PerKind kinds = {};              ///< likewise, by kind
  std::int64_t evidence_line = 0;  ///< the number of the line that moves the score most; 0: none
};

/// A file beside the table to come, with the rows so far. What was written of it is read again by
/// the next process, if it is of the same calculation.
class ScoreLog {
 public:
  /// Opens or makes it. `identity` says what is calculated: the hashes of claims and model. A file
  /// of another calculation is begun anew; an unfinished row at its end is left out. Throws Error
  /// if it cannot be written.
  ScoreLog(const std::filesystem::path& path, const std::string& identity);

  /// The rows that are there.
  const std::vector<ScoreRow>& rows() const { return rows_; }
  /// Adds rows, to the disk too. Throws Error if that fails.
  void add(const std::vector<ScoreRow>& rows);
  /// Removes the file.
  void remove();

 private:
  std::filesystem::path path_;
  std::vector<ScoreRow> rows_;
};

/// In which order rows come.
enum class ScoreOrder { input, score };

/// The table as CSV (columns claim, score, one for each kind, evidence_line) or, if the name ends
/// in .ndjson or .jsonl, as a JSON object a line. Throws Error if it cannot be written.
void write_scores(const std::filesystem::path& path, std::vector<ScoreRow> rows, ScoreOrder order);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SCORE_TABLE_H_
