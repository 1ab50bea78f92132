#include "clearhead/ops/norm_rows.h"

#include <cmath>
#include <string>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

constexpr std::int64_t kMaxTerms = 8;

// The operands of the row that `index` lies in, and Σ_c f(x_c).
template <typename F>
Calculation over_row(const Var& x, Index index, F&& f) {
  Calculation sum;
  for (index.back() = 0; index.back() < x.size(-1); ++index.back()) {
    sum.operands.push_back(operand(x, index));
    const double number = sum.operands.back().value;
    sum.value += f(number);
    if (index.back() < kMaxTerms) {
      sum.text += (index.back() == 0 ? "" : " + ") + format_number(number, true);
    }
  }
  if (x.size(-1) > kMaxTerms) sum.text += " + … (" + std::to_string(x.size(-1)) + " terms)";
  return sum;
}

}  // namespace

void check_norm_weight(const char* operation, const char* what, const Var& x, const Var& weight) {
  if (x.rank() >= 1 && x.size(-1) > 0 && weight.shape() == Shape{x.size(-1)}) return;
  throw Error(std::string(operation) + ": expected x [..., C] of at least one channel and " + what +
              " [C], got " + to_string(x.shape()) + " and " + to_string(weight.shape()));
}

Calculation explain_row_mean(const Var& x, const Index& index) {
  Calculation mean = over_row(x, index, [](double number) { return number; });
  mean.value /= static_cast<double>(x.size(-1));
  mean.text = "(" + mean.text + ") / " + std::to_string(x.size(-1));
  return mean;
}

Calculation explain_row_scale(const Var& x, const Var& mean, double epsilon, const Index& index) {
  Operand m;
  if (mean.defined()) m = operand(mean, index);
  Calculation scale =
      over_row(x, index, [&](double number) { return (number - m.value) * (number - m.value); });
  const double mean_square = scale.value / static_cast<double>(x.size(-1));
  scale.value = std::sqrt(mean_square + epsilon);
  scale.text = "√(" + format_number(mean_square) + " + " + format_number(epsilon) + ")";
  if (mean.defined()) scale.operands.push_back(m);
  return scale;
}

Calculation explain_normalized(const Var& x, const Var& weight, const Var& bias, const Var& mean,
                               const Var& scale, const Index& index) {
  Index row = index;
  row.back() = 0;
  const Operand from = operand(x, index);
  Calculation y{{from}, format_number(from.value), from.value};
  if (mean.defined()) {
    y.operands.push_back(operand(mean, row));
    y.value -= y.operands.back().value;
    y.text = "(" + y.text + " - " + format_number(y.operands.back().value, true) + ")";
  }
  y.operands.push_back(operand(scale, row));
  y.value /= y.operands.back().value;
  y.text += " / " + format_number(y.operands.back().value);
  if (weight.defined()) {
    y.operands.push_back(operand(weight, {index.back()}));
    y.value *= y.operands.back().value;
    y.text += " · " + format_number(y.operands.back().value, true);
  }
  if (bias.defined()) {
    y.operands.push_back(operand(bias, {index.back()}));
    y.value += y.operands.back().value;
    y.text += " + " + format_number(y.operands.back().value, true);
  }
  return y;
}

}  // namespace clearhead
