// What makes a claim unusual, in words: for each kind the part that its score comes from, and what
// the network would expect there.
#ifndef CLEARHEAD_CLAIMS_REASONS_H_
#define CLEARHEAD_CLAIMS_REASONS_H_

#include <span>
#include <string>
#include <vector>

#include "clearhead/claims/scores.h"

namespace clearhead::claims {

/// Why a claim is unusual in one way.
struct Reason {
  Kind kind = Kind::code;  ///< in which
  std::string text;        ///< "line 1, HCPCS E0431: 7 units; 1 would be expected (99 %)"
};

/// A reason for each kind that is at least as unusual as one normal claim in ten (a score of 1), in
/// the order of the kinds. `surprises` are those of the claim, and `score` comes from them.
std::vector<Reason> reasons_of(const ClaimView& claim, std::span<const Surprise> surprises,
                               const ClaimScore& score, const ClaimsModel& model);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_REASONS_H_
