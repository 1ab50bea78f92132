// A logit, or the difference of two, as a value and as a direction.
#include "clearhead/lens/logit_metric.h"

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

void check(const LogitMetric& m, const Shape& shape) {
  const auto lies_in = [&](std::size_t axis, std::int64_t at) {
    return 0 <= at && at < shape[axis];
  };
  if (shape.size() == 3 && lies_in(0, m.batch) && lies_in(1, m.place) && lies_in(2, m.token) &&
      lies_in(2, m.other.value_or(0))) {
    return;
  }
  throw Error("metric: expected a place and tokens within logits " + to_string(shape) +
              " [batch, place, token], got batch " + std::to_string(m.batch) + ", place " +
              std::to_string(m.place) + ", token " + std::to_string(m.token) +
              (m.other ? " and token " + std::to_string(*m.other) : ""));
}

}  // namespace

double LogitMetric::of(const Tensor& logits) const {
  check(*this, logits.shape());
  const double value = logits.at({batch, place, token});
  return other ? value - logits.at({batch, place, *other}) : value;
}

Tensor LogitMetric::gradient(const Tensor& logits) const {
  check(*this, logits.shape());
  Tensor direction(logits.shape(), logits.dtype());
  const std::int64_t row = (batch * logits.size(1) + place) * logits.size(2);
  const auto put = [&](auto* numbers) {
    numbers[row + token] += 1;
    if (other) numbers[row + *other] -= 1;
  };
  if (logits.dtype() == DType::f64) {
    put(direction.mutable_data<double>());
  } else {
    put(direction.mutable_data<float>());
  }
  return direction;
}

}  // namespace clearhead
