// What the SIMD kernels share: transposition, exp, and the block of a matrix product that stays in
// registers. Part of each kernel's source file, compiled once for each target by Highway's
// foreach_target; nothing here may be reached from code outside HWY_NAMESPACE.
#if defined(CLEARHEAD_KERNELS_TARGETS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLEARHEAD_KERNELS_TARGETS_SIMD_INL_H_
#undef CLEARHEAD_KERNELS_TARGETS_SIMD_INL_H_
#else
#define CLEARHEAD_KERNELS_TARGETS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/half.h"

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Ints = hn::RebindToSigned<Floats>;
using Vec = hn::Vec<Floats>;

constexpr std::int64_t kLanes = HWY_MAX_BYTES / sizeof(float);

// The lanes of as many vectors as n numbers need.
constexpr std::int64_t whole_vectors(std::int64_t n) { return round_up(n, kLanes); }

HWY_INLINE Vec load(const float* x) { return hn::LoadU(Floats(), x); }

// The 16 bits of a bf16 are the upper half of the f32.
HWY_INLINE Vec load(const bf16* x) {
#if HWY_TARGET == HWY_AVX3
  // One instruction instead of two, which move to the odd places and leave zeros at the even ones.
  alignas(64) static constexpr std::uint16_t kFrom[32] = {0, 0,  0, 1,  0, 2,  0, 3,  0, 4, 0,
                                                          5, 0,  6, 0,  7, 0,  8, 0,  9, 0, 10,
                                                          0, 11, 0, 12, 0, 13, 0, 14, 0, 15};
  const __m512i bits =
      _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
  return Vec{_mm512_castsi512_ps(
      _mm512_maskz_permutexvar_epi16(0xAAAAAAAA, _mm512_load_si512(kFrom), bits))};
#else
  const hn::Rebind<std::uint16_t, Floats> d16;
  const hn::RebindToUnsigned<Floats> d32;
  const auto bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(x));
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
#endif
}

// The sums of four vectors' lanes.
template <class D>
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> fold([[maybe_unused]] D d, hn::Vec<D> x) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return x;
  } else {
    const hn::Half<D> half;
    return fold(half, hn::Add(hn::LowerHalf(half, x), hn::UpperHalf(half, x)));
  }
}
HWY_INLINE hn::Vec<hn::FixedTag<float, 4>> sums_of_lanes(Vec a, Vec b, Vec c, Vec e) {
  const Floats d;
  const hn::Repartition<double, Floats> d2;
  const Vec ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const Vec ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto low = hn::InterleaveLower(d2, hn::BitCast(d2, ab), hn::BitCast(d2, ce));
  const auto high = hn::InterleaveUpper(d2, hn::BitCast(d2, ab), hn::BitCast(d2, ce));
  return fold(d, hn::Add(hn::BitCast(d, low), hn::BitCast(d, high)));
}

// A block of sums of kRowsOf(vectors) × vectors registers. With 32 registers 6 × 4 sums, 4 vectors
// and one broadcast number take 29; each step then issues 24 multiply-adds, 12 cycles of 2 ports,
// for 10 loads, 5 cycles. 2 ports × 4 cycles of latency need at least 8 sums. With 16 registers
// 6 × 2 + 2 + 1 take 15.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kMaxVectors = 4;
#else
constexpr int kMaxVectors = 2;
#endif
constexpr int rows_of(int vectors) {
  if (kMaxVectors == 4) return vectors == 4 ? 6 : vectors == 3 ? 8 : 12;
  return vectors == 2 ? 6 : 12;
}

// What becomes of the sums of a block.
enum class Finish {
  kSet,      // c = sums·alpha
  kAdd,      // c = c + sums
  kRescale,  // c = c·factors + sums, a factor for each column
};

// One factor of a product: element (row, step) of the broadcast one lies at data[row·row_stride +
// step·step_stride]; a step of the other one is `vectors` registers from data[step·step_stride].
struct Broadcast {
  const float* data;
  std::int64_t row_stride;
  std::int64_t step_stride;
};
struct Vectors {
  const float* data;
  std::int64_t step_stride;
};
struct Sums {
  float* data;
  std::int64_t row_stride;
  float alpha;
  const float* factors;
};

