// The scores of claims as a table: a row a claim, in a file that a stopped calculation goes on
// with.
#ifndef CLEARHEAD_CLAIMS_SCORE_TABLE_H_
#define CLEARHEAD_CLAIMS_SCORE_TABLE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/decisions.h"
#include "clearhead/claims/kind.h"
#include "clearhead/claims/scores.h"

namespace clearhead::claims {

/// A row: how unusual a claim is.
struct ScoreRow {
  std::string claim;               ///< its number
  std::int64_t input = 0;          ///< how many were read before it: two can have one number
  double score = 0;                ///< overall, −log₁₀ of a tail probability
  PerKind kinds = {};              ///< likewise, by kind
  std::int64_t evidence_line = 0;  ///< the number of the line that moves the score most; 0: none
  Money at_stake = {};             ///< the charge of that line
};

/// The row of a claim that was scored.
ScoreRow row_of(const ClaimView& claim, const ClaimScore& score);

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

/// By what claims are ranked, the highest first.
struct ScoreOrder {
  /// What may be compared: scores, amounts at stake, the scores of a kind, or the order of the
  /// input.
  enum class By { score, stake, kind, input };
  By by = By::score;       ///< what is compared
  Kind kind = Kind::code;  ///< whose scores, by `kind`
};
/// "score", "stake", "input", or the name of the kind.
std::string to_string(const ScoreOrder& order);

/// Puts rows in an order; those that people dismissed as not unusual come last, but not by `input`.
/// Equal ones stay as they were.
void rank(std::vector<ScoreRow>& rows, const ScoreOrder& order, const Decisions& decisions);

/// The table as CSV (columns claim, score, one for each kind, evidence_line) or, if the name ends
/// in .ndjson or .jsonl, as a JSON object a line, which has at_stake too. Throws Error if it cannot
/// be written.
void write_scores(const std::filesystem::path& path, const std::vector<ScoreRow>& rows);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SCORE_TABLE_H_
