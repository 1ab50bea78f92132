// y_i = other_i where position i is selected, x_i elsewhere
//
//     x, y [...]; other: broadcasts to the selected box
//     ∂L/∂x     = 0 where selected, ∂L/∂y elsewhere
//     ∂L/∂other = ∂L/∂y where selected, summed over the axes along which other was repeated
#include "clearhead/ops/replace.h"

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {
namespace {

// The box that is selected: positions [begin, end).
struct Box {
  Index begin, end;

  bool holds(const Index& index) const {
    for (std::size_t axis = 0; axis < begin.size(); ++axis) {
      if (index[axis] < begin[axis] || index[axis] >= end[axis]) return false;
    }
    return true;
  }
  // The part of t [...] that lies in it, sharing its memory.
  Tensor of(Tensor t) const {
    for (std::size_t axis = 0; axis < begin.size(); ++axis) {
      t = t.slice(static_cast<std::int64_t>(axis), begin[axis], end[axis]);
    }
    return t;
  }
  Shape shape() const {
    Shape shape;
    for (std::size_t axis = 0; axis < begin.size(); ++axis) {
      shape.push_back(end[axis] - begin[axis]);
    }
    return shape;
  }
};

std::string text_of(const Selection& selection, std::size_t rank) {
  std::string text;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const bool one = axis < selection.size() && selection[axis].has_value();
    text += (axis == 0 ? "" : ", ") + (one ? std::to_string(*selection[axis]) : ":");
  }
  return "[" + text + "]";
}

Box box_of(const Var& x, const Selection& selection) {
  Box box{Index(x.shape().size(), 0), x.shape()};
  if (selection.size() > x.shape().size()) {
    throw Error("replace: " + text_of(selection, selection.size()) + " has more axes than shape " +
                to_string(x.shape()));
  }
  for (std::size_t axis = 0; axis < selection.size(); ++axis) {
    if (!selection[axis]) continue;
    if (*selection[axis] < 0 || *selection[axis] >= x.shape()[axis]) {
      throw Error("replace: " + text_of(selection, x.shape().size()) + " does not lie in shape " +
                  to_string(x.shape()));
    }
    box.begin[axis] = *selection[axis];
    box.end[axis] = *selection[axis] + 1;
  }
  return box;
}

// to = from, of the same shape; `to` may be strided.
void assign(Tensor to, const Tensor& from) {
  with_float(to.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Tensor dense = from.contiguous();
    const T* next = dense.data<T>();
    T* out = to.mutable_data<T>();
    for_each_offset(to.shape(), to.strides(), [&](std::int64_t offset) { out[offset] = *next++; });
  });
}

}  // namespace

Var replace(const Var& x, const Selection& selection, const Var& other) {
  require_same_float("replace", {x, other});
  const Box box = box_of(x, selection);
  Tensor y_value = x.value().clone();
  try {
    assign(box.of(y_value), other.value().broadcast_to(box.shape()));
  } catch (const Error&) {
    throw Error("replace: expected numbers that broadcast to " + to_string(box.shape()) +
                ", the shape of " + text_of(selection, x.shape().size()) + ", got " +
                to_string(other.shape()));
  }
  return x.tape().record("replace", {x, other}, y_value, [&](Record& op) {
    op.formula = "{0} with {1} at " + text_of(selection, x.shape().size());
    op.backward = [box](const Tensor& d_y, Gradients& gradients) {
      if (gradients.wanted(0)) {  // y = x, but for the box
        Tensor d_x = d_y.clone();
        assign(box.of(d_x), Tensor(box.shape(), d_y.dtype()));
        add_gradient(gradients, 0, d_x);
      }
      add_gradient(gradients, 1, box.of(d_y));  // y = other in the box
    };
    op.explain = [box](const Var& y, const Index& index) {
      const Operand was = operand(y.input(0), index);
      if (!box.holds(index)) return moved_from(was);
      Index place = index;
      for (std::size_t axis = 0; axis < place.size(); ++axis) place[axis] -= box.begin[axis];
      const Operand is = broadcast_operand(y.input(1), place);
      return Calculation{
          {is, was}, format_number(is.value) + ", put for " + format_number(was.value), is.value};
    };
    op.gradients = {{"{y}_grad where it is not replaced",
                     [box](const Var& y, const Index& index) {
                       if (box.holds(index)) return Calculation{{}, "0, for it is replaced", 0};
                       return moved_from(gradient_operand(y, index));
                     }},
                    {"{y}_grad where it stands", [box](const Var& y, const Index& index) {
                       std::vector<Operand> repeated;
                       for (Index& to : broadcast_indices(index, y.input(1).shape(), box.shape())) {
                         for (std::size_t i = 0; i < to.size(); ++i) to[i] += box.begin[i];
                         repeated.push_back(gradient_operand(y, std::move(to)));
                       }
                       return sum_of(std::move(repeated));
                     }}};
  });
}

}  // namespace clearhead
