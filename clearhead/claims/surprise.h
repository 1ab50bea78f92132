// How surprised the network is by each field of a claim, when it is hidden and all else is shown.
#ifndef CLEARHEAD_CLAIMS_SURPRISE_H_
#define CLEARHEAD_CLAIMS_SURPRISE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "clearhead/claims/claims_model.h"
#include "clearhead/claims/encoded_claims.h"
#include "clearhead/claims/questions.h"

namespace clearhead::claims {

/// What the network made of one hidden field.
struct Surprise {
  Part part;                         ///< whose field
  FieldKind kind = FieldKind::code;  ///< which
  Token token = 0;                   ///< what stands there
  double nats = 0;                   ///< −log p(token), among the tokens of its kind
  Token expected = 0;                ///< the token that was most probable
  double expected_probability = 0;   ///< and how probable
  std::int32_t rank = 0;             ///< of the token that stands there, from 1
};

/// One claim of a member, perhaps as if a line were not in it.
struct ClaimView {
  const MemberClaims* member = nullptr;  ///< whose
  std::size_t claim = 0;                 ///< which
  std::int32_t without_line = -1;        ///< left out; −1: none
};

/// The surprise of each field that is asked for: of lines code (hidden with all else of the line,
/// and with lines of the same code), units and amount (hidden together); of diagnoses the code; of
/// the header sex and age (hidden together). Of these, units, amount, sex and age are left out if
/// the input does not say them. One list for each claim: header, diagnoses, lines,
/// each in its order.
///
/// Claims are read together in batches, in f32. The surprises of one do not depend on the others:
/// they are the same bytes alone, in any order, and by any number of threads. Neighbouring views of
/// the same claim share the reading of its history, which takes most of the time.
std::vector<std::vector<Surprise>> surprises_of(const ClaimsModel& model,
                                                std::span<const ClaimView> claims);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_SURPRISE_H_