template <int kRows, int kVectors, Finish kFinish>
HWY_INLINE void multiply_registers(Broadcast a, Vectors b, std::int64_t depth, Sums c) {
  const Floats d;
  Vec sums[kRows][kVectors];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* HWY_RESTRICT pa = a.data;
  const float* HWY_RESTRICT pb = b.data;
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, pb + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec x = hn::Set(d, pa[r * a.row_stride]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(x, row[v], sums[r][v]);
    }
    pa += a.step_stride;
    pb += b.step_stride;
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    float* out = c.data + r * c.row_stride;
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      float* HWY_RESTRICT place = out + v * kLanes;
      Vec sum = sums[r][v];
      if (kFinish == Finish::kSet) sum = hn::Mul(sum, hn::Set(d, c.alpha));
      if (kFinish == Finish::kAdd) sum = hn::Add(hn::LoadU(d, place), sum);
      if (kFinish == Finish::kRescale) {
        sum = hn::MulAdd(hn::LoadU(d, place), hn::LoadU(d, c.factors + v * kLanes), sum);
      }
      hn::StoreU(sum, d, place);
    }
  }
}

template <int kRows, int kVectors, Finish kFinish>
HWY_INLINE void multiply_rows(std::int64_t& row, std::int64_t rows, Broadcast a, Vectors b,
                              std::int64_t depth, Sums c) {
  for (; row + kRows <= rows; row += kRows) {
    multiply_registers<kRows, kVectors, kFinish>(
        {a.data + row * a.row_stride, a.row_stride, a.step_stride}, b, depth,
        {c.data + row * c.row_stride, c.row_stride, c.alpha, c.factors});
  }
}

template <int kVectors, Finish kFinish>
HWY_NOINLINE void multiply_vectors(std::int64_t rows, Broadcast a, Vectors b, std::int64_t depth,
                                   Sums c) {
  std::int64_t row = 0;
  multiply_rows<rows_of(kVectors), kVectors, kFinish>(row, rows, a, b, depth, c);
  if (rows_of(kVectors) > 8) multiply_rows<8, kVectors, kFinish>(row, rows, a, b, depth, c);
  multiply_rows<4, kVectors, kFinish>(row, rows, a, b, depth, c);
  multiply_rows<2, kVectors, kFinish>(row, rows, a, b, depth, c);
  multiply_rows<1, kVectors, kFinish>(row, rows, a, b, depth, c);
}

// c [rows, vectors·kLanes] from a [rows, depth] and b [depth, vectors·kLanes].
template <Finish kFinish>
HWY_INLINE void multiply(std::int64_t rows, std::int64_t vectors, Broadcast a, Vectors b,
                         std::int64_t depth, Sums c) {
  for (; vectors > 0; vectors -= kMaxVectors) {
    switch (vectors) {
      case 1:
        multiply_vectors<1, kFinish>(rows, a, b, depth, c);
        break;
      default:
        if (kMaxVectors == 2 || vectors == 2) {
          multiply_vectors<2, kFinish>(rows, a, b, depth, c);
        } else if (vectors == 3) {
          multiply_vectors<3, kFinish>(rows, a, b, depth, c);
        } else {
          multiply_vectors<4, kFinish>(rows, a, b, depth, c);
        }
    }
    b.data += kMaxVectors * kLanes;
    c.data += kMaxVectors * kLanes;
    if (kFinish == Finish::kRescale) c.factors += kMaxVectors * kLanes;
  }
}

