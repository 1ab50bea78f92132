// y = x, elsewhere
//
// Each element of y is one element of x, so its gradient goes back to where it came from: it is
// moved the opposite way, or, if y is only a part of x, added to that part of the gradient of x,
// which the tensor functions give as a view.
#include "clearhead/ops/reshape.h"

#include <cstring>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

using Place = std::function<Index(const Index&)>;

// What is recorded of a move of x: `forward` gives the view of any tensor of the shape of x, `back`
// that of any tensor of the shape of y (null if y is but a part of x), `source` the index in x that
// an index in y stands for, `target` the other way round (empty if it stands for none).
void describe_move(Record& op, std::string formula, std::function<Tensor(const Tensor&)> forward,
                   std::function<Tensor(const Tensor&)> back, Place source, Place target) {
  op.formula = std::move(formula);
  op.moves = true;
  op.backward = [forward = std::move(forward), back = std::move(back)](const Tensor& d_y,
                                                                       Gradients& gradients) {
    if (back) {
      add_gradient(gradients, 0, back(d_y));  // y = forward(x), all of x
    } else {
      accumulate(forward(gradients.of(0)), d_y);  // y = forward(x)
    }
  };
  op.explain = [source = std::move(source)](const Var& y, const Index& index) {
    return moved_from(operand(y.input(0), source(index)));
  };
  op.gradients = {{"{y}_grad", [target = std::move(target)](const Var& y, const Index& index) {
                     const Index to = target(index);
                     if (to.size() != y.shape().size()) return Calculation{{}, "0 (left out)", 0};
                     return moved_from(gradient_operand(y, to));
                   }}};
}

// Number i of the result is number order[i].
Index permuted(const Index& index, const std::vector<std::int64_t>& order) {
  Index result;
  for (const std::int64_t axis : order) result.push_back(index[static_cast<std::size_t>(axis)]);
  return result;
}

std::int64_t flatten(const Index& index, const Shape& shape) {
  std::int64_t flat = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) flat = flat * shape[i] + index[i];
  return flat;
}

Tensor join(const Tensor& a, const Tensor& b, std::int64_t axis, const Shape& shape) {
  Tensor result = Tensor::empty(shape, a.dtype());
  const Tensor parts[] = {a.contiguous(), b.contiguous()};
  with_dtype(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    std::int64_t outer = 1;
    for (std::int64_t i = 0; i < axis; ++i) outer *= a.size(i);
    if (result.count() == 0) return;
    T* to = result.mutable_data<T>();
    for (std::int64_t i = 0; i < outer; ++i) {
      for (const Tensor& part : parts) {
        const std::int64_t length = part.count() / outer;
        to = std::copy_n(part.data<T>() + i * length, length, to);
      }
    }
  });
  return result;
}

}  // namespace

Var reshape(const Var& x, const Shape& shape) {
  const Tensor y_value = x.value().reshape(shape);  // y = x
  return x.tape().record("reshape", {x}, y_value, [&](Record& op) {
    const Shape from = x.shape(), to = y_value.shape();  // with −1 derived
    describe_move(
        op, "{0} as " + to_string(to), [to](const Tensor& t) { return t.reshape(to); },
        [from](const Tensor& t) { return t.reshape(from); },
        [from, to](const Index& index) { return unflatten(flatten(index, to), from); },
        [from, to](const Index& index) { return unflatten(flatten(index, from), to); });
  });
}

Var permute(const Var& x, const std::vector<std::int64_t>& axes) {
  std::vector<std::int64_t> order;
  for (const std::int64_t axis : axes) order.push_back(normalize_axis(axis, x.rank()));
  const Tensor y_value = x.value().permute(order);
  return x.tape().record("permute", {x}, y_value, [&](Record& op) {
    std::vector<std::int64_t> inverse(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
    }
    describe_move(
        op, "{0} with axes " + to_string(order),
        [order](const Tensor& t) { return t.permute(order); },
        [inverse](const Tensor& t) { return t.permute(inverse); },
        [inverse](const Index& index) { return permuted(index, inverse); },
        [order](const Index& index) { return permuted(index, order); });
  });
}

