// A team of one, and what all teams share.
#include "clearhead/train/team.h"

#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/compute/rows.h"

namespace clearhead {

std::vector<double> Team::gather(std::span<const double> numbers) {
  return {numbers.begin(), numbers.end()};
}

void Team::require_equal(std::span<const double> numbers, const std::string& message) {
  const std::vector<double> all = gather(numbers);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] != all[i % numbers.size()]) throw Error(message);
  }
}

void Team::add(std::vector<Tensor> mine, std::int64_t /*batches*/) {
  if (sum_.empty()) {
    sum_ = std::move(mine);
    return;
  }
  for (std::size_t i = 0; i < sum_.size(); ++i) {
    compute::add(mine[i].count(), mine[i].data<float>(), sum_[i].mutable_data<float>());
  }
}

std::vector<Tensor> Team::take_sum() { return std::exchange(sum_, {}); }

}  // namespace clearhead