// The same product with Finish::kAdd, to the last bit, but without every b of −0. That marks a pair
// of a query and a key that it does not see, whose a may be NaN.
inline void multiply_skipping_lanes(std::int64_t rows, std::int64_t vectors, Broadcast a, Vectors b,
                                    std::int64_t depth, Sums c) {
  const Floats d;
  const Ints di;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t v = 0; v < vectors; ++v) {
      Vec sum = hn::Zero(d);
      for (std::int64_t k = 0; k < depth; ++k) {
        const Vec x = hn::Set(d, a.data[r * a.row_stride + k * a.step_stride]);
        const Vec y = hn::LoadU(d, b.data + k * b.step_stride + v * kLanes);
        const auto marked = hn::Eq(hn::BitCast(di, y), hn::BitCast(di, hn::Set(d, -0.0F)));
        sum = hn::IfThenElse(hn::RebindMask(d, marked), sum, hn::MulAdd(x, y, sum));
      }
      float* place = c.data + r * c.row_stride + v * kLanes;
      hn::StoreU(hn::Add(hn::LoadU(d, place), sum), d, place);
    }
  }
}

// The same product with Finish::kSet and alpha 1, to the last bit, but without every a of −0.
inline void multiply_skipping_rows(std::int64_t rows, std::int64_t vectors, Broadcast a, Vectors b,
                                   std::int64_t depth, Sums c) {
  const Floats d;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t v = 0; v < vectors; ++v) {
      Vec sum = hn::Zero(d);
      for (std::int64_t k = 0; k < depth; ++k) {
        const float x = a.data[r * a.row_stride + k * a.step_stride];
        if (x == 0 && std::signbit(x)) continue;
        const Vec y = hn::LoadU(d, b.data + k * b.step_stride + v * kLanes);
        sum = hn::MulAdd(hn::Set(d, x), y, sum);
      }
      hn::StoreU(sum, d, c.data + r * c.row_stride + v * kLanes);
    }
  }
}

// 2^f for |f| ≤ 1/2: a polynomial of degree 5 with 1 as its constant, so that 2^0 is exactly 1
// (largest relative error 9.2e-8).
HWY_INLINE Vec exp2_fraction(Vec f) {
  const Floats d;
  Vec p = hn::Set(d, 0.001326472725F);
  p = hn::MulAdd(p, f, hn::Set(d, 0.009671512688F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.05550733744F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.2402224208F));
  p = hn::MulAdd(p, f, hn::Set(d, 0.6931469776F));
  return hn::MulAdd(p, f, hn::Set(d, 1.0F));
}

// 2^y for y ≤ 127, relative error below 1.7e-7; 0 where y < −126 (so that no subnormal number slows
// what follows), NaN of NaN. y = n + f, n whole and |f| ≤ 1/2.
HWY_INLINE Vec fast_exp2(Vec y) {
  const Floats d;
  const Ints di;
  // Adding 1.5·2^23 leaves the nearest whole number in the low bits; with 127 more they are the
  // exponent of 2^n, to be shifted into its place.
  const Vec magic = hn::Set(d, 12582912.0F + 127.0F);
  const Vec shifted = hn::Add(y, magic);
  const Vec f = hn::Sub(y, hn::Sub(shifted, magic));
  const Vec power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  return hn::IfThenZeroElse(hn::Lt(y, hn::Set(d, -126.0F)), hn::Mul(exp2_fraction(f), power));
}

// e^x for x ≤ 0, within |x|·1e-7 + 1.7e-7 of itself. The caller subtracts before this multiplies:
// score·log2(e) alone may overflow.
HWY_INLINE Vec exp_nonpositive(Vec x) {
  return fast_exp2(hn::Mul(x, hn::Set(Floats(), 1.44269504088896340736F)));
}

// tanh(x). Near 0 an odd polynomial (relative error below 1.3e-7 up to 0.625), so that small x keep
// their digits; beyond, 1 − 2/(e^2|x| + 1) with the sign of x. NaN of NaN.
HWY_INLINE Vec tanh(Vec x) {
  const Floats d;
  const Vec z = hn::Mul(x, x);
  Vec p = hn::Set(d, -0.005704982923F);
  p = hn::MulAdd(p, z, hn::Set(d, 0.02063908375F));
  p = hn::MulAdd(p, z, hn::Set(d, -0.05373971406F));
  p = hn::MulAdd(p, z, hn::Set(d, 0.1333144219F));
  p = hn::MulAdd(p, z, hn::Set(d, -0.3333328194F));
  const Vec near = hn::MulAdd(hn::Mul(x, z), p, x);
  const Vec magnitude = hn::Abs(x);
  const Vec e = exp_nonpositive(hn::Mul(magnitude, hn::Set(d, -2.0F)));
  const Vec one = hn::Set(d, 1.0F);
  const Vec far = hn::Div(hn::Sub(one, e), hn::Add(one, e));
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625F)), near, hn::CopySignToAbs(far, x));
}

