// L = Σ_r w[t_r]·loss_r  (or the mean: / Σ_r w[t_r]; or each by itself)
//
//     z [R, V]: logits, all axes but the last as R rows; t [R]: targets; w [V]: weights of classes
//     log p_c = z_c − lse,  lse = log Σ_c exp(z_c)
//     q_c     = (1 − ε)·[c = t] + ε/V
//     loss_r  = −Σ_c q_c·log p_c;  0 if t_r is ignored
//
//     ∂loss_r/∂z_c = p_c − q_c
//
// Backward calculates p again from z and lse, so that nothing else of the size of z is held.
//
// Source of the smoothing: Szegedy et al., "Rethinking the Inception architecture" (2016), section
// 7.
#include "clearhead/ops/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/cross_entropy.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

struct Saved {
  Tensor logits, targets;   // [R, V], [R], as they came
  Tensor row_max, row_sum;  // [R]: lse = row_max + log row_sum
  CrossEntropyOptions options;
  double divisor = 1;  // of the mean

  bool counts(std::int64_t r) const {
    return !options.ignore_index || targets.data<std::int64_t>()[r] != *options.ignore_index;
  }
  // How much target r counts.
  template <typename T>
  T weight(std::int64_t r) const {
    if (!counts(r)) return 0;
    const std::int64_t t = targets.data<std::int64_t>()[r];
    return options.class_weight.defined() ? options.class_weight.data<T>()[t] : T{1};
  }
  template <typename T>
  compute::CrossEntropy<T> rows() const {
    return {targets.count(),      logits.size(-1),
            logits.data<T>(),     targets.data<std::int64_t>(),
            options.ignore_index, options.label_smoothing};
  }
};

void check(const Var& logits, const Var& targets, const Saved& saved) {
  require_same_float("cross_entropy", {logits});
  Shape expected = logits.shape();
  if (!expected.empty()) expected.pop_back();
  if (targets.dtype() != DType::i64 || logits.rank() < 1 || targets.shape() != expected ||
      logits.size(-1) < 1) {
    throw Error("cross_entropy: expected logits [..., V] and targets [...] of i64, got " +
                to_string(logits.shape()) + " and " + to_string(targets.shape()) + " of " +
                std::string(dtype_name(targets.dtype())));
  }
  const CrossEntropyOptions& options = saved.options;
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1)) {
    throw Error("cross_entropy: expected a label_smoothing of at least 0 and below 1, got " +
                format_number(options.label_smoothing));
  }
  const std::int64_t V = logits.size(-1);
  const Tensor& w = options.class_weight;
  if (w.defined() && (w.shape() != Shape{V} || w.dtype() != logits.dtype())) {
    throw Error("cross_entropy: expected class_weight [" + std::to_string(V) + "] of " +
                std::string(dtype_name(logits.dtype())) + ", got " + to_string(w.shape()) + " of " +
                std::string(dtype_name(w.dtype())));
  }
  for (std::int64_t r = 0; r < saved.targets.count(); ++r) {
    const std::int64_t t = saved.targets.data<std::int64_t>()[r];
    if (saved.counts(r) && (t < 0 || t >= V)) {
      throw Error("cross_entropy: target " + std::to_string(t) + " at " +
                  to_string(unflatten(r, targets.shape())) + " is none of the " +
                  std::to_string(V) + " classes" +
                  (options.ignore_index ? "" : "; set ignore_index to leave places out"));
    }
  }
}

// The losses of all targets, reduced.
template <typename T>
Tensor forward(Saved& saved) {
  const std::int64_t R = saved.targets.count();
  Tensor losses = Tensor::empty(saved.targets.shape(), dtype_of<T>);
  T* loss = losses.mutable_data<T>();
  compute::cross_entropy(saved.rows<T>(), loss, saved.row_max.mutable_data<T>(),
                         saved.row_sum.mutable_data<T>());
  double sum = 0, weights = 0;
  for (std::int64_t r = 0; r < R; ++r) {
    const T weight = saved.weight<T>(r);
    loss[r] *= weight;
    sum += static_cast<double>(loss[r]);
    weights += static_cast<double>(weight);
  }
  if (saved.options.reduction == Reduction::none) return losses;
  if (saved.options.reduction == Reduction::mean) saved.divisor = weights;
  return Tensor::scalar(sum / saved.divisor, dtype_of<T>);
}

// dz += dL·w/divisor·(p − q), row by row
template <typename T>
void backward(const Saved& saved, const Tensor& d_loss, Tensor& d_logits) {
  const bool each = saved.options.reduction == Reduction::none;
  const T* d = d_loss.data<T>();
  std::vector<T> d_losses;
  for (std::int64_t r = 0; r < saved.targets.count(); ++r) {
    d_losses.push_back(d[each ? r : 0] * saved.weight<T>(r) / static_cast<T>(saved.divisor));
  }
  compute::cross_entropy_backward(saved.rows<T>(), saved.row_max.data<T>(), saved.row_sum.data<T>(),
                                  d_losses.data(), d_logits.mutable_data<T>());
}

