// The functions as their formulas have them, one number after the other.
#include <cmath>
#include <numbers>

#include "clearhead/kernels/rows/elementwise.h"

namespace clearhead::kernels::scalar {
namespace {

template <typename T>
constexpr T kSqrtHalf = std::numbers::sqrt2_v<T> / 2;
template <typename T>
constexpr T kSqrtTwoOverPi = 2 * std::numbers::inv_sqrtpi_v<T>* kSqrtHalf<T>;  // √(2/π)
template <typename T>
constexpr T kCubic = static_cast<T>(0.044715);

template <typename T>
T sigmoid(T x) {
  return 1 / (1 + std::exp(-x));
}

// Φ(x)
template <typename T>
T distribution(T x) {
  // erfc, because 1 + erf(x) loses its digits for x far below 0
  return std::erfc(-x * kSqrtHalf<T>) / 2;
}

// Φ'(x)
template <typename T>
T density(T x) {
  return std::exp(-x * x / 2) * kSqrtHalf<T> * std::numbers::inv_sqrtpi_v<T>;
}

// 2u: Φ(x) is about (1 + tanh(u))/2 = σ(2u); the right side keeps its digits for x far below 0.
template <typename T>
T twice_u(T x) {
  return 2 * kSqrtTwoOverPi<T> * (x + kCubic<T> * x * x * x);
}

template <typename T>
T twice_u_slope(T x) {
  return 2 * kSqrtTwoOverPi<T> * (1 + 3 * kCubic<T> * x * x);
}

template <typename T>
T value(UnaryFunction f, T x) {
  switch (f) {
    case UnaryFunction::exp:
      return std::exp(x);
    case UnaryFunction::tanh:
      return std::tanh(x);
    case UnaryFunction::sigmoid:
      return sigmoid(x);
    case UnaryFunction::silu:
      return x * sigmoid(x);
    case UnaryFunction::gelu:
      return x * distribution(x);
    case UnaryFunction::gelu_tanh:
      return x * sigmoid(twice_u(x));
  }
  return x;
}

// f'(x); σ' = σ·(1 − σ), and 1 − σ(x) = σ(−x)
template <typename T>
T slope(UnaryFunction f, T x) {
  switch (f) {
    case UnaryFunction::exp:
      return std::exp(x);
    case UnaryFunction::tanh: {
      const T y = std::tanh(x);
      return 1 - y * y;
    }
    case UnaryFunction::sigmoid:
      return sigmoid(x) * sigmoid(-x);
    case UnaryFunction::silu:
      return sigmoid(x) * (1 + x * sigmoid(-x));
    case UnaryFunction::gelu:
      return distribution(x) + x * density(x);
    case UnaryFunction::gelu_tanh: {
      const T s = sigmoid(twice_u(x));
      const T s_slope = s * sigmoid(-twice_u(x));  // 0 long before u' overflows
      return s + (s_slope == 0 ? 0 : x * s_slope * twice_u_slope(x));
    }
  }
  return 0;
}

}  // namespace

template <typename T>
void apply(UnaryFunction f, std::int64_t n, const T* x, T* y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = value(f, x[i]);
}

template <typename T>
void apply_backward(UnaryFunction f, std::int64_t n, const T* x, const T* d_y, T* d_x,
                    bool accumulate) {
  for (std::int64_t i = 0; i < n; ++i) {
    d_x[i] = (accumulate ? d_x[i] : T{0}) + d_y[i] * slope(f, x[i]);
  }
}

template void apply(UnaryFunction, std::int64_t, const float*, float*);
template void apply(UnaryFunction, std::int64_t, const double*, double*);
template void apply_backward(UnaryFunction, std::int64_t, const float*, const float*, float*, bool);
template void apply_backward(UnaryFunction, std::int64_t, const double*, const double*, double*,
                             bool);

}  // namespace clearhead::kernels::scalar
