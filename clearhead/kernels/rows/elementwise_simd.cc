// The functions of elementwise.h in f32, a vector at a time.
#include "clearhead/kernels/rows/elementwise.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/elementwise_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/rows/rows-inl.h"
#include "clearhead/kernels/targets/functions-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

// Each as elementwise.cc has it.
struct ExpFunction {
  static HWY_INLINE Vec value(Vec x) { return exp(x); }
  static HWY_INLINE Vec slope(Vec x) { return exp(x); }
};

struct TanhFunction {
  static HWY_INLINE Vec value(Vec x) { return tanh(x); }
  static HWY_INLINE Vec slope(Vec x) {
    const Vec y = tanh(x);
    return hn::NegMulAdd(y, y, hn::Set(Floats(), 1.0F));
  }
};

struct SigmoidFunction {
  static HWY_INLINE Vec value(Vec x) { return sigmoid(x).value; }
  static HWY_INLINE Vec slope(Vec x) {
    const Sigmoid s = sigmoid(x);
    return hn::Mul(s.value, s.complement);
  }
};

struct SiluFunction {
  static HWY_INLINE Vec value(Vec x) { return hn::Mul(x, sigmoid(x).value); }
  static HWY_INLINE Vec slope(Vec x) {
    const Sigmoid s = sigmoid(x);
    return hn::Mul(s.value, hn::MulAdd(x, s.complement, hn::Set(Floats(), 1.0F)));
  }
};

struct GeluFunction {
  static HWY_INLINE Vec value(Vec x) { return hn::Mul(x, normal(x).distribution); }
  static HWY_INLINE Vec slope(Vec x) {
    const Normal at = normal(x);
    const Vec density = hn::Mul(at.bell, hn::Set(Floats(), 0.398942280401F));  // 1/√(2π)
    return hn::MulAdd(x, density, at.distribution);
  }
};

struct GeluTanhFunction {
  static constexpr float kTwiceSqrtTwoOverPi = 1.59576912161F;
  static constexpr float kCubic = 0.044715F;

  static HWY_INLINE Vec twice_u(Vec x) {
    const Floats d;
    const Vec factor = hn::MulAdd(hn::Mul(x, x), hn::Set(d, kCubic * kTwiceSqrtTwoOverPi),
                                  hn::Set(d, kTwiceSqrtTwoOverPi));
    return hn::Mul(x, factor);
  }
  static HWY_INLINE Vec value(Vec x) { return hn::Mul(x, sigmoid(twice_u(x)).value); }
  static HWY_INLINE Vec slope(Vec any_x) {
    const Floats d;
    // From 10⁴ on the slope is 0 or 1, and x² does not overflow.
    const Vec x = hn::CopySign(at_most(hn::Abs(any_x), 1e4F), any_x);
    const Sigmoid s = sigmoid(twice_u(x));
    const Vec twice_u_slope =
        hn::MulAdd(hn::Mul(x, x), hn::Set(d, 3 * kCubic * kTwiceSqrtTwoOverPi),
                   hn::Set(d, kTwiceSqrtTwoOverPi));
    return hn::Mul(s.value, hn::MulAdd(hn::Mul(x, s.complement), twice_u_slope, hn::Set(d, 1.0F)));
  }
};

// Calls f with the function's type.
template <typename F>
HWY_INLINE void with_function(UnaryFunction function, const F& f) {
  switch (function) {
    case UnaryFunction::exp:
      return f(ExpFunction());
    case UnaryFunction::tanh:
      return f(TanhFunction());
    case UnaryFunction::sigmoid:
      return f(SigmoidFunction());
    case UnaryFunction::silu:
      return f(SiluFunction());
    case UnaryFunction::gelu:
      return f(GeluFunction());
    case UnaryFunction::gelu_tanh:
      return f(GeluTanhFunction());
  }
}

void apply_f32(UnaryFunction function, std::int64_t n, const float* x, float* y) {
  with_function(function, [=](auto f) HWY_ATTR {
    for_each_vector(n, [=](std::int64_t i, auto part)
                           HWY_ATTR { part.store(f.value(part.load(x + i)), y + i); });
  });
}

void apply_backward_f32(UnaryFunction function, std::int64_t n, const float* x, const float* d_y,
                        float* d_x, bool accumulate) {
  with_function(function, [=](auto f) HWY_ATTR {
    for_each_vector(n, [=](std::int64_t i, auto part) HWY_ATTR {
      const Vec before = accumulate ? part.load(d_x + i) : hn::Zero(Floats());
      part.store(hn::MulAdd(part.load(d_y + i), f.slope(part.load(x + i)), before), d_x + i);
    });
  });
}

#else

void apply_f32(UnaryFunction f, std::int64_t n, const float* x, float* y) {
  scalar::apply(f, n, x, y);
}

void apply_backward_f32(UnaryFunction f, std::int64_t n, const float* x, const float* d_y,
                        float* d_x, bool accumulate) {
  scalar::apply_backward(f, n, x, d_y, d_x, accumulate);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

void apply(UnaryFunction f, std::int64_t n, const float* x, float* y) {
  CLEARHEAD_CHOOSE(apply_f32)(f, n, x, y);
}

void apply(UnaryFunction f, std::int64_t n, const double* x, double* y) {
  scalar::apply(f, n, x, y);
}

void apply_backward(UnaryFunction f, std::int64_t n, const float* x, const float* d_y, float* d_x,
                    bool accumulate) {
  CLEARHEAD_CHOOSE(apply_backward_f32)(f, n, x, d_y, d_x, accumulate);
}

void apply_backward(UnaryFunction f, std::int64_t n, const double* x, const double* d_y,
                    double* d_x, bool accumulate) {
  scalar::apply_backward(f, n, x, d_y, d_x, accumulate);
}

}  // namespace clearhead::kernels
#endif
