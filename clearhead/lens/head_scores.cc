// Mean weights along the stripes that repetition makes in a pattern.
#include "clearhead/lens/head_scores.h"

#include <cmath>
#include <string>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/base/random.h"

namespace clearhead {
namespace {

// Of the queries that have keys of one kind: the mean of their weights for these.
struct Mean {
  double sum = 0, count = 0;
  double value() const { return count == 0 ? 0 : sum / count; }
};

}  // namespace

HeadScores score_head(const WeightMatrix& weights, std::span<const std::int64_t> ids) {
  const std::int64_t T = weights.queries(), S = weights.keys();
  if (S != std::ssize(ids) || T > S) {
    throw Error("scores of a head: expected the weights of the last of " +
                std::to_string(std::ssize(ids)) + " tokens for all of them, got " +
                to_string(weights.shape()));
  }
  const auto id = [&](std::int64_t s) { return ids[static_cast<std::size_t>(s)]; };
  Mean previous, duplicate, induction;
  weights.for_each_row([&](std::int64_t query, const double* row) {
    const std::int64_t t = S - T + query;  // its place among the keys
    const auto weight = [&](std::int64_t s) {
      return row[s] == -INFINITY ? 0 : row[s];  // not seen
    };
    if (t > 0) previous.sum += weight(t - 1), ++previous.count;
    double same = 0, after = 0;
    bool has_same = false, has_after = false;
    for (std::int64_t s = 0; s < t; ++s) {
      if (id(s) != id(t)) continue;
      has_same = true;
      same += weight(s);
      if (s + 1 == t) continue;
      has_after = true;
      after += weight(s + 1);
    }
    if (has_same) duplicate.sum += same, ++duplicate.count;
    if (has_after) induction.sum += after, ++induction.count;
  });
  return {previous.value(), duplicate.value(), induction.value()};
}

std::vector<std::int64_t> repeated_tokens(std::vector<std::int64_t> candidates, std::int64_t count,
                                          std::uint64_t seed) {
  const std::int64_t all = std::ssize(candidates);
  if (count < 1 || count > all) {
    throw Error("repeated tokens: expected 1 to " + std::to_string(all) + " different ones, got " +
                std::to_string(count));
  }
  Random random(seed);
  for (std::int64_t i = 0; i < count; ++i) {  // Fisher and Yates
    std::swap(candidates[static_cast<std::size_t>(i)],
              candidates[static_cast<std::size_t>(i + random.below(all - i))]);
  }
  candidates.resize(static_cast<std::size_t>(count));
  std::vector<std::int64_t> twice = candidates;
  twice.insert(twice.end(), candidates.begin(), candidates.end());
  return twice;
}

}  // namespace clearhead
