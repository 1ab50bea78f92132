// Scores of claims from counts and rules alone. A network has to be better than these.
#ifndef CLEARHEAD_CLAIMS_BASELINES_H_
#define CLEARHEAD_CLAIMS_BASELINES_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "clearhead/claims/claim.h"
#include "clearhead/claims/pair_statistics.h"
#include "clearhead/claims/procedure_guesses.h"
#include "clearhead/claims/rules.h"

namespace clearhead::claims {

/// Learns from some members, is calibrated on others, and scores the claims of yet others. Claims
/// of a member must come in the order of time.
///
/// Each part of a claim's score is first a number of its own, then −log of its tail probability: of
/// the share of calibration claims that have at least as much. Parts are summed (Fisher, 1925).
class Baselines {
 public:
  /// Counts a claim to learn from.
  void learn(const Claim& claim);
  /// Takes a claim of other members as normal; all that is to be learnt must be learnt.
  void calibrate(const Claim& claim);
  /// What each baseline says of a claim: higher is more unusual. The claim then is its member's
  /// history. All calibration must be done.
  std::vector<double> score(const Claim& claim);

  /// The names of the baselines, in the order of `score`.
  static std::vector<std::string> names();
  /// The guesses from the same counts.
  const ProcedureGuesses& guesses() const { return guesses_; }

 private:
  // pairs: for the code or diagnosis that goes least with any other, −information.
  // diagnoses: −log p(code | diagnosis) of the code that is least expected.
  // history: −log of a code's share in the member's earlier claims of this type.
  // demographics: the rarest code for the member's sex and age.
  // amount, units: the most surprising line.  duplicate: the worst line
  // that stands elsewhere too: in another claim nearly 1, exactly 2; in this one 3, 4.
  enum Part { kPairs, kDiagnoses, kHistory, kDemographics, kAmount, kUnits, kDuplicate, kParts };
  using Parts = std::array<double, kParts>;
  struct Baseline {
    const char* name;
    std::vector<Part> parts;
  };

  static const std::vector<Baseline>& baselines();
  Parts parts_of(const Claim& claim);
  double tail(Part part, double value);

  PairStatistics pairs_;
  ProcedureGuesses guesses_;
  Rules rules_;
  std::array<std::vector<double>, kParts> normal_;  // of calibration claims
  bool is_sorted_ = true;
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_BASELINES_H_
