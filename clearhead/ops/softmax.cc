// p = softmax(x)
//
//     x, p [..., S]
//     m = max_j x_j          the shift by m changes nothing, but keeps exp from overflowing
//     l = Σ_j exp(x_j − m)
//     p_j = exp(x_j − m) / l
//
//     ∂p_j/∂x_k = p_j·(δ_jk − p_k), so
//     ∂L/∂x_k = p_k·(∂L/∂p_k − Σ_j p_j·∂L/∂p_j)
#include "clearhead/ops/softmax.h"

#include <cmath>
#include <limits>
#include <utility>

#include "clearhead/base/error.h"
#include "clearhead/compute/softmax.h"
#include "clearhead/ops/elementwise_internal.h"
#include "clearhead/ops/explanations_internal.h"

namespace clearhead {
namespace {

constexpr std::size_t kMaxTerms = 8;

struct Rows {
  Tensor row_max, row_sum;  // [..., 1]
  Tensor pattern;           // [..., S]
};

// The softmax of each row of the last axis.
Rows softmax_rows(const Tensor& x) {
  const Tensor scores = x.contiguous();
  const std::int64_t S = x.size(-1);
  Shape row_shape = x.shape();
  row_shape.back() = 1;
  Rows rows{Tensor::empty(row_shape, x.dtype()), Tensor::empty(row_shape, x.dtype()),
            Tensor::empty(x.shape(), x.dtype())};
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::softmax(rows.row_max.count(), S, scores.data<T>(), rows.pattern.mutable_data<T>(),
                     rows.row_max.mutable_data<T>(), rows.row_sum.mutable_data<T>());
  });
  return rows;
}

// p_j = exp(x_j − m)/l, so dx_k += p_k·(dp_k − Σ_j p_j·dp_j), for each row of the last axis.
void softmax_rows_backward(const Tensor& pattern, const Tensor& d_pattern, Tensor& d_x) {
  const std::int64_t S = pattern.size(-1);
  if (pattern.count() == 0) return;
  with_float(pattern.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::softmax_backward(pattern.count() / S, S, pattern.data<T>(), d_pattern.data<T>(),
                              d_x.mutable_data<T>());
  });
}

// The operands and the text of Σ exp(x_j − m), over the row of `x` along `axis` that `index` lies
// in.
Calculation sum_of_exponentials(const Var& x, Index index, std::size_t axis, double max) {
  Calculation sum;
  const std::int64_t S = x.shape()[axis];
  std::size_t written = 0;
  for (index[axis] = 0; index[axis] < S; ++index[axis]) {
    sum.operands.push_back(operand(x, index));
    const double score = sum.operands.back().value;
    if (score == -std::numeric_limits<double>::infinity()) continue;  // contributes nothing
    sum.value += std::exp(score - max);
    if (written++ < kMaxTerms) {
      sum.text += (written == 1 ? "exp(" : " + exp(") + format_number(score) + " - " +
                  format_number(max, true) + ")";
    }
  }
  if (written == 0) sum.text = "0 (nothing is visible)";
  if (written > kMaxTerms) sum.text += " + … (" + std::to_string(written) + " terms)";
  return sum;
}

// exp(x − m)/l
Calculation weight(const Operand& x, double max, double sum, const std::string& sum_text) {
  if (x.value == -std::numeric_limits<double>::infinity()) {
    return {{x}, "0, for exp(-inf) is 0", 0};
  }
  return {{x},
          "exp(" + format_number(x.value) + " - " + format_number(max, true) + ") / " + sum_text,
          std::exp(x.value - max) / sum};
}

auto explain_softmax(std::size_t axis) {
  return [axis](const Var& y, const Index& index) {
    const Var x = y.input(0);
    double max = -std::numeric_limits<double>::infinity();
    Index other = index;
    for (other[axis] = 0; other[axis] < x.shape()[axis]; ++other[axis]) {
      const double score = operand(x, other).value;
      max = score > max || std::isnan(score) ? score : max;
    }
    const Calculation sum = sum_of_exponentials(x, index, axis, max);
    Calculation result = weight(operand(x, index), max, sum.value, "(" + sum.text + ")");
    result.operands = sum.operands;
    return result;
  };
}

}  // namespace

Var softmax(const Var& x, std::int64_t axis) {
  require_same_float("softmax", {x});
  if (x.rank() == 0) throw Error("softmax: expected at least one axis, got a scalar");
  axis = normalize_axis(axis, x.rank());
  const Tensor pattern = softmax_rows(x.value().transpose(axis, -1)).pattern;
  return x.tape().record("softmax", {x}, pattern.transpose(axis, -1), [&](Record& op) {
    op.formula = "softmax({0})";
    op.backward = [pattern, axis](const Tensor& d_p, Gradients& gradients) {
      Tensor d_x(pattern.shape(), pattern.dtype());
      softmax_rows_backward(pattern, d_p.transpose(axis, -1).contiguous(), d_x);
      add_gradient(gradients, 0, d_x.transpose(axis, -1));
    };
    op.explain = explain_softmax(static_cast<std::size_t>(axis));
  });
}

