// How well scores find what was altered, and how sure that is: claims of one member are alike, so
// members are drawn again, not claims.
#ifndef CLEARHEAD_CLAIMS_METRICS_H_
#define CLEARHEAD_CLAIMS_METRICS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace clearhead::claims {

/// A claim that was scored.
struct ScoredClaim {
  double score = 0;         ///< higher: more unusual
  bool is_altered = false;  ///< whether it should be found
  std::int64_t member = 0;  ///< whose it is, from 0
};

/// Claims in the order of their scores, so that a measure takes one walk for each set of weights.
/// Weights are those of members, by number; none: 1 each. Claims of equal score have one place.
class Ranking {
 public:
  /// Throws Error if a score is not a number.
  explicit Ranking(std::vector<ScoredClaim> claims);

  /// The area under the receiver operating characteristic: the probability that an altered claim
  /// scores higher than another, ties counted half. NaN without claims of both kinds.
  double auroc(std::span<const double> weights = {}) const;
  /// Σ (Rₙ − Rₙ₋₁)·Pₙ over the places n, with recall R and precision P of all claims down to n (as
  /// scikit-learn has it). NaN without altered claims.
  double average_precision(std::span<const double> weights = {}) const;

 private:
  template <typename F>
  void walk(std::span<const double> weights, F&& f) const;

  std::vector<ScoredClaim> claims_;  // highest score first
};

/// Where the truth stood among guesses.
struct GuessRank {
  std::int64_t rank = 0;    ///< from 1; 0: it was not among them
  std::int64_t member = 0;  ///< whose claim it was, from 0
};

/// The share of guesses with a rank of at most k, weighted by members as above; NaN if there are
/// none.
double recall_at(std::int64_t k, std::span<const GuessRank> ranks,
                 std::span<const double> weights = {});

/// A value and the interval that holds the middle 95 % of it in samples drawn again.
struct Estimate {
  double value = 0;  ///< of all members
  double low = 0;    ///< the beginning of the interval
  double high = 0;   ///< its end
};

/// A measure as a function of the weights of members.
using Measure = std::function<double(std::span<const double> weights)>;

/// Draws as many members as there are, with replacement, `samples` times (Efron, 1979); a member's
/// weight is how often it was drawn. Samples in which the measure is NaN are left out. Sample i
/// depends on the seed and i alone.
Estimate bootstrap(const Measure& measure, std::int64_t members, std::int64_t samples,
                   std::uint64_t seed);

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_METRICS_H_
