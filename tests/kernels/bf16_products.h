// Products of bf16 as the processor makes them, bit for bit: VDPBF16PS and TDPBF16PS of Intel's
// manual. Each step has one rounding, to the nearest even number, and numbers below 2⁻¹²⁶ count as
// 0 where they come in and where they come out. (instructions_test.cc compares them with the
// processor.)
#ifndef CLEARHEAD_TESTS_KERNELS_BF16_PRODUCTS_H_
#define CLEARHEAD_TESTS_KERNELS_BF16_PRODUCTS_H_

#include <cmath>
#include <limits>

#include "clearhead/base/half.h"

namespace clearhead::kernels::testing {

inline float without_subnormal(float x) {
  return std::abs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0F, x) : x;
}

/// VCVTNE2PS2BF16.
inline bf16 rounded(float x) { return bf16(without_subnormal(x)); }

/// x·y + sum of two bf16 and an f32, none of them subnormal. In f64 the product is exact; and the
/// sum, rounded to 53 bits and then to 24, is as if rounded once (53 ≥ 2·24 + 2). It counts as
/// subnormal if it is below 2⁻¹²⁶ when rounded to 24 bits, however small these are.
inline float multiply_add(float x, float y, float sum) {
  constexpr double kLeast = 0x1p-126 - 0x1p-151;
  const double exact = static_cast<double>(x) * static_cast<double>(y) + static_cast<double>(sum);
  const auto result = static_cast<float>(exact);
  return std::abs(exact) < kLeast ? std::copysign(0.0F, result) : result;
}

/// VDPBF16PS: the product of the odd numbers of a pair, then that of the even ones.
inline float add_pair(float sum, const float x[2], const float y[2]) {
  return multiply_add(x[0], y[0], multiply_add(x[1], y[1], without_subnormal(sum)));
}

/// TDPBF16PS, a row: c [16] += a [32] · b [32, 16], a and b without subnormals. Products of even
/// and of odd numbers have sums of their own, which begin with 0.
inline void add_row(const float a[32], const float b[32][16], float c[16]) {
  float sums[2][16] = {};
  for (int k = 0; k < 32; ++k) {
    for (int j = 0; j < 16; ++j) sums[k % 2][j] = multiply_add(a[k], b[k][j], sums[k % 2][j]);
  }
  for (int j = 0; j < 16; ++j) {
    c[j] = without_subnormal(without_subnormal(c[j]) + without_subnormal(sums[0][j] + sums[1][j]));
  }
}

}  // namespace clearhead::kernels::testing

#endif  // CLEARHEAD_TESTS_KERNELS_BF16_PRODUCTS_H_