// Four numbers from each of a vector's 128-bit blocks' own rows: block i from `from` + i·stride.
template <class D>
HWY_INLINE hn::Vec<D> load_blocks(D d, const float* from, std::ptrdiff_t stride) {
  if constexpr (hn::MaxLanes(D()) == 4) {
    return hn::LoadU(d, from);
  } else {
    const hn::Half<D> half;
    const std::ptrdiff_t blocks = hn::MaxLanes(D()) / 8;
    return hn::Combine(d, load_blocks(half, from + blocks * stride, stride),
                       load_blocks(half, from, stride));
  }
}

// Transposes rows [row, rows) as far as whole vectors of them go, and their whole fours of columns;
// `row` is then the first one left. Each 128-bit block of a vector holds four rows' square of 4 ×
// 4: the 8 shuffles of such a square, which every target has, serve all blocks at once.
template <class D>
HWY_INLINE void transpose_vectors(D d, std::int64_t& row, std::int64_t rows, std::int64_t columns,
                                  const float* HWY_RESTRICT from, std::ptrdiff_t from_stride,
                                  float* HWY_RESTRICT to, std::ptrdiff_t to_stride) {
  const hn::Repartition<double, D> d2;
  const auto pair = [&](auto x) HWY_ATTR { return hn::BitCast(d2, x); };
  constexpr std::int64_t kRows = hn::MaxLanes(D());
  for (; row + kRows <= rows; row += kRows) {
    const float* in = from + row * from_stride;
    for (std::int64_t j = 0; j + 4 <= columns; j += 4) {
      const auto r0 = load_blocks(d, in + j, 4 * from_stride);
      const auto r1 = load_blocks(d, in + from_stride + j, 4 * from_stride);
      const auto r2 = load_blocks(d, in + 2 * from_stride + j, 4 * from_stride);
      const auto r3 = load_blocks(d, in + 3 * from_stride + j, 4 * from_stride);
      const auto low01 = pair(hn::InterleaveLower(d, r0, r1));  // r0[0] r1[0] r0[1] r1[1]
      const auto low23 = pair(hn::InterleaveLower(d, r2, r3));
      const auto high01 = pair(hn::InterleaveUpper(d, r0, r1));  // r0[2] r1[2] r0[3] r1[3]
      const auto high23 = pair(hn::InterleaveUpper(d, r2, r3));
      float* out = to + j * to_stride + row;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d2, low01, low23)), d, out);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d2, low01, low23)), d, out + to_stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d2, high01, high23)), d, out + 2 * to_stride);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d2, high01, high23)), d, out + 3 * to_stride);
    }
  }
}

// to[j][i] = from[i][j] for i < rows, j < columns: vectors of rows, then fours, the rest one by
// one.
inline void transpose(std::int64_t rows, std::int64_t columns, const float* HWY_RESTRICT from,
                      std::ptrdiff_t from_stride, float* HWY_RESTRICT to,
                      std::ptrdiff_t to_stride) {
  std::int64_t row = 0;
  transpose_vectors(Floats(), row, rows, columns, from, from_stride, to, to_stride);
  transpose_vectors(hn::FixedTag<float, 4>(), row, rows, columns, from, from_stride, to, to_stride);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = i < row ? columns / 4 * 4 : 0; j < columns; ++j) {
      to[j * to_stride + i] = from[i * from_stride + j];
    }
  }
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CLEARHEAD_KERNELS_TARGETS_SIMD_INL_H_
