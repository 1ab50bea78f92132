// Checks of operands, and sums of gradients over axes that were broadcast.
#include "clearhead/ops/elementwise_internal.h"

#include <type_traits>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/compute/rows.h"

namespace clearhead {
namespace {

using compute::add_to;
using compute::Wide;

// Calls f with a zero of the floating type.
template <typename F>
void with_floating(DType dtype, F&& f) {
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (!std::is_same_v<T, bool> && !std::is_same_v<T, std::int64_t>) f(zero);
  });
}

}  // namespace

void require_same_float(std::string_view operation, std::initializer_list<Var> operands) {
  const DType first = operands.begin()->dtype();
  bool fits = first == DType::f32 || first == DType::f64;
  std::string came;
  for (const Var& operand : operands) {
    fits = fits && operand.dtype() == first;
    came += (came.empty() ? "" : ", ") + std::string(dtype_name(operand.dtype()));
  }
  if (!fits) {
    throw Error(std::string(operation) + ": expected " + (operands.size() == 1 ? "" : "all ") +
                "f32 or " + (operands.size() == 1 ? "" : "all ") + "f64, got " + came +
                "; convert with cast()");
  }
}

Shape broadcast_operands(std::string_view operation, const Var& a, const Var& b) {
  try {
    return broadcast_shapes(a.shape(), b.shape());
  } catch (const Error& error) {
    throw Error(std::string(operation) + ": " + error.what());
  }
}

GradientRecord repeated_gradient(std::size_t i) {
  return {"{y}_grad", [i](const Var& y, const Index& index) {
            std::vector<Operand> repeated;
            for (Index& place : broadcast_indices(index, y.input(i).shape(), y.shape())) {
              repeated.push_back(gradient_operand(y, std::move(place)));
            }
            return sum_of(std::move(repeated));
          }};
}

void accumulate(Tensor into, const Tensor& from) {
  if (into.count() == 0) return;
  with_floating(into.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* numbers = from.data<T>();
    T* sums = into.mutable_data<T>();
    if (into.is_contiguous() && from.is_contiguous()) {
      return compute::add(into.count(), numbers, sums);
    }
    const Shape shape = into.rank() == 0 ? Shape{1} : into.shape();
    const std::int64_t length = shape.back();
    const std::int64_t step_from = from.rank() == 0 ? 1 : from.strides().back();
    const std::int64_t step_into = into.rank() == 0 ? 1 : into.strides().back();
    for_each_rows(into.count() / length, length, [&](std::int64_t begin, std::int64_t end) {
      RowWalk walk(shape, begin);
      for (std::int64_t row = begin; row < end; ++row, walk.next()) {
        T* to = sums + walk.offset(into.strides());
        const T* source = numbers + walk.offset(from.strides());
        for (std::int64_t i = 0; i < length; ++i) add_to(to[i * step_into], source[i * step_from]);
      }
    });
  });
}

Tensor with_dense_rows(const Tensor& x) {
  const bool dense = x.size(-1) <= 1 || x.strides().back() == 1;
  return dense ? x : x.contiguous();
}

Shape batch_axes(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

namespace {

// into += from, summed over the axes along which `into` was broadcast, in any pattern. In f64.
template <typename T>
void sum_any(Tensor& into, const Tensor& from) {
  std::vector<double> sums(static_cast<std::size_t>(into.count()), 0.0);
  // A walk over `from` that stays in place along the axes that were broadcast.
  const Tensor walk = into.broadcast_to(from.shape());
  const T* numbers = from.data<T>();
  std::int64_t i = 0;
  for_each_offset(walk.shape(), walk.strides(), [&](std::int64_t offset) {
    sums[static_cast<std::size_t>(offset)] +=
        static_cast<double>(static_cast<Wide<T>>(numbers[i++]));
  });
  T* gradient = into.mutable_data<T>();
  for (std::size_t j = 0; j < sums.size(); ++j) {
    add_to(gradient[j], static_cast<T>(static_cast<Wide<T>>(sums[j])));
  }
}

// Whether `from` is `into` repeated along new leading axes, or axes of size 1 in front.
bool repeats_rows(const Shape& into, const Shape& from) {
  const std::size_t added = from.size() - into.size();
  std::size_t i = 0;
  while (i < into.size() && into[i] == 1) ++i;
  for (; i < into.size(); ++i) {
    if (into[i] != from[added + i]) return false;
  }
  return true;
}

}  // namespace

void add_gradient(Gradients& gradients, std::size_t i, const Tensor& d) {
  if (!gradients.wanted(i)) return;
  if (d.shape() == gradients.shape(i)) {
    if (!gradients.take(i, d)) accumulate(gradients.of(i), d);
    return;
  }
  Tensor& into = gradients.of(i);
  if (into.count() == 0 || d.count() == 0) return;
  const Tensor from = d.contiguous();
  with_floating(into.dtype(), [&](auto zero) {
    using T = decltype(zero);
    if (repeats_rows(into.shape(), from.shape())) {
      compute::sum_rows(from.count() / into.count(), into.count(), from.data<T>(),
                        into.mutable_data<T>());
    } else {
      sum_any<T>(into, from);
    }
  });
}

Tensor apply(UnaryFunction f, const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::apply(f, x.count(), x.data<T>(), y.mutable_data<T>());
  });
  return y;
}

void apply_backward(UnaryFunction f, const Tensor& x, const Tensor& d_y, Gradients& gradients) {
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    compute::apply_backward(f, x.count(), x.data<T>(), d_y.data<T>(), into<T>(gradients, 0));
  });
}

}  // namespace clearhead
