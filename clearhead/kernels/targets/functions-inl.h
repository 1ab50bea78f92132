// exp over the whole range of f32, and the functions made of it, for the elementwise and row
// kernels. Part of their source files, compiled once for each target.
#if defined(CLEARHEAD_KERNELS_TARGETS_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLEARHEAD_KERNELS_TARGETS_FUNCTIONS_INL_H_
#undef CLEARHEAD_KERNELS_TARGETS_FUNCTIONS_INL_H_
#else
#define CLEARHEAD_KERNELS_TARGETS_FUNCTIONS_INL_H_
#endif

#include <limits>

#include "clearhead/kernels/targets/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

struct Power {
  Vec mantissa;
  hn::Vec<Ints> exponent;
};

// e^(x + rest) = mantissa · 2^exponent, |x + rest| < 2^20, rest small beside x. It loses no digits
// with growing |x|, unlike fast_exp2(x·log2 e), whose product rounds: n·ln 2 is subtracted from x
// in two parts, and the first has 15 bits, so that its product with n is exact.
HWY_INLINE Power exp_parts(Vec x, Vec rest) {
  const Floats d;
  const Ints di;
  const Vec log2_e = hn::Set(d, 1.44269504088896340736F);
  const Vec magic = hn::Set(d, 12582912.0F);  // 1.5·2^23, see fast_exp2
  const Vec shifted = hn::MulAdd(hn::Add(x, rest), log2_e, magic);
  const Vec n = hn::Sub(shifted, magic);
  const Vec remainder = hn::NegMulAdd(n, hn::Set(d, 1.42860682e-6F),
                                      hn::Add(hn::NegMulAdd(n, hn::Set(d, 0.693145752F), x), rest));
  return {exp2_fraction(hn::Mul(remainder, log2_e)),
          hn::Sub(hn::BitCast(di, shifted), hn::BitCast(di, magic))};
}

HWY_INLINE Vec power_of_two(hn::Vec<Ints> exponent) {
  return hn::BitCast(Floats(), hn::ShiftLeft<23>(hn::Add(exponent, hn::Set(Ints(), 127))));
}

// e^(x + rest) for x + rest ≤ 0, relative error below 2e-7; 0 where that is below 2^-126, so that
// no subnormal number slows what follows; NaN of NaN.
HWY_INLINE Vec exact_exp_nonpositive(Vec x, Vec rest) {
  const Power power = exp_parts(x, rest);
  return hn::IfThenZeroElse(hn::Lt(hn::Add(x, rest), hn::Set(Floats(), -87.3365F)),
                            hn::Mul(power.mantissa, power_of_two(power.exponent)));
}

// e^x: relative error below 2e-7, subnormal results rounded, +inf past the largest f32, NaN of NaN.
HWY_INLINE Vec exp(Vec x) {
  const Floats d;
  const Power power = exp_parts(x, hn::Zero(d));
  // 2^128 and 2^-149 are no numbers of normal f32, but their halves are.
  const auto half = hn::ShiftRight<1>(power.exponent);
  const Vec result = hn::Mul(hn::Mul(power.mantissa, power_of_two(half)),
                             power_of_two(hn::Sub(power.exponent, half)));
  const Vec infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7229F)), infinity,
                        hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -104.0F)), result));
}

// The smaller one; NaN of NaN, whatever the processor's own minimum gives.
HWY_INLINE Vec at_most(Vec x, float limit) {
  const Vec most = hn::Set(Floats(), limit);
  return hn::IfThenElse(hn::Gt(x, most), most, x);
}

// What belongs to 1/(1 + e^−x).
struct Sigmoid {
  Vec value;
  Vec complement;  // 1 − value, with all its digits
};

// Both from e^−|x|, which neither overflows nor loses the digits of the smaller one.
HWY_INLINE Sigmoid sigmoid(Vec x) {
  const Vec one = hn::Set(Floats(), 1.0F);
  const Vec e = exact_exp_nonpositive(hn::Neg(hn::Abs(x)), hn::Zero(Floats()));
  const Vec larger = hn::Div(one, hn::Add(one, e));
  const Vec smaller = hn::Mul(e, larger);
  const auto negative = hn::Lt(x, hn::Zero(Floats()));
  return {hn::IfThenElse(negative, smaller, larger), hn::IfThenElse(negative, larger, smaller)};
}

// The standard normal distribution at x.
struct Normal {
  Vec distribution;  // Φ(x), relative error below 5e-7
  Vec bell;          // exp(−x²/2)
};

// For t = |x|: Φ(−t) = exp(−t²/2)·P(u)/(1 + t), u = (t − 3)/(t + 3), the form of Shepherd and
// Laframboise, "Chebyshev approximation of (1 + 2x)exp(x²)erfc x in 0 ≤ x < ∞" (1981), with a P of
// degree 9 fitted for the least relative error up to t = 14 (3.2e-8).
HWY_INLINE Normal normal(Vec x) {
  const Floats d;
  const Vec one = hn::Set(d, 1.0F);
  const Vec three = hn::Set(d, 3.0F);
  const Vec t = at_most(hn::Abs(x), 14.0F);  // where exp(−t²/2) is 0 and nothing overflows
  // t² in two parts, the first exact since only 12 bits of t are squared: rounded as a whole, a t²
  // of 170 would lose 7 bits of its exponential.
  const Ints di;
  const Vec head = hn::BitCast(d, hn::And(hn::BitCast(di, t), hn::Set(di, -4096)));
  const Vec minus_half = hn::Set(d, -0.5F);
  const Vec bell =
      exact_exp_nonpositive(hn::Mul(hn::Mul(head, head), minus_half),
                            hn::Mul(hn::Mul(hn::Sub(t, head), hn::Add(t, head)), minus_half));
  const Vec t1 = hn::Add(t, one);
  const Vec t3 = hn::Add(t, three);
  const Vec inverse = hn::Div(one, hn::Mul(t1, t3));  // one division for both quotients
  const Vec u = hn::Mul(hn::Mul(hn::Sub(t, three), t1), inverse);
  Vec p = hn::Set(d, -6.492707325e-05F);
  p = hn::MulAdd(p, u, hn::Set(d, -0.0004483664234F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.0002624358749F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.002996401396F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.001127824187F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.02272991464F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.04516834766F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.01643204316F));
  p = hn::MulAdd(p, u, hn::Set(d, -0.09652692825F));
  p = hn::MulAdd(p, u, hn::Set(d, 0.4860557914F));
  const Vec tail = hn::Mul(bell, hn::Mul(p, hn::Mul(t3, inverse)));
  const Vec distribution = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(one, tail), tail);
  return {distribution, bell};
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CLEARHEAD_KERNELS_TARGETS_FUNCTIONS_INL_H_
