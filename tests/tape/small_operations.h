// Two operations as small as they can be, so that the tape is tested by itself.
#ifndef CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_
#define CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_

#include <string>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// A tensor [n] of f64.
inline Tensor numbers(std::initializer_list<double> values) {
  return Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values);
}

/// The numbers in row-major order.
inline std::vector<double> values(const Tensor& tensor) {
  const Tensor dense = tensor.contiguous();
  return {dense.data<double>(), dense.data<double>() + dense.count()};
}

/// The message of the Error that f throws.
template <typename F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// a·b, element by element, of two f64 tensors [n].
inline Var times(const Var& a, const Var& b) {
  const Tensor x = a.value(), y = b.value();
  Operation op{.kind = "times", .formula = "{0}·{1}", .inputs = {a, b}};
  op.value = Tensor::empty(a.shape(), DType::f64);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    op.value.mutable_data<double>()[i] = x.data<double>()[i] * y.data<double>()[i];
  }
  op.backward = [x, y](const Tensor& d, Gradients& gradients) {
    double* d_x = gradients.data<double>(0);
    double* d_y = gradients.data<double>(1);
    for (std::int64_t i = 0; i < d.count(); ++i) {
      if (d_x != nullptr) d_x[i] += d.data<double>()[i] * y.data<double>()[i];
      if (d_y != nullptr) d_y[i] += d.data<double>()[i] * x.data<double>()[i];
    }
  };
  op.explain = [a, b](const Index& index) {
    return sum_of_products({operand(a, index), operand(b, index)});
  };
  return a.tape().record(std::move(op));
}

/// Σ x: a scalar. Its backward needs no values.
inline Var total(const Var& x) {
  Operation op{.kind = "total", .formula = "Σ {0}", .inputs = {x}};
  double sum = 0;
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) sum += x.value().at({i});
  op.value = Tensor::scalar(sum, DType::f64);
  op.backward = [](const Tensor& d, Gradients& gradients) {
    Tensor& d_x = gradients.of(0);
    for (std::int64_t i = 0; i < d_x.count(); ++i) d_x.mutable_data<double>()[i] += d.item();
  };
  op.explain = [x, sum](const Index&) {
    Calculation c{{}, "the sum", sum};
    for (std::int64_t i = 0; i < x.shape()[0]; ++i) c.operands.push_back(operand(x, {i}));
    return c;
  };
  return x.tape().record(std::move(op));
}

/// x from its end to its beginning: the same numbers elsewhere.
inline Var reversed(const Var& x) {
  const std::int64_t n = x.shape()[0];
  Operation op{.kind = "reversed", .formula = "{0} reversed", .inputs = {x}};
  op.moves = true;
  op.value = Tensor::empty({n}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i) {
    op.value.mutable_data<double>()[i] = x.value().at({n - 1 - i});
  }
  op.explain = [x, n](const Index& index) {
    const Operand from = operand(x, {n - 1 - index[0]});
    return Calculation{{from}, format_number(from.value), from.value};
  };
  return x.tape().record(std::move(op));
}

/// 0, 10, 20, … as a computed view of n numbers.
inline Var tens(Tape& tape, std::int64_t n) {
  Operation op{.kind = "tens"};
  op.view = [](const Index& begin, const Index& end) {
    Tensor tile = Tensor::empty({end[0] - begin[0]}, DType::f64);
    for (std::int64_t i = begin[0]; i < end[0]; ++i) {
      tile.mutable_data<double>()[i - begin[0]] = 10.0 * static_cast<double>(i);
    }
    return tile;
  };
  op.view_shape = {n};
  op.view_dtype = DType::f64;
  return tape.record(std::move(op));
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_
