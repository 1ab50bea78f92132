// What the operations of this folder share: checks of their operands, and walks over tensors that
// broadcast. Not for use outside it.
#ifndef CLEARHEAD_OPS_ELEMENTWISE_INTERNAL_H_
#define CLEARHEAD_OPS_ELEMENTWISE_INTERNAL_H_

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/compute/elementwise.h"
#include "clearhead/compute/into.h"
#include "clearhead/tape/explain.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// Throws Error unless the operands are all f32 or all f64.
void require_same_float(std::string_view operation, std::initializer_list<Var> operands);

/// The shape that both broadcast to. Throws Error, naming the operation, if there is none.
Shape broadcast_operands(std::string_view operation, const Var& a, const Var& b);

/// into += from, of the same shape and floating type; `into` may be strided, such as a part of a
/// gradient.
void accumulate(Tensor into, const Tensor& from);

/// `x` itself if its last axis is dense (neighbours in memory), else a dense copy.
Tensor with_dense_rows(const Tensor& x);

/// The axes before the last two.
Shape batch_axes(const Shape& shape);

/// Where a calculation leaves the gradient of input i, of type T.
template <typename T>
compute::Into<T> into(Gradients& gradients, std::size_t i) {
  if (!gradients.wanted(i)) return {};
  const bool is_new = gradients.begin(i);
  return {gradients.data<T>(i), /*add=*/!is_new};
}

/// The gradient of input i, if it is wanted, += d, summed over the axes along which the input was
/// broadcast to the shape of d.
void add_gradient(Gradients& gradients, std::size_t i, const Tensor& d);

/// The record of a gradient of operand i that is the gradient of the result, summed over the axes
/// along which the operand was broadcast.
GradientRecord repeated_gradient(std::size_t i);

/// Calls f with a zero of the type, f32 or f64.
template <typename F>
auto with_float(DType dtype, F&& f) {
  return dtype == DType::f64 ? f(double{}) : f(float{});
}

/// f(x) for each element x. f takes and gives float and double.
template <typename F>
Tensor map(const Tensor& x, F f);

/// f(x, y) for each pair of elements of `shape`, to which both broadcast.
template <typename F>
Tensor map(const Tensor& x, const Tensor& y, const Shape& shape, F f);

/// The same for d = f(d_out, other), where `other` broadcasts to the shape of d_out.
template <typename F>
void add_gradient(Gradients& gradients, std::size_t i, const Tensor& d_out, const Tensor& other,
                  F f) {
  if (gradients.wanted(i)) add_gradient(gradients, i, map(d_out, other, d_out.shape(), f));
}

/// f(x) for each element of a contiguous x, f32 or f64, on all threads.
Tensor apply(UnaryFunction f, const Tensor& x);

/// The gradient of input 0 += d_y·f'(x); x is contiguous.
void apply_backward(UnaryFunction f, const Tensor& x, const Tensor& d_y, Gradients& gradients);

template <typename F>
Tensor map(const Tensor& x, F f) {
  const Tensor from = x.contiguous();
  Tensor result = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T* source = from.data<T>();
    T* to = result.mutable_data<T>();
    for_each_piece(from.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i] = f(source[i]);
    });
  });
  return result;
}

template <typename F>
Tensor map(const Tensor& x, const Tensor& y, const Shape& shape, F f) {
  const Tensor a = x.broadcast_to(shape);
  const Tensor b = y.broadcast_to(shape);
  Tensor result = Tensor::empty(shape, x.dtype());
  if (result.count() == 0) return result;
  // If rows follow each other without gaps in both, they are one long row.
  const bool one_row = a.is_contiguous() && b.is_contiguous();
  const std::int64_t length = one_row ? result.count() : shape.back();
  const std::int64_t step_a = one_row ? 1 : a.strides().back();
  const std::int64_t step_b = one_row ? 1 : b.strides().back();
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* out = result.mutable_data<T>();
    if (one_row) {
      const T *first = a.data<T>(), *second = b.data<T>();
      for_each_piece(length, kPiece, [=](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) out[i] = f(first[i], second[i]);
      });
      return;
    }
    for_each_rows(result.count() / length, length, [&](std::int64_t begin, std::int64_t end) {
      RowWalk walk(shape, begin);
      for (std::int64_t row = begin; row < end; ++row, walk.next()) {
        const T* pa = a.data<T>() + walk.offset(a.strides());
        const T* pb = b.data<T>() + walk.offset(b.strides());
        T* to = out + row * length;
        if (step_a == 1 && step_b == 1) {  // the common case, which the compiler vectorises
          for (std::int64_t i = 0; i < length; ++i) to[i] = f(pa[i], pb[i]);
        } else {
          for (std::int64_t i = 0; i < length; ++i) to[i] = f(pa[i * step_a], pb[i * step_b]);
        }
      }
    });
  });
  return result;
}

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ELEMENTWISE_INTERNAL_H_
