// Puts together how well each scorer finds altered claims among others.
#ifndef CLEARHEAD_CLAIMS_EVALUATION_H_
#define CLEARHEAD_CLAIMS_EVALUATION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/inject.h"
#include "clearhead/claims/metrics.h"

namespace clearhead::claims {

/// Which sets of codes there are: a claim's codes and diagnoses, each once, without order.
class CodeSets {
 public:
  /// Adds the set of a claim.
  void add(const Claim& claim);
  /// Whether a claim has the set of one that was added.
  bool has(const Claim& claim) const;

 private:
  std::unordered_set<std::uint64_t> hashes_;
};

/// How well a scorer finds what was altered, with intervals.
struct EvaluationRow {
  std::string scorer;                        ///< its name
  std::array<Estimate, kAlterations> auroc;  ///< claims altered so against those that were not
  Estimate average_precision;                ///< of all that were altered
};

/// Which claims a table is about.
struct EvaluationTable {
  std::int64_t claims = 0;          ///< all
  std::int64_t altered = 0;         ///< of them
  std::vector<EvaluationRow> rows;  ///< a scorer each
};

/// Claims with their scores, by any number of scorers.
class Evaluation {
 public:
  /// The scorers' names, in the order of their scores.
  explicit Evaluation(std::vector<std::string> scorers) : scorers_(std::move(scorers)) {}

  /// Adds a claim: what was done to it, if anything; whether no learnt claim has its codes; one
  /// score of each scorer.
  void add(const std::string& member, std::optional<Alteration> alteration, bool is_novel,
           std::span<const double> scores);

  /// Of all claims, or of those whose codes are novel. Intervals from `samples` samples of members.
  EvaluationTable table(bool only_novel, std::int64_t samples, std::uint64_t seed) const;

 private:
  struct Entry {
    std::int64_t member;
    std::optional<Alteration> alteration;
    bool is_novel;
  };

  Ranking ranking(std::size_t scorer, bool only_novel, std::optional<Alteration> only) const;

  std::vector<std::string> scorers_;
  std::unordered_map<std::string, std::int64_t> members_;
  std::vector<Entry> entries_;
  std::vector<double> scores_;  // [entries, scorers]
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_EVALUATION_H_