Var softmax_view(const Var& x) {
  require_same_float("softmax_view", {x});
  if (x.rank() == 0) throw Error("softmax_view: expected at least one axis, got a scalar");
  return x.tape().record("softmax", {x}, [&](Record& op) {
    op.formula = "softmax({0})";
    op.explain = explain_softmax(x.shape().size() - 1);
    op.view = [](const Var& y, Index begin, Index end) {
      const Var scores = y.input(0);
      const std::int64_t from = std::exchange(begin.back(), 0);
      const std::int64_t to = std::exchange(end.back(), scores.size(-1));
      return softmax_rows(scores.tile(begin, end)).pattern.slice(-1, from, to).contiguous();
    };
    op.view_shape = x.shape();
    op.view_dtype = x.dtype();
  });
}

// Only `pattern` takes a gradient back to x. Its formula names row_max and row_sum, which also
// depend on x, but the gradient above already contains everything: −p_k·p_j is what comes through
// the sum, and the maximum, like any shift, changes no weight. Gradients through row_max and
// row_sum would count the sum twice.
SoftmaxSteps softmax_steps(const Var& x) {
  require_same_float("softmax_steps", {x});
  if (x.rank() == 0) throw Error("softmax_steps: expected at least one axis, got a scalar");
  const Rows rows = softmax_rows(x.value());
  SoftmaxSteps steps;
  steps.row_max = x.tape().record("row_max", {x}, rows.row_max, describe_row_max);
  steps.row_sum = x.tape().record("row_sum", {x, steps.row_max}, rows.row_sum, describe_row_sum);
  const OperandList operands = {x, steps.row_max, steps.row_sum};
  steps.pattern = x.tape().record("softmax", operands, rows.pattern, [](Record& op) {
    describe_softmax(op);
    op.backward = [p = op.value](const Tensor& d_p, Gradients& gradients) {
      softmax_rows_backward(p, d_p, gradients.of(0));
    };
    op.gradients = {softmax_gradient()};
  });
  return steps;
}

void describe_row_max(Record& op) {
  op.formula = "max({0})";
  op.explain = [](const Var& m, const Index& index) {
    const Var x = m.input(0);
    Calculation largest{
        {}, "the largest of the row", -std::numeric_limits<double>::infinity()};  // m = max_j x_j
    Index other = index;
    for (other.back() = 0; other.back() < x.size(-1); ++other.back()) {
      largest.operands.push_back(operand(x, other));
      const double score = largest.operands.back().value;
      if (score > largest.value || std::isnan(score)) largest.value = score;
    }
    return largest;
  };
}

void describe_row_sum(Record& op) {
  op.formula = "Σ exp({0} - {1})";
  op.explain = [](const Var& l, const Index& index) {
    const Operand max = operand(l.input(1), index);
    Calculation total = sum_of_exponentials(l.input(0), index, index.size() - 1, max.value);  // l
    total.operands.push_back(max);
    return total;
  };
}

GradientRecord softmax_gradient() {
  return {"{y} ⊙ ({y}_grad - Σ {y}·{y}_grad)", [](const Var& p, const Index& index) {
            std::vector<Operand> pairs;  // dx_k = p_k·(dp_k − Σ_j p_j·dp_j)
            Index other = index;
            for (other.back() = 0; other.back() < p.size(-1); ++other.back()) {
              pairs.push_back(operand(p, other));
              pairs.push_back(gradient_operand(p, other));
            }
            Calculation c = sum_of_products(std::move(pairs));
            const double mean = c.value, own = operand(p, index).value;
            const double d = gradient_operand(p, index).value;
            c.text = format_number(own) + " · (" + format_number(d) + " - (" + c.text + "))";
            c.value = own == 0 ? 0 : own * (d - mean);
            return c;
          }};
}

void describe_softmax(Record& op) {
  op.formula = "exp({0} - {1}) / {2}";
  op.explain = [](const Var& y, const Index& index) {
    Index row = index;
    row.back() = 0;
    const Operand max = operand(y.input(1), row), sum = operand(y.input(2), row);
    Calculation p =
        weight(operand(y.input(0), index), max.value, sum.value, format_number(sum.value, true));
    p.operands.push_back(max);
    p.operands.push_back(sum);
    return p;
  };
}

}  // namespace clearhead
