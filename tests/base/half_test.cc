// The 16-bit formats: every pattern and every rounding boundary.
#include "clearhead/base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace clearhead {
namespace {

f16 f16_of_bits(unsigned bits) {
  f16 x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}

bf16 bf16_of_bits(unsigned bits) {
  bf16 x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}

// The value of a pattern by the definition of the format.
double value_of(unsigned bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const unsigned fraction = bits & ((1u << fraction_bits) - 1);
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const double sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp((1u << fraction_bits) + fraction, exponent - bias - fraction_bits);
}

TEST(Half, EveryPatternMeansWhatItsFormatSays) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const double f16_value = value_of(bits, 5, 10);
    const double bf16_value = value_of(bits, 8, 7);
    const float f16_got = static_cast<float>(f16_of_bits(bits));
    const float bf16_got = static_cast<float>(bf16_of_bits(bits));
    if (std::isnan(f16_value)) {
      EXPECT_TRUE(std::isnan(f16_got)) << std::hex << bits;
    } else {
      EXPECT_EQ(f16_got, f16_value) << std::hex << bits;
      EXPECT_EQ(std::signbit(f16_got), bits >> 15 != 0) << std::hex << bits;
    }
    if (std::isnan(bf16_value)) {
      EXPECT_TRUE(std::isnan(bf16_got)) << std::hex << bits;
    } else {
      EXPECT_EQ(bf16_got, bf16_value) << std::hex << bits;
      EXPECT_EQ(std::signbit(bf16_got), bits >> 15 != 0) << std::hex << bits;
    }
  }
}

TEST(Half, EveryPatternComesBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const f16 half(static_cast<float>(f16_of_bits(bits)));
    const bf16 brain(static_cast<float>(bf16_of_bits(bits)));
    if (std::isnan(value_of(bits, 5, 10))) {  // a NaN stays one and keeps its sign
      EXPECT_EQ(half.bits & 0xfc00u, (bits & 0x8000u) | 0x7c00u);
      EXPECT_NE(half.bits & 0x3ffu, 0u);
    } else {
      EXPECT_EQ(half.bits, bits);
    }
    if (std::isnan(value_of(bits, 8, 7))) {
      EXPECT_EQ(brain.bits & 0xff80u, (bits & 0x8000u) | 0x7f80u);
      EXPECT_NE(brain.bits & 0x7fu, 0u);
    } else {
      EXPECT_EQ(brain.bits, bits);
    }
  }
}

// Between each two neighbours (the last is infinity, which rounding treats as the next power of
// two): the middle goes to the even one, a step of f32 beside it to the nearer one. This covers
// subnormal numbers, the least normal one and overflow.
template <typename Half>
void check_rounding(unsigned infinity_bits, int exponent_bits, int fraction_bits) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (unsigned low = 0; low < infinity_bits; ++low) {
    const unsigned high = low + 1;
    const double a = value_of(low, exponent_bits, fraction_bits);
    const double b = high == infinity_bits ? std::ldexp(1.0, 1 << (exponent_bits - 1))
                                           : value_of(high, exponent_bits, fraction_bits);
    const float middle = static_cast<float>((a + b) / 2);  // exact: one bit more than the format's
    const unsigned even = low % 2 == 0 ? low : high;
    for (const float sign : {1.0f, -1.0f}) {
      const unsigned sign_bit = sign < 0 ? 0x8000u : 0;
      ASSERT_EQ(Half(sign * middle).bits, even | sign_bit) << middle;
      ASSERT_EQ(Half(sign * std::nextafter(middle, 0.0f)).bits, low | sign_bit) << middle;
      ASSERT_EQ(Half(sign * std::nextafter(middle, infinity)).bits, high | sign_bit) << middle;
    }
  }
}

TEST(Half, F16RoundsToNearestTiesToEven) { check_rounding<f16>(0x7c00, 5, 10); }

TEST(Half, Bf16RoundsToNearestTiesToEven) { check_rounding<bf16>(0x7f80, 8, 7); }

TEST(Half, F16OfWhatIsTooLargeOrTooSmall) {
  EXPECT_EQ(f16(65504.0f).bits, 0x7bff);
  EXPECT_EQ(f16(65519.996f).bits, 0x7bff);
  EXPECT_EQ(f16(65520.0f).bits, 0x7c00);
  EXPECT_EQ(f16(3e38f).bits, 0x7c00);
  EXPECT_EQ(f16(-std::numeric_limits<float>::infinity()).bits, 0xfc00);
  EXPECT_EQ(f16(0x1p-25f).bits, 0x0000);  // half of the least subnormal number: a tie, to 0
  EXPECT_EQ(f16(-1e-40f).bits, 0x8000);   // an f32 that is subnormal itself
}

}  // namespace
}  // namespace clearhead