Var transpose(const Var& x, std::int64_t a, std::int64_t b) {
  const std::int64_t first = normalize_axis(a, x.rank());
  const std::int64_t second = normalize_axis(b, x.rank());
  const auto exchanged = [=](const Tensor& t) { return t.transpose(first, second); };
  return x.tape().record("transpose", {x}, exchanged(x.value()), [&](Record& op) {
    const auto place = [=](Index index) {
      std::swap(index[static_cast<std::size_t>(first)], index[static_cast<std::size_t>(second)]);
      return index;
    };
    describe_move(
        op,
        "{0} with axes " + std::to_string(first) + " and " + std::to_string(second) + " exchanged",
        exchanged, exchanged, place, place);
  });
}

Var concat(const Var& a, const Var& b, std::int64_t axis) {
  const auto fail = [&](const std::string& expected) {
    throw Error("concat: " + expected + ", got " + to_string(a.shape()) + " of " +
                std::string(dtype_name(a.dtype())) + " and " + to_string(b.shape()) + " of " +
                std::string(dtype_name(b.dtype())));
  };
  axis = normalize_axis(axis, a.rank());
  if (a.dtype() != b.dtype()) fail("expected one type, cast() to it");
  Shape shape = a.shape();
  const auto along = static_cast<std::size_t>(axis);
  Shape expected_b = shape;
  if (b.rank() == a.rank()) expected_b[along] = b.shape()[along];
  if (expected_b != b.shape()) fail("expected equal sizes but along axis " + std::to_string(axis));
  const std::int64_t split = shape[along];
  shape[along] += b.shape()[along];

  const Tensor y_value = join(a.value(), b.value(), axis, shape);
  return a.tape().record("concat", {a, b}, y_value, [&](Record& op) {
    op.formula = "{0} continued by {1}";
    op.backward = [axis, split, end = shape[along]](const Tensor& d_y, Gradients& gradients) {
      add_gradient(gradients, 0, d_y.slice(axis, 0, split));
      add_gradient(gradients, 1, d_y.slice(axis, split, end));
    };
    op.gradients = {
        {"{y}_grad where {0} lies",
         [](const Var& y, const Index& index) { return moved_from(gradient_operand(y, index)); }},
        {"{y}_grad where {1} lies", [along, split](const Var& y, Index index) {
           index[along] += split;
           return moved_from(gradient_operand(y, index));
         }}};
    op.explain = [along, split](const Var& y, Index index) {
      if (index[along] < split) return moved_from(operand(y.input(0), index));
      index[along] -= split;
      return moved_from(operand(y.input(1), index));
    };
  });
}

Var slice(const Var& x, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  axis = normalize_axis(axis, x.rank());
  const auto part = [=](const Tensor& t) { return t.slice(axis, begin, end); };
  const auto along = static_cast<std::size_t>(axis);
  return x.tape().record("slice", {x}, part(x.value()), [&](Record& op) {
    describe_move(
        op,
        "{0} along axis " + std::to_string(axis) + " from " + std::to_string(begin) + " to " +
            std::to_string(end),
        part, nullptr,
        [along, begin](Index index) {
          index[along] += begin;
          return index;
        },
        [along, begin, end](Index index) {
          index[along] -= begin;
          return 0 <= index[along] && index[along] < end - begin ? index : Index();
        });
  });
}

Var broadcast_to(const Var& x, const Shape& shape) {
  const Tensor y_value = x.value().broadcast_to(shape);
  return x.tape().record("broadcast_to", {x}, y_value, [&](Record& op) {
    op.formula = "{0} repeated to " + to_string(shape);
    op.moves = true;
    op.backward = [](const Tensor& d_y, Gradients& gradients) { add_gradient(gradients, 0, d_y); };
    op.gradients = {repeated_gradient(0)};
    op.explain = [](const Var& y, const Index& index) {
      return moved_from(broadcast_operand(y.input(0), index));
    };
  });
}

}  // namespace clearhead
