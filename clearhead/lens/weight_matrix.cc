// Rows of attention, some at a time.
#include "clearhead/lens/weight_matrix.h"

#include <algorithm>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMostNumbers = std::int64_t{1} << 29;  // 4 GiB
// Rows that are held at a time: 2 MiB of them, but enough to be calculated by several threads.
constexpr std::int64_t kHeldNumbers = 1 << 18;
constexpr std::int64_t kFewestRows = 64;

void check_range(const char* what, std::int64_t begin, std::int64_t end, std::int64_t count) {
  if (0 <= begin && begin <= end && end <= count) return;
  throw Error("matrix of weights: expected some of " + std::string(what) + " 0:" +
              std::to_string(count) + ", got " + std::to_string(begin) + ":" + std::to_string(end));
}

}  // namespace

WeightMatrix::WeightMatrix(const Tensor& whole) {
  if (whole.rank() != 2) {
    throw Error("matrix of weights: expected [queries, keys], got " + to_string(whole.shape()));
  }
  queries_ = whole.size(0);
  keys_ = whole.size(1);
  rows_ = [numbers = whole.to(DType::f64).contiguous()](std::int64_t t, std::int64_t t_end) {
    return numbers.slice(0, t, t_end);
  };
}

Tensor WeightMatrix::rows(std::int64_t t, std::int64_t t_end) const {
  check_range("queries", t, t_end, queries_);
  return rows_(t, t_end);
}

WeightMatrix WeightMatrix::part(std::int64_t t, std::int64_t t_end, std::int64_t s,
                                std::int64_t s_end) const {
  check_range("queries", t, t_end, queries_);
  check_range("keys", s, s_end, keys_);
  return {t_end - t, s_end - s, [rows = rows_, t, s, s_end](std::int64_t i, std::int64_t end) {
            return rows(t + i, t + end).slice(1, s, s_end).contiguous();
          }};
}

Tensor WeightMatrix::whole() const {
  if (keys_ > 0 && queries_ > kMostNumbers / keys_) {
    throw Error("matrix of weights: all of " + to_string(shape()) +
                " would take more than 4 GiB; ask for some of its rows");
  }
  Tensor all = Tensor::empty(shape(), DType::f64);
  for_each_block([&](std::int64_t t, const Tensor& rows) {
    std::copy_n(rows.data<double>(), rows.count(), all.mutable_data<double>() + t * keys_);
  });
  return all;
}

void WeightMatrix::for_each_block(
    const std::function<void(std::int64_t t, const Tensor& rows)>& f) const {
  const std::int64_t height =
      std::max(kFewestRows, kHeldNumbers / std::max<std::int64_t>(keys_, 1));
  for (std::int64_t t = 0; t < queries_; t += height) {
    f(t, rows_(t, std::min(t + height, queries_)));
  }
}

void WeightMatrix::for_each_row(
    const std::function<void(std::int64_t t, const double* row)>& f) const {
  for_each_block([&](std::int64_t t, const Tensor& rows) {
    for (std::int64_t i = 0; i < rows.size(0); ++i) f(t + i, rows.data<double>() + i * keys_);
  });
}

}  // namespace clearhead
