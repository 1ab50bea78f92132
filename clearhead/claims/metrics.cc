// Measures of rankings, each one walk from the highest score down.
#include "clearhead/claims/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"

namespace clearhead::claims {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double weight_of(std::int64_t member, std::span<const double> weights) {
  return weights.empty() ? 1 : weights[static_cast<std::size_t>(member)];
}

// The q-th quantile of sorted numbers, interpolated between neighbours.
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Ranking::Ranking(std::vector<ScoredClaim> claims) : claims_(std::move(claims)) {
  for (const ScoredClaim& claim : claims_) {
    if (std::isnan(claim.score)) throw Error("expected a score for each claim; one is no number");
  }
  std::stable_sort(claims_.begin(), claims_.end(),
                   [](const ScoredClaim& a, const ScoredClaim& b) { return a.score > b.score; });
}

// Calls f(altered, others) with the weights of each place, from the first on.
template <typename F>
void Ranking::walk(std::span<const double> weights, F&& f) const {
  for (std::size_t i = 0; i < claims_.size();) {
    double altered = 0, others = 0;
    const double score = claims_[i].score;
    for (; i < claims_.size() && claims_[i].score == score; ++i) {
      (claims_[i].is_altered ? altered : others) += weight_of(claims_[i].member, weights);
    }
    f(altered, others);
  }
}

double Ranking::auroc(std::span<const double> weights) const {
  double all_altered = 0, all_others = 0, pairs = 0;
  walk(weights, [&](double altered, double others) {
    pairs += others * (all_altered + altered / 2);
    all_altered += altered;
    all_others += others;
  });
  return all_altered > 0 && all_others > 0 ? pairs / (all_altered * all_others) : kNaN;
}

double Ranking::average_precision(std::span<const double> weights) const {
  double all_altered = 0, all = 0, sum = 0;
  walk(weights, [&](double altered, double others) {
    all_altered += altered;
    all += altered + others;
    if (altered > 0) sum += altered * all_altered / all;
  });
  return all_altered > 0 ? sum / all_altered : kNaN;
}

double recall_at(std::int64_t k, std::span<const GuessRank> ranks,
                 std::span<const double> weights) {
  double all = 0, found = 0;
  for (const GuessRank& guess : ranks) {
    const double weight = weight_of(guess.member, weights);
    all += weight;
    if (guess.rank > 0 && guess.rank <= k) found += weight;
  }
  return all > 0 ? found / all : kNaN;
}

Estimate bootstrap(const Measure& measure, std::int64_t members, std::int64_t samples,
                   std::uint64_t seed) {
  const double value = measure({});
  std::vector<double> values;
  std::vector<double> weights(static_cast<std::size_t>(members));
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    Random random(seed, static_cast<std::uint64_t>(sample));
    std::fill(weights.begin(), weights.end(), 0.0);
    for (std::int64_t i = 0; i < members; ++i) {
      ++weights[static_cast<std::size_t>(random.below(members))];
    }
    const double drawn = measure(weights);
    if (!std::isnan(drawn)) values.push_back(drawn);
  }
  if (values.empty()) return {value, kNaN, kNaN};
  std::sort(values.begin(), values.end());
  return {value, quantile(values, 0.025), quantile(values, 0.975)};
}

}  // namespace clearhead::claims
