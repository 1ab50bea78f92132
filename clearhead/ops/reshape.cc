// y = x, elsewhere
//
// Each element of y is one element of x, so its gradient goes back to where it came from: moved back
// the other way, or where y is but a part of x, added to the same part of the gradient of x, which
// the tensor functions give as a view.
#include "clearhead/ops/reshape.h"

#include <cstring>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise.h"

namespace clearhead {
namespace {

// Records a move of x: `forward` gives the view of any tensor of the shape of x, `back` that of any
// tensor of the shape of y (null if y is but a part of x), `source` the index in x that an index in y
// stands for.
Var record_move(std::string kind, std::string formula, const Var& x,
                std::function<Tensor(const Tensor&)> forward,
                std::function<Tensor(const Tensor&)> back,
                std::function<Index(const Index&)> source) {
  Operation op{.kind = std::move(kind), .formula = std::move(formula), .inputs = {x}};
  op.moves = true;
  op.value = forward(x.value());  // y = forward(x)
  op.backward = [forward = std::move(forward), back = std::move(back)](const Tensor& d_y,
                                                                       Gradients& gradients) {
    if (back) {
      add_gradient(gradients, 0, back(d_y));  // y = forward(x), all of x
    } else {
      accumulate(forward(gradients.of(0)), d_y);  // y = forward(x)
    }
  };
  op.explain = [x, source = std::move(source)](const Index& index) {
    return moved_from(operand(x, source(index)));
  };
  return x.tape().record(std::move(op));
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
  if (x.tape().keep() == Keep::nothing)
    return x.tape().unrecorded("reshape", {&x}, x.value().reshape(shape));
  const Shape from = x.shape();
  const Shape to = x.value().reshape(shape).shape();  // with −1 derived
  return record_move(
      "reshape", "{0} as " + to_string(to), x, [to](const Tensor& t) { return t.reshape(to); },
      [from](const Tensor& t) { return t.reshape(from); },
      [from, to](const Index& index) { return unflatten(flatten(index, to), from); });
}

Var permute(const Var& x, const std::vector<std::int64_t>& axes) {
  std::vector<std::int64_t> order;
  for (const std::int64_t axis : axes) order.push_back(normalize_axis(axis, x.rank()));
  std::vector<std::int64_t> inverse(order.size());
  for (std::size_t i = 0; i < order.size() && order.size() == x.shape().size(); ++i) {
    inverse[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  }
  return record_move(
      "permute", "{0} with axes " + to_string(order), x,
      [order](const Tensor& t) { return t.permute(order); },
      [inverse](const Tensor& t) { return t.permute(inverse); },
      [order](const Index& index) {
        Index source(index.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
          source[static_cast<std::size_t>(order[i])] = index[i];
        }
        return source;
      });
}

Var transpose(const Var& x, std::int64_t a, std::int64_t b) {
  const std::int64_t first = normalize_axis(a, x.rank());
  const std::int64_t second = normalize_axis(b, x.rank());
  if (x.tape().keep() == Keep::nothing) {
    return x.tape().unrecorded("transpose", {&x}, x.value().transpose(first, second));
  }
  return record_move(
      "transpose",
      "{0} with axes " + std::to_string(first) + " and " + std::to_string(second) + " exchanged", x,
      [=](const Tensor& t) { return t.transpose(first, second); },
      [=](const Tensor& t) { return t.transpose(first, second); },
      [=](Index index) {
        std::swap(index[static_cast<std::size_t>(first)], index[static_cast<std::size_t>(second)]);
        return index;
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

  Operation op{.kind = "concat", .formula = "{0} continued by {1}", .inputs = {a, b}};
  op.value = join(a.value(), b.value(), axis, shape);
  op.backward = [axis, split, end = shape[along]](const Tensor& d_y, Gradients& gradients) {
    add_gradient(gradients, 0, d_y.slice(axis, 0, split));
    add_gradient(gradients, 1, d_y.slice(axis, split, end));
  };
  op.explain = [a, b, along, split](Index index) {
    if (index[along] < split) return moved_from(operand(a, index));
    index[along] -= split;
    return moved_from(operand(b, index));
  };
  return a.tape().record(std::move(op));
}

Var slice(const Var& x, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  axis = normalize_axis(axis, x.rank());
  return record_move(
      "slice",
      "{0} along axis " + std::to_string(axis) + " from " + std::to_string(begin) + " to " +
          std::to_string(end),
      x, [=](const Tensor& t) { return t.slice(axis, begin, end); }, nullptr,
      [=](Index index) {
        index[static_cast<std::size_t>(axis)] += begin;
        return index;
      });
}

Var broadcast_to(const Var& x, const Shape& shape) {
  Operation op{
      .kind = "broadcast_to", .formula = "{0} repeated to " + to_string(shape), .inputs = {x}};
  op.moves = true;
  op.value = x.value().broadcast_to(shape);
  op.backward = [](const Tensor& d_y, Gradients& gradients) { add_gradient(gradients, 0, d_y); };
  op.explain = [x](const Index& index) {
    return moved_from(operand(x, broadcast_index(index, x.shape())));
  };
  return x.tape().record(std::move(op));
}

}  // namespace clearhead