// log Σ_c exp(z_c), shifted by the largest so that nothing overflows
double log_sum_exp(std::int64_t V, const double* z) {
  const double largest = *std::max_element(z, z + V);
  if (std::isinf(largest)) return largest;
  double sum = 0;
  for (std::int64_t c = 0; c < V; ++c) sum += std::exp(z[c] - largest);
  return largest + std::log(sum);
}

// log Σ_c exp(z_c) of the rows of the logits that positions [begin, end) lie in: [..., 1] of f64.
Tensor row_lse(const Var& logits, Index begin, Index end) {
  begin.back() = 0;
  end.back() = logits.size(-1);
  const Tensor rows = logits.tile(begin, end).to(DType::f64);
  Shape shape = rows.shape();
  shape.back() = 1;
  Tensor lse = Tensor::empty(shape, DType::f64);
  for (std::int64_t r = 0; r < lse.count(); ++r) {
    lse.mutable_data<double>()[r] = log_sum_exp(end.back(), rows.data<double>() + r * end.back());
  }
  return lse;
}

// log p_c = z_c − lse, also of places that are ignored.
Calculation explain_log_prob(const Var& logits, const Index& index) {
  Index end = index;
  for (std::int64_t& i : end) ++i;
  const double lse = row_lse(logits, index, end).item();
  Calculation c;
  Index other = index;
  for (other.back() = 0; other.back() < logits.size(-1); ++other.back()) {
    c.operands.push_back(operand(logits, other));
  }
  const double z = c.operands[static_cast<std::size_t>(index.back())].value;
  c.text = format_number(z) + " - " + format_number(lse, true) + " (log Σ exp)";
  c.value = z - lse;
  return c;
}

void describe_log_prob(Record& op, const Var& logits) {
  op.formula = "log softmax({0})";
  op.view = [](const Var& y, const Index& begin, const Index& end) {
    const Tensor z = y.input(0).tile(begin, end).to(DType::f64);
    return map(z, row_lse(y.input(0), begin, end), z.shape(),
               [](auto number, auto lse) { return number - lse; })
        .to(y.dtype());
  };
  op.view_shape = logits.shape();
  op.view_dtype = logits.dtype();
  op.explain = [](const Var& y, const Index& index) { return explain_log_prob(y.input(0), index); };
}

// The number of the loss from the log probabilities.
Calculation explain_loss(const Saved& saved, const Var& log_prob, const Var& targets,
                         const Index& index) {
  const bool each = saved.options.reduction == Reduction::none;
  const std::int64_t V = saved.logits.size(-1);
  const double smoothing = saved.options.label_smoothing;
  const Tensor weights =
      saved.options.class_weight.defined() ? saved.options.class_weight.to(DType::f64) : Tensor();
  Calculation c;
  std::int64_t counted = 0;
  for (std::int64_t r = 0; r < saved.targets.count(); ++r) {
    Index place = unflatten(r, targets.shape());
    if (!saved.counts(r) || (each && place != index)) continue;
    ++counted;
    const std::int64_t t = saved.targets.data<std::int64_t>()[r];
    const double weight = weights.defined() ? weights.at({t}) : 1.0;
    c.operands.push_back(operand(targets, place));
    place.push_back(t);
    for (place.back() = 0; place.back() < V; ++place.back()) {
      const double q = (place.back() == t ? 1 - smoothing : 0) + smoothing / static_cast<double>(V);
      if (q == 0) continue;
      c.operands.push_back(operand(log_prob, place));
      c.value -= weight * q * c.operands.back().value / (each ? 1 : saved.divisor);
    }
  }
  c.text = "-log p of " + std::to_string(counted) + (counted == 1 ? " target" : " targets") +
           (saved.options.reduction == Reduction::mean ? ", their mean" : "");
  return c;
}

}  // namespace

CrossEntropyOutput cross_entropy(const Var& logits, const Var& targets,
                                 const CrossEntropyOptions& options) {
  Saved saved{logits.value().contiguous(), targets.value().contiguous(), {}, {}, options};
  if (options.class_weight.defined()) {
    saved.options.class_weight = options.class_weight.contiguous();
  }
  check(logits, targets, saved);
  saved.row_max = Tensor::empty(targets.shape(), logits.dtype());
  saved.row_sum = Tensor::empty(targets.shape(), logits.dtype());
  Tensor loss;
  with_float(logits.dtype(), [&](auto zero) { loss = forward<decltype(zero)>(saved); });

  Tape tape = logits.tape();
  CrossEntropyOutput result;
  result.log_prob =
      tape.record("log_softmax", {logits}, [&](Record& op) { describe_log_prob(op, logits); });
  const OperandList operands = {logits, targets, result.log_prob};
  result.loss = tape.record("cross_entropy", operands, loss, [&](Record& op) {
    op.formula = "cross_entropy({0}, {1})";
    op.backward = [saved](const Tensor& d_loss, Gradients& gradients) {
      with_float(d_loss.dtype(),
                 [&](auto zero) { backward<decltype(zero)>(saved, d_loss, gradients.of(0)); });
    };
    op.explain = [saved](const Var& y, const Index& index) {
      return explain_loss(saved, y.input(2), y.input(1), index);
    };
  });
  return result;
}

}  // namespace clearhead
