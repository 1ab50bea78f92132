// Why a claim is unusual: each line left out, what the network would expect in its place, where it
// looked, and how many claims were alike.
#ifndef CLEARHEAD_CLAIMS_EVIDENCE_H_
#define CLEARHEAD_CLAIMS_EVIDENCE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "clearhead/claims/scores.h"
#include "clearhead/tape/tape.h"

namespace clearhead::claims {

/// What speaks about one line.
struct LineEvidence {
  Surprise surprise;               ///< of its code: also what would be expected, and how probable
  double change = 0;               ///< of the score: that of the claim less that without the line
  double score_with_expected = 0;  ///< of the claim with that code, at its usual amount
};

/// Something that attention gave weight to. It says where the network looked, not why.
struct Look {
  std::string text;   ///< "line 2: HCPCS 99213", "30 days before: HCPCS 93000"
  double weight = 0;  ///< mean over heads and layers; within the claim and to the history, each 1
  bool is_history = false;  ///< an event of the history, or a part of the claim
};

/// All of a claim.
struct Evidence {
  ClaimScore score;                 ///< with changes
  std::vector<Surprise> surprises;  ///< of every field
  std::vector<LineEvidence> lines;  ///< in their order
};

/// The evidence of one claim. Every line is left out, however many there are.
Evidence evidence_of(const ClaimsModel& model, const ClaimView& claim);

/// Reads the claim with this line hidden, on a tape that keeps everything, so that every number can
/// be explained.
Tape tape_of_line(const ClaimsModel& model, const ClaimView& claim, std::int32_t line);

/// Where the network looked, on such a tape, from the hidden line: highest weight first.
std::vector<Look> looks_of(const ClaimsModel& model, const Tape& tape, const ClaimView& claim,
                           std::int32_t line);

/// Attention of each position of a claim to each event of the member's history.
struct HistoryAttention {
  Tensor weights;                      ///< f64 [positions, events]: mean over heads and layers
  std::vector<std::string> positions;  ///< "header", "diagnosis 1: …", "line 1: …"
  std::vector<std::string> events;     ///< "30 days before: …", the latest first
};

/// The same of a claim with all of its parts shown (the month alone is hidden). The network must
/// read a history.
HistoryAttention history_attention(const ClaimsModel& model, const ClaimView& claim);

/// Claims that are alike.
struct SimilarClaims {
  std::int64_t count = 0;         ///< how many there are
  std::vector<std::string> some;  ///< the first few numbers
};
/// Those that have the code of this line for its diagnosis, but not the claim itself.
SimilarClaims similar_claims(std::span<const MemberClaims> members, const ClaimView& claim,
                             std::int32_t line);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_EVIDENCE_H_
