// What `clearhead claims evaluate` says: tables for people, and every number again as CSV.
#ifndef CLEARHEAD_APPS_CLI_CLAIMS_EVALUATION_REPORT_H_
#define CLEARHEAD_APPS_CLI_CLAIMS_EVALUATION_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "clearhead/claims/evaluation.h"
#include "clearhead/claims/metrics.h"

namespace clearhead::cli {

/// Ranks under one name: of guesses of hidden procedures, or of altered lines among evidence.
struct NamedRanks {
  std::string name;
  std::vector<claims::GuessRank> ranks;
  std::int64_t members = 0;
};

/// Gathers what was measured.
class EvaluationReport {
 public:
  /// How often members are drawn again for an interval.
  static constexpr std::int64_t kSamples = 200;

  /// Intervals come from samples of members by this seed.
  explicit EvaluationReport(std::uint64_t seed) : seed_(seed) {}

  /// How many of the guesses were among the first 1, 5 and 10. In the file a measure is called
  /// `measure`_at_1, ….
  void add_recall(const std::string& title, const std::string& measure,
                  const std::vector<NamedRanks>& guesses);
  /// The share of ranks that are 1, for each list: a column of one table, whose rows are names.
  struct Share {
    std::string title;    ///< of the column
    std::string measure;  ///< its name in the file
    std::vector<NamedRanks> ranks;
  };
  /// Shares side by side; all have the same names.
  void add_shares(const std::string& title, const std::vector<Share>& shares);
  /// How well altered claims were found: `shown` scorers in the table, all in the file.
  void add_table(const std::string& about, const claims::EvaluationTable& table,
                 const std::vector<std::string>& shown);
  /// A paragraph.
  void add_text(const std::string& text);

  /// All of it.
  const std::string& text() const { return text_; }
  /// claims,scorer,measure,value,low,high. Throws Error if it cannot be written.
  void write(const std::string& file) const;

 private:
  std::string cell(const std::string& about, const std::string& scorer, const std::string& measure,
                   const claims::Estimate& estimate);
  claims::Estimate recall(std::int64_t k, const NamedRanks& ranks) const;

  std::uint64_t seed_;
  std::string text_;
  std::string rows_;
};

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_CLAIMS_EVALUATION_REPORT_H_
