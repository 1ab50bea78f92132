#include "clearhead/ops/elementwise.h"

#include <vector>

#include "clearhead/base/error.h"

namespace clearhead {
namespace {

template <typename T>
double to_f64(T value) {
  if constexpr (std::is_same_v<T, double>) {
    return value;
  } else {
    return static_cast<double>(static_cast<float>(value));
  }
}

template <typename T>
T from_f64(double value) {
  if constexpr (std::is_same_v<T, double>) {
    return value;
  } else {
    return T(static_cast<float>(value));
  }
}

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

Calculation moved_from(Operand from) {
  const double value = from.value;
  return {{std::move(from)}, format_number(value), value};
}

void accumulate(Tensor into, const Tensor& from) {
  with_floating(into.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Tensor source = from.contiguous();
    const T* numbers = source.data<T>();
    T* sums = into.mutable_data<T>();
    if (into.is_contiguous()) {
      for_each_piece(into.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          sums[i] = from_f64<T>(to_f64(sums[i]) + to_f64(numbers[i]));
        }
      });
      return;
    }
    std::int64_t i = 0;
    for_each_offset(into.shape(), into.strides(), [&](std::int64_t offset) {
      sums[offset] = from_f64<T>(to_f64(sums[offset]) + to_f64(numbers[i++]));
    });
  });
}

void accumulate_summed(Tensor& into, const Tensor& from) {
  if (into.shape() == from.shape()) return accumulate(into, from);
  std::vector<double> sums(static_cast<std::size_t>(into.count()), 0.0);
  // A walk over `from` that stays in place along the axes that were broadcast.
  const Tensor walk = into.broadcast_to(from.shape());
  with_floating(into.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Tensor source = from.contiguous();
    const T* numbers = source.data<T>();
    std::int64_t i = 0;
    for_each_offset(walk.shape(), walk.strides(), [&](std::int64_t offset) {
      sums[static_cast<std::size_t>(offset)] += to_f64(numbers[i++]);
    });
    T* gradient = into.mutable_data<T>();
    for (std::size_t j = 0; j < sums.size(); ++j) {
      gradient[j] = from_f64<T>(to_f64(gradient[j]) + sums[j]);
    }
  });
}

Tensor apply(kernels::Function f, const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_each_piece(x.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      kernels::apply(f, end - begin, x.data<T>() + begin, y.mutable_data<T>() + begin);
    });
  });
  return y;
}

void apply_backward(kernels::Function f, const Tensor& x, const Tensor& d_y, Tensor& d_x) {
  with_float(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for_each_piece(x.count(), kPiece, [&](std::int64_t begin, std::int64_t end) {
      kernels::apply_backward(f, end - begin, x.data<T>() + begin, d_y.data<T>() + begin,
                              d_x.mutable_data<T>() + begin);
    });
  });
}

}  // namespace clearhead
