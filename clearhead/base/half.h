// The two 16-bit floating point formats, as storage types: they convert to and from f32, arithmetic
// happens in f32.
#ifndef CLEARHEAD_BASE_HALF_H_
#define CLEARHEAD_BASE_HALF_H_

#include <bit>
#include <cstdint>

namespace clearhead {

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. Conversion from f32 rounds to nearest,
/// ties to even; values beyond ±65504 become infinite.
struct f16 {
  std::uint16_t bits = 0;  ///< as they are stored

  f16() = default;
  /// Rounds to the nearest, ties to even; infinite beyond ±65504.
  explicit f16(float x);
  /// The same number, exactly.
  explicit operator float() const;
};

/// bfloat16: the upper half of an f32. Conversion rounds to nearest, ties to even; a NaN stays a
/// NaN.
struct bf16 {
  std::uint16_t bits = 0;  ///< as they are stored

  bf16() = default;
  /// Rounds to the nearest, ties to even.
  explicit bf16(float x);
  /// The same number, exactly.
  explicit operator float() const;
};

inline f16::f16(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x);
  const std::uint16_t sign = static_cast<std::uint16_t>((u >> 16) & 0x8000u);
  const std::uint32_t magnitude = u & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {  // NaN: keep it quiet
    bits = sign | 0x7e00u;
  } else if (magnitude >= 0x477ff000u) {  // 65520 and above round to infinity
    bits = sign | 0x7c00u;
  } else if (magnitude < 0x38800000u) {  // below 2^-14: subnormal, a multiple of 2^-24
    // Adding 0.5 aligns the value so that its last fraction bit is worth 2^-24; the addition itself
    // rounds to even.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
    bits = sign | static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(aligned) - 0x3f000000u);
  } else {
    // Re-bias the exponent (127 - 15 = 112), then round the 13 dropped bits to nearest even.
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    bits = sign | static_cast<std::uint16_t>((magnitude - (112u << 23) + 0xfffu + odd) >> 13);
  }
}

inline f16::operator float() const {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in f32
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
  }
  const std::uint32_t wide = exponent == 0x1fu ? 0xffu : exponent + 112u;
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

inline bf16::bf16(float x) {
  const std::uint32_t u = std::bit_cast<std::uint32_t>(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) {
    bits = static_cast<std::uint16_t>((u >> 16) | 0x40u);
  } else {
    bits = static_cast<std::uint16_t>((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
  }
}

inline bf16::operator float() const {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_HALF_H_
