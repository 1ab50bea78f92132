// y[t, 2i] = sin(p / 10000^(2i/C)),  y[t, 2i + 1] = cos(p / 10000^(2i/C)),  p = first + t
//
//     y [T, C]. Nothing here is learned. In halves, y[t, i] is what y[t, 2i] is here, and the
//     cosines come behind all sines.
//
// Source: Vaswani et al., "Attention is all you need" (2017), section 3.5.
#include "clearhead/ops/sinusoid.h"

#include <cmath>

#include "clearhead/base/error.h"
#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

Var sinusoid(Tape tape, std::int64_t first, std::int64_t T, std::int64_t C, DType dtype,
             SinusoidOrder order) {
  if (dtype != DType::f32 && dtype != DType::f64) {
    throw Error("sinusoid: expected f32 or f64, got " + std::string(dtype_name(dtype)));
  }
  // The channel in pairs of what stands in channel c.
  const auto paired = [order, C](std::int64_t c) {
    if (order == SinusoidOrder::pairs) return c;
    const std::int64_t sines = (C + 1) / 2;
    return c < sines ? 2 * c : 2 * (c - sines) + 1;
  };
  const auto angle = [first, C, paired](std::int64_t t, std::int64_t c) {
    const double exponent = static_cast<double>(paired(c) / 2 * 2) / static_cast<double>(C);
    return static_cast<double>(first + t) * std::pow(10000.0, -exponent);
  };
  const auto is_sine = [paired](std::int64_t c) { return paired(c) % 2 == 0; };
  Tensor y = Tensor::empty({T, C}, DType::f64);
  double* out = y.mutable_data<double>();
  parallel_for(T, [&](std::int64_t t) {
    for (std::int64_t c = 0; c < C; ++c) {
      out[t * C + c] = is_sine(c) ? std::sin(angle(t, c)) : std::cos(angle(t, c));
    }
  });

  return tape.record("sinusoid", {}, y.to(dtype), [&](Record& op) {
    op.formula = "sin, cos of position / 10000^(2i/C)";
    op.explain = [angle, is_sine](const Var&, const Index& index) {
      const double a = angle(index[0], index[1]);
      const bool is_sin = is_sine(index[1]);
      return Calculation{{},
                         (is_sin ? "sin(" : "cos(") + format_number(a) + ")",
                         is_sin ? std::sin(a) : std::cos(a)};
    };
  });
}

}  // namespace clearhead
