// What a network makes of claims whose truth is known: hidden procedures, and altered lines.
#ifndef CLEARHEAD_CLAIMS_NETWORK_MEASURES_H_
#define CLEARHEAD_CLAIMS_NETWORK_MEASURES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/metrics.h"
#include "clearhead/claims/score_table.h"

namespace clearhead::claims {

/// Claims that are drawn at random, and a line of each: the same for everyone who is measured, on
/// every machine.
struct Sample {
  double share = 1;        ///< of all claims
  std::uint64_t seed = 0;  ///< another seed draws others

  /// Whether the claim with this number is one of them.
  bool has(const std::string& claim) const;
  /// One of its lines, from 0; `lines`, at least one, is how many it has.
  std::size_t line(const std::string& claim, std::size_t lines) const;
};

/// Where the codes of hidden lines stood among guesses.
struct ProcedureRanks {
  std::vector<GuessRank> of_claims;  ///< of the line of each claim that the sample draws
  std::vector<GuessRank> of_lines;   ///< of every line of these claims
};

/// Is told how many claims are done, from 0 on, and of how many.
using MeasureProgress = std::function<void(std::int64_t done, std::int64_t all)>;

/// Hides lines of the claims of the sample, one at a time, each with those of the same code, and
/// ranks the codes that the network would expect. A code that shares its token with others counts
/// as not guessed. Members are numbered as they come.
ProcedureRanks procedure_ranks(const ClaimsModel& model, std::span<const MemberClaims> members,
                               const Sample& sample, const MeasureProgress& progress = {});

/// Scores as `claims score` writes them, and whether the first evidence weighs.
struct MeasuredScores {
  std::vector<ScoreRow> rows;  ///< of all claims; with evidence where it was wanted
  /// For each claim of the sample with two lines or more: the rank of its first evidence beside one
  /// other line, drawn at random, by how far the score falls when either is left out: 1 if
  /// further (by more than 0.0001), else 2. Of equal lines neither is further.
  std::vector<GuessRank> moves;
};

/// Scores all claims of the members. Evidence, which takes long, is looked for in claims of the
/// sample and in those that are `wanted` by their number. The model must be calibrated.
MeasuredScores measured_scores(const ClaimsModel& model, std::span<const MemberClaims> members,
                               const std::function<bool(const std::string&)>& wanted,
                               const Sample& sample, const MeasureProgress& progress = {});

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_NETWORK_MEASURES_H_
