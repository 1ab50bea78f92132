// Measures of rankings against numbers counted by hand.
#include "clearhead/claims/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/testing.h"

namespace clearhead::claims {
namespace {

TEST(Metrics, AurocCountsPairsAndHalvesTies) {
  // Altered 0.9, 0.5, 0.2; others 0.5, 0.1: of 6 pairs, 0.9 wins 2, 0.5 wins 1½, 0.2 wins 1.
  const Ranking ranking({{0.9, true}, {0.5, true}, {0.2, true}, {0.5, false}, {0.1, false}});
  EXPECT_DOUBLE_EQ(ranking.auroc(), 4.5 / 6);
}

TEST(Metrics, AveragePrecisionAsScikitLearnHasIt) {
  // The example of sklearn.metrics.average_precision_score: 0.83…
  const Ranking ranking({{0.1, false}, {0.4, false}, {0.35, true}, {0.8, true}});
  EXPECT_DOUBLE_EQ(ranking.average_precision(), (1.0 + 2.0 / 3) / 2);
  // All equal: one place, whose precision is the share of altered claims.
  EXPECT_DOUBLE_EQ(Ranking({{1, true}, {1, false}, {1, false}, {1, false}}).average_precision(),
                   0.25);
}

TEST(Metrics, AWeightOfTwoIsTheMemberTwice) {
  const std::vector<ScoredClaim> once = {{3, true, 0}, {2, false, 1}, {1, true, 1}, {0, false, 2}};
  std::vector<ScoredClaim> twice = once;
  twice.push_back(once[1]);
  twice.push_back(once[2]);
  const std::vector<double> weights = {1, 2, 1};
  EXPECT_DOUBLE_EQ(Ranking(once).auroc(weights), Ranking(twice).auroc());
  EXPECT_DOUBLE_EQ(Ranking(once).average_precision(weights), Ranking(twice).average_precision());
}

TEST(Metrics, WithoutClaimsOfBothKindsThereIsNoValue) {
  EXPECT_TRUE(std::isnan(Ranking({{1, true}}).auroc()));
  EXPECT_TRUE(std::isnan(Ranking({{1, false}}).average_precision()));
  EXPECT_TRUE(std::isnan(recall_at(1, {})));
  expect_error(
      [] {
        Ranking({{std::numeric_limits<double>::quiet_NaN(), true}});
      },
      "a score for each claim");
}

TEST(Metrics, RecallCountsRanksThatWereGiven) {
  const std::vector<GuessRank> ranks = {{1, 0}, {3, 0}, {0, 1}, {7, 1}};
  EXPECT_DOUBLE_EQ(recall_at(1, ranks), 0.25);
  EXPECT_DOUBLE_EQ(recall_at(5, ranks), 0.5);
  EXPECT_DOUBLE_EQ(recall_at(10, ranks), 0.75);
  EXPECT_DOUBLE_EQ(recall_at(1, ranks, std::vector<double>{3, 1}), 3.0 / 8);
}

TEST(Metrics, BootstrapOfAMeanHasTheIntervalOfItsStandardError) {
  // The share of 100 members of whom 30 have it: standard error √(0.3·0.7/100) = 0.0458.
  const auto share = [](std::span<const double> weights) {
    double sum = 0;
    for (int i = 0; i < 30; ++i) sum += weights.empty() ? 1 : weights[static_cast<std::size_t>(i)];
    return sum / 100;
  };
  const Estimate estimate = bootstrap(share, 100, 4000, 7);
  EXPECT_DOUBLE_EQ(estimate.value, 0.3);
  EXPECT_NEAR(estimate.low, 0.3 - 1.96 * 0.0458, 0.011);  // values are hundredths
  EXPECT_NEAR(estimate.high, 0.3 + 1.96 * 0.0458, 0.011);
  const Estimate again = bootstrap(share, 100, 4000, 7);
  EXPECT_EQ(estimate.low, again.low);
  EXPECT_EQ(estimate.high, again.high);
}

}  // namespace
}  // namespace clearhead::claims
