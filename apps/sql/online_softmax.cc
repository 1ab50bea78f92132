// How softmaxes are merged.
#include "apps/sql/online_softmax.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

#include "clearhead/base/error.h"

namespace clearhead::sql {

void OnlineSoftmax::add(double other_max, double other_sum, std::span<const double> other) {
  if (is_empty()) {
    max = other_max;
    sum = other_sum;
    weighted.assign(other.begin(), other.end());
    return;
  }
  assert(weighted.size() == other.size());
  if (other_max > max) {
    const double factor = std::exp(max - other_max);
    max = other_max;
    sum *= factor;
    for (double& x : weighted) x *= factor;
  }
  const double factor = std::exp(other_max - max);
  sum += factor * other_sum;
  for (std::size_t i = 0; i < weighted.size(); ++i) weighted[i] += factor * other[i];
}

void MovingSoftmax::push(double score, std::span<const double> value) {
  younger_.add(score, 1, value);
  if (!is_kept_) return;
  rows_.push_back({score, 1, {value.begin(), value.end()}});
  const std::size_t row_size = sizeof(OnlineSoftmax) + value.size_bytes();
  if (!moves_ && rows_.size() * row_size > kMostKept) {
    is_kept_ = false;
    rows_ = {};
  }
}

void MovingSoftmax::pop() {
  if (!is_kept_) {
    throw Error(fmt::format("a frame that moves may begin with {} MiB of rows; make it smaller",
                            kMostKept >> 20));
  }
  moves_ = true;
  if (older_ == 0) {  // the younger rows grow old
    for (std::size_t i = rows_.size() - 1; i > 0; --i) rows_[i - 1].add(rows_[i]);
    older_ = rows_.size();
    younger_ = {};
  }
  rows_.pop_front();
  --older_;
}

OnlineSoftmax MovingSoftmax::total() const {
  if (older_ == 0) return younger_;
  OnlineSoftmax total = rows_.front();
  if (!younger_.is_empty()) total.add(younger_);
  return total;
}

}  // namespace clearhead::sql
