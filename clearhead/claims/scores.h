// From surprises to scores: what is unusual about a claim, by kind, compared with normal claims of
// its type and specialty; and which line makes it so.
#ifndef CLEARHEAD_CLAIMS_SCORES_H_
#define CLEARHEAD_CLAIMS_SCORES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "clearhead/claims/calibration.h"
#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/kind.h"
#include "clearhead/claims/surprise.h"

namespace clearhead::claims {

/// What is measured of a claim. The excess of a code is its surprise less its rarity: how much less
/// probable it is here than anywhere (pointwise mutual information with all that is shown).
enum class Statistic {
  code,              ///< highest surprise of a line's code, in nats
  code_excess,       ///< highest excess of a line's code
  second_excess,     ///< second highest: lines that do not belong together surprise each other
  diagnosis_excess,  ///< highest excess of a diagnosis
  units,             ///< highest surprise of a line's units
  amount,            ///< highest surprise of a line's amount
  sex,               ///< surprise of the member's sex
  age,               ///< surprise of the member's age
  sex_of_codes,      ///< highest surprise of the member's sex by one code or diagnosis (SexCounts)
  repetition,        ///< lines that repeat another of the claim
  same_day           ///< lines that repeat one of an earlier claim of the day
};
inline constexpr std::size_t kStatistics = 11;  ///< how many there are

/// NaN: the claim has nothing to measure it by.
using Statistics = std::array<double, kStatistics>;

/// "code", "code excess", …
const char* to_string(Statistic statistic);
/// The kind whose score it is part of.
Kind kind_of(Statistic statistic);

/// What is measured of the claim, given its surprises.
Statistics statistics_of(const ClaimView& view, std::span<const Surprise> surprises,
                         const ClaimsModel& model);

/// How unusual a claim is. All scores are −log₁₀ of a tail probability: one normal claim in
/// 10^score is as unusual. 0: as usual.
struct ClaimScore {
  double score = 0;       ///< overall: the highest of the kinds, compared as a whole
  PerKind kinds = {};     ///< each compared by itself, with claims of the type and specialty
  Statistics parts = {};  ///< the same of each statistic; the highest of a kind is its score
  std::int32_t evidence_line = -1;  ///< the line without which the score falls most; −1: no lines
  std::vector<double> changes;  ///< score less that without the line, for each line; NaN: not asked
};

/// How the claims of these members, which should be normal, are distributed: at most `most` of
/// their claims, drawn at random.
Calibration calibrate(const ClaimsModel& model, std::span<const MemberClaims> members,
                      std::int64_t most);

/// The scores without evidence. The score of a claim does not depend on the others (surprise.h).
std::vector<ClaimScore> scores_of(const ClaimsModel& model, std::span<const ClaimView> claims);

/// The same with evidence: each line of a claim is left out in turn, and the claim read again. Of
/// more than `most_lines` lines only those with the highest surprise.
std::vector<ClaimScore> explained_scores(const ClaimsModel& model,
                                         std::span<const ClaimView> claims,
                                         std::size_t most_lines = 8);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SCORES_H_
