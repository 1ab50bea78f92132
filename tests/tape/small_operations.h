// Operations as small as they can be, so that the tape is tested by itself.
#ifndef CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_
#define CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_

#include <initializer_list>

#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"
#include "tests/testing.h"

namespace clearhead {

/// A tensor [n] of f64.
inline Tensor numbers(std::initializer_list<double> values) {
  return Tensor::of<double>({static_cast<std::int64_t>(values.size())}, values);
}

/// a·b, element by element, of two f64 tensors [n].
inline Var times(const Var& a, const Var& b) {
  const Tensor x = a.value(), y = b.value();
  Tensor product = Tensor::empty(a.shape(), DType::f64);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    product.mutable_data<double>()[i] = x.data<double>()[i] * y.data<double>()[i];
  }
  return a.tape().record("times", {a, b}, product, [&](Record& op) {
    op.formula = "{0}·{1}";
    op.backward = [x, y](const Tensor& d, Gradients& gradients) {
      double* d_x = gradients.data<double>(0);
      double* d_y = gradients.data<double>(1);
      for (std::int64_t i = 0; i < d.count(); ++i) {
        if (d_x != nullptr) d_x[i] += d.data<double>()[i] * y.data<double>()[i];
        if (d_y != nullptr) d_y[i] += d.data<double>()[i] * x.data<double>()[i];
      }
    };
    op.explain = [](const Var& result, const Index& index) {
      return sum_of_products({operand(result.input(0), index), operand(result.input(1), index)});
    };
  });
}

/// Σ x: a scalar. Its backward needs no values.
inline Var total(const Var& x) {
  double sum = 0;
  for (std::int64_t i = 0; i < x.shape()[0]; ++i) sum += x.value().at({i});
  return x.tape().record("total", {x}, Tensor::scalar(sum, DType::f64), [&](Record& op) {
    op.formula = "Σ {0}";
    op.backward = [](const Tensor& d, Gradients& gradients) {
      Tensor& d_x = gradients.of(0);
      for (std::int64_t i = 0; i < d_x.count(); ++i) d_x.mutable_data<double>()[i] += d.item();
    };
    op.explain = [sum](const Var& result, const Index&) {
      Calculation c{{}, "the sum", sum};
      const Var from = result.input(0);
      for (std::int64_t i = 0; i < from.size(0); ++i) c.operands.push_back(operand(from, {i}));
      return c;
    };
  });
}

/// x from its end to its beginning: the same numbers elsewhere.
inline Var reversed(const Var& x) {
  const std::int64_t n = x.shape()[0];
  Tensor turned = Tensor::empty({n}, DType::f64);
  for (std::int64_t i = 0; i < n; ++i) {
    turned.mutable_data<double>()[i] = x.value().at({n - 1 - i});
  }
  return x.tape().record("reversed", {x}, turned, [&](Record& op) {
    op.formula = "{0} reversed";
    op.moves = true;
    op.explain = [n](const Var& result, const Index& index) {
      const Operand from = operand(result.input(0), {n - 1 - index[0]});
      return Calculation{{from}, format_number(from.value), from.value};
    };
  });
}

/// 0, 10, 20, … as a computed view of n numbers.
inline Var tens(Tape& tape, std::int64_t n) {
  return tape.record("tens", {}, [&](Record& op) {
    op.view = [](const Var&, const Index& begin, const Index& end) {
      Tensor tile = Tensor::empty({end[0] - begin[0]}, DType::f64);
      for (std::int64_t i = begin[0]; i < end[0]; ++i) {
        tile.mutable_data<double>()[i - begin[0]] = 10.0 * static_cast<double>(i);
      }
      return tile;
    };
    op.view_shape = {n};
    op.view_dtype = DType::f64;
  });
}

}  // namespace clearhead

#endif  // CLEARHEAD_TESTS_TAPE_SMALL_OPERATIONS_H_
