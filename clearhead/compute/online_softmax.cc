// How softmaxes are merged.
#include "clearhead/compute/online_softmax.h"

#include <cassert>
#include <cmath>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead::compute {

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

void MovingSoftmax::push(double max, double sum, std::span<const double> weighted) {
  younger_.weighted.reserve(weighted.size());  // all memory first: what fails changes nothing
  if (is_kept_) rows_.push_back({max, sum, {weighted.begin(), weighted.end()}});
  younger_.add(max, sum, weighted);
  const std::size_t row_size = sizeof(OnlineSoftmax) + weighted.size_bytes();
  if (is_kept_ && !moves_ && rows_.size() * row_size > most_kept_) {
    is_kept_ = false;
    rows_ = {};
  }
}

void MovingSoftmax::pop() {
  if (!is_kept_) {
    throw Error("no row can leave: before the first did, there were more than the " +
                std::to_string(most_kept_) + " bytes of rows that are kept");
  }
  if (rows_.empty()) throw Error("no row can leave: there is none");
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

}  // namespace clearhead::compute
