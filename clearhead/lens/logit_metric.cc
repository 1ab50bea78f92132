// A logit, or the difference of two, as a value and as a direction.
#include "clearhead/lens/logit_metric.h"

#include <algorithm>

#include "clearhead/base/error.h"
#include "clearhead/ops/linear.h"
#include "clearhead/ops/reshape.h"

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

// The logits of one place, [B, 1, V]. Where they are a product, they are made by one of their own:
// backward through a part of the whole product, its gradient would be zeros for all other places.
Var row_of(const Var& logits, std::int64_t place) {
  const auto row = [place](const Var& x) { return slice(x, 1, place, place + 1); };
  const bool is_product = logits.tape().keep() == Keep::everything && logits.kind() == "linear";
  if (!is_product) return row(logits);
  return linear(row(logits.input(0)), logits.input(1), logits.input(2));
}

}  // namespace

double LogitMetric::of(const Tensor& logits) const {
  check(*this, logits.shape());
  const double value = logits.at({batch, place, token});
  return other ? value - logits.at({batch, place, *other}) : value;
}

double LogitMetric::of(const Var& logits) const {
  check(*this, logits.shape());
  const auto at = [&](std::int64_t id) {
    return logits.tile({batch, place, id}, {batch + 1, place + 1, id + 1}).item();
  };
  return other ? at(token) - at(*other) : at(token);
}

void LogitMetric::backward(const Var& logits) const {
  check(*this, logits.shape());
  const Var row = row_of(logits, place);
  Tensor direction(row.shape(), DType::f64);  // ∂metric/∂row
  double* const numbers = direction.mutable_data<double>() + batch * row.size(2);
  numbers[token] += 1;
  if (other) numbers[*other] -= 1;
  row.tape().backward(row, direction.to(row.dtype()));
}

std::int64_t likeliest_token(const Var& logits, std::int64_t place) {
  const Tensor row = logits.tile({0, place, 0}, {1, place + 1, logits.size(2)})
                         .to(DType::f64)
                         .contiguous();  // [1, 1, V]
  const double* const x = row.data<double>();
  return std::max_element(x, x + row.count()) - x;
}

}  // namespace clearhead
