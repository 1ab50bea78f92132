// y = Σ x / n over some axes; n = 1 for the sum, the number of summed elements for the mean
//
//     x [...]; y [...] without these axes, or with size 1 there
//     ∂L/∂x = ∂L/∂y / n, repeated along the axes that were summed over
#include "clearhead/ops/reduce.h"

#include <algorithm>
#include <numeric>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

struct Reduction {
  std::vector<std::int64_t> kept_axes, summed_axes;
  Shape kept_shape;    // y with the summed axes at size 1
  Shape result_shape;  // y
  std::int64_t count;  // elements summed for one result

  bool is_kept(std::int64_t axis) const {
    return std::find(kept_axes.begin(), kept_axes.end(), axis) != kept_axes.end();
  }
};

Reduction plan(std::string_view kind, const Var& x, const std::vector<std::int64_t>& axes,
               bool keepdims) {
  require_same_float(kind, {x});
  std::vector<bool> is_summed(x.shape().size(), false);
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(normalize_axis(axis, x.rank()));
    if (is_summed[i]) {
      throw Error(std::string(kind) + ": expected different axes, got " + to_string(axes) +
                  " for shape " + to_string(x.shape()));
    }
    is_summed[i] = true;
  }
  Reduction r;
  Shape summed_shape;
  for (std::size_t i = 0; i < is_summed.size(); ++i) {
    const std::int64_t size = x.shape()[i];
    (is_summed[i] ? r.summed_axes : r.kept_axes).push_back(static_cast<std::int64_t>(i));
    r.kept_shape.push_back(is_summed[i] ? 1 : size);
    if (is_summed[i]) summed_shape.push_back(size);
    if (!is_summed[i] || keepdims) r.result_shape.push_back(is_summed[i] ? 1 : size);
  }
  r.count = element_count(summed_shape);
  return r;
}

// y = Σ x / n
Tensor reduce(const Tensor& x, const Reduction& r, double divisor) {
  std::vector<std::int64_t> order = r.kept_axes;
  order.insert(order.end(), r.summed_axes.begin(), r.summed_axes.end());
  const Tensor rows = x.permute(order).contiguous();  // what is summed lies side by side
  Tensor y = Tensor::empty(r.result_shape, x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t each =
        std::max<std::int64_t>(1, kPiece / std::max<std::int64_t>(1, r.count));
    for_each_piece(y.count(), each, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const T* row = rows.data<T>() + i * r.count;
        y.mutable_data<T>()[i] = static_cast<T>(std::accumulate(row, row + r.count, 0.0) / divisor);
      }
    });
  });
  return y;
}

// Where in y the element `index` of x is summed: without the summed axes, or 0 along them.
Index index_of_sum(const Reduction& r, std::int64_t rank, const Index& index) {
  Index place;
  for (std::size_t axis = 0; axis < index.size(); ++axis) {
    if (r.is_kept(static_cast<std::int64_t>(axis))) {
      place.push_back(index[axis]);
    } else if (rank == static_cast<std::int64_t>(index.size())) {
      place.push_back(0);
    }
  }
  return place;
}

Calculation explain_reduction(const Var& x, const Reduction& r, double divisor, Index index) {
  if (index.size() != x.shape().size()) {  // put the summed axes back
    for (const std::int64_t axis : r.summed_axes) index.insert(index.begin() + axis, 0);
  }
  Shape summed_shape;
  for (const std::int64_t axis : r.summed_axes) summed_shape.push_back(x.size(axis));
  std::vector<Operand> terms;
  for (std::int64_t i = 0; i < r.count; ++i) {
    const Index place = unflatten(i, summed_shape);
    for (std::size_t k = 0; k < place.size(); ++k) {
      index[static_cast<std::size_t>(r.summed_axes[k])] = place[k];
    }
    terms.push_back(operand(x, index));
  }
  Calculation c = sum_of(std::move(terms));
  if (divisor != 1) {
    c.value /= divisor;
    c.text = "(" + c.text + ") / " + format_number(divisor);
  }
  return c;
}

Var record_reduction(const std::string& kind, const Var& x, const std::vector<std::int64_t>& axes,
                     bool keepdims) {
  const Reduction r = plan(kind, x, axes, keepdims);
  const double divisor = kind == "mean" ? static_cast<double>(r.count) : 1.0;
  const Tensor y_value = reduce(x.value(), r, divisor);
  return x.tape().record(kind, {x}, y_value, [&](Record& op) {
    op.formula = kind + "({0})";
    if (!r.kept_axes.empty())
      op.formula = kind + "({0} over axes " + to_string(r.summed_axes) + ")";
    op.backward = [r, divisor, shape = x.shape()](const Tensor& d_y, Gradients& gradients) {
      const Tensor d_row = map(d_y, [divisor](auto d) {  // y = Σ x / n
        return d / static_cast<decltype(d)>(divisor);
      });
      add_gradient(gradients, 0, d_row.reshape(r.kept_shape).broadcast_to(shape));
    };
    op.gradients = {{divisor == 1 ? "{y}_grad" : "{y}_grad / " + format_number(divisor),
                     [r, divisor](const Var& y, const Index& index) {
                       const Operand d = gradient_operand(y, index_of_sum(r, y.rank(), index));
                       return Calculation{{d},
                                          format_number(d.value) +
                                              (divisor == 1 ? "" : " / " + format_number(divisor)),
                                          d.value / divisor};
                     }}};
    op.explain = [r, divisor](const Var& y, const Index& index) {
      return explain_reduction(y.input(0), r, divisor, index);
    };
  });
}

std::vector<std::int64_t> all_axes(const Var& x) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

}  // namespace

Var sum(const Var& x) { return record_reduction("sum", x, all_axes(x), false); }

Var sum(const Var& x, const std::vector<std::int64_t>& axes, bool keepdims) {
  return record_reduction("sum", x, axes, keepdims);
}

Var mean(const Var& x) { return record_reduction("mean", x, all_axes(x), false); }

Var mean(const Var& x, const std::vector<std::int64_t>& axes, bool keepdims) {
  return record_reduction("mean", x, axes, keepdims);
}

}  // namespace clearhead
