// Dropout, a vector at a time. Of the random words each 64-bit lane makes those of one block:
// philox multiplies 32 bits by 32 to 64, which is what a lane holds.
#include <algorithm>

#include "clearhead/kernels/rows/dropout.h"
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/rows/dropout_simd.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/rows/rows-inl.h"
#else
#include <hwy/highway.h>
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

using Words = hn::ScalableTag<std::uint64_t>;
using Word = hn::Vec<Words>;

// Rounds of philox on 4 words in the low halves of lanes; what is in the high halves does not
// matter.
struct Philox {
  static constexpr int kRounds = 10;

  explicit Philox(std::uint64_t seed) {
    // Multipliers and Weyl increments of Salmon et al. 2011, table 2 and section 4.3.
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int i = 0; i < kRounds; ++i, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      keys[i][0] = k0;
      keys[i][1] = k1;
    }
  }

  HWY_INLINE void run(Word& c0, Word& c1, Word& c2, Word& c3) const {
    const Words d;
    const hn::Repartition<std::uint32_t, Words> halves;
    const auto multiplier0 = hn::Set(halves, 0xD2511F53u),
               multiplier1 = hn::Set(halves, 0xCD9E8D57u);
    for (int i = 0; i < kRounds; ++i) {
      const Word p0 = hn::MulEven(hn::BitCast(halves, c0), multiplier0);
      const Word p1 = hn::MulEven(hn::BitCast(halves, c2), multiplier1);
      c0 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), c1), hn::Set(d, keys[i][0]));
      c2 = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), c3), hn::Set(d, keys[i][1]));
      c1 = p1;
      c3 = p0;
    }
  }

  std::uint64_t keys[kRounds][2];
};

void dropout_bits_words(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                        std::int64_t first, std::int64_t blocks, std::uint8_t* bits) {
  const Words d;
  const hn::Repartition<std::uint16_t, Words> quarters;
  constexpr std::int64_t kBlocks = HWY_MAX_BYTES / sizeof(std::uint64_t);
  // Lanes 0, 2, … make the first half of the blocks, lanes 1, 3, … the second: so the interleaving
  // below leaves the 8 quarters of a block side by side, and the blocks in order.
  alignas(64) std::uint64_t offsets[kBlocks];
  for (std::int64_t i = 0; i < kBlocks; ++i) {
    offsets[i] = static_cast<std::uint64_t>(i % 2 * (kBlocks / 2) + i / 2);
  }
  const Philox philox(seed);
  const Word low = hn::Set(d, 0xffffffffu);
  const auto limit = hn::Set(quarters, static_cast<std::uint16_t>(dropped));
  std::int64_t i = 0;
  for (; i + kBlocks <= blocks; i += kBlocks) {
    Word c0 = hn::Add(hn::Set(d, static_cast<std::uint64_t>(first + i)), hn::Load(d, offsets));
    Word c1 = hn::ShiftRight<32>(c0);
    Word c2 = hn::Set(d, stream), c3 = hn::Set(d, stream >> 32);
    philox.run(c0, c1, c2, c3);
    const Word words01 = hn::Or(hn::And(c0, low), hn::ShiftLeft<32>(c1));
    const Word words23 = hn::Or(hn::And(c2, low), hn::ShiftLeft<32>(c3));
    const auto store = [&](Word words, std::int64_t at) HWY_ATTR {
      std::uint8_t bytes[8] = {};
      hn::StoreMaskBits(quarters, hn::Not(hn::Lt(hn::BitCast(quarters, words), limit)), bytes);
      std::copy_n(bytes, kBlocks / 2, bits + at);
    };
    store(hn::InterleaveLower(d, words01, words23), i);
    store(hn::InterleaveUpper(d, words01, words23), i + kBlocks / 2);
  }
  scalar::dropout_bits(seed, stream, dropped, first + i, blocks - i, bits + i);
}

// Calls f(i, dropped vector i), and after the whole vectors f(i, number) for the rest.
template <typename F, typename G>
HWY_INLINE void for_each_dropped(std::int64_t n, const float* x, const std::uint8_t* bits,
                                 float scale, const F& whole, const G& rest) {
  const Floats d;
  const Vec factor = hn::Set(d, scale);
  constexpr std::int64_t kBytes = (kLanes + 7) / 8;
  std::int64_t i = 0;
  for (; i + std::max(kLanes, kDropoutBlock) <= n; i += kLanes) {
    std::uint8_t bytes[8] = {};
    std::copy_n(bits + i / kDropoutBlock, kBytes, bytes);
    bytes[0] = static_cast<std::uint8_t>(bytes[0] >> i % kDropoutBlock);  // of 4 lanes, half a byte
    const auto kept = hn::LoadMaskBits(d, bytes);
    whole(i, hn::IfThenElseZero(kept, hn::Mul(hn::LoadU(d, x + i), factor)));
  }
  for (; i < n; ++i) {
    rest(i, bits[i / kDropoutBlock] >> (i % kDropoutBlock) & 1 ? x[i] * scale : 0);
  }
}

void dropout_f32(std::int64_t n, const float* x, const std::uint8_t* bits, float scale, float* y,
                 bool past_caches) {
  const bool streams = past_caches && can_stream(y, kLanes);
  for_each_dropped(
      n, x, bits, scale,
      [=](std::int64_t i, Vec dropped) HWY_ATTR { Whole::store(dropped, y + i, streams); },
      [=](std::int64_t i, float dropped) { y[i] = dropped; });
  if (streams) hwy::FlushStream();
}

void dropout_add_f32(std::int64_t n, const float* a, const float* x, const std::uint8_t* bits,
                     float scale, float* y, bool past_caches) {
  const bool streams = past_caches && can_stream(y, kLanes);
  for_each_dropped(
      n, x, bits, scale,
      [=](std::int64_t i, Vec dropped)
          HWY_ATTR { Whole::store(hn::Add(load(a + i), dropped), y + i, streams); },
      [=](std::int64_t i, float dropped) { y[i] = a[i] + dropped; });
  if (streams) hwy::FlushStream();
}

#else

void dropout_bits_words(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                        std::int64_t first, std::int64_t blocks, std::uint8_t* bits) {
  scalar::dropout_bits(seed, stream, dropped, first, blocks, bits);
}

void dropout_f32(std::int64_t n, const float* x, const std::uint8_t* bits, float scale, float* y,
                 bool) {
  scalar::dropout(n, x, bits, scale, y);
}

void dropout_add_f32(std::int64_t n, const float* a, const float* x, const std::uint8_t* bits,
                     float scale, float* y, bool) {
  scalar::dropout_add(n, a, x, bits, scale, y);
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace clearhead::kernels {

void dropout_bits(std::uint64_t seed, std::uint64_t stream, std::uint32_t dropped,
                  std::int64_t first, std::int64_t blocks, std::uint8_t* bits) {
  CLEARHEAD_CHOOSE(dropout_bits_words)(seed, stream, dropped, first, blocks, bits);
}

void dropout(std::int64_t n, const float* x, const std::uint8_t* bits, float scale, float* y,
             bool past_caches) {
  CLEARHEAD_CHOOSE(dropout_f32)(n, x, bits, scale, y, past_caches);
}

void dropout(std::int64_t n, const double* x, const std::uint8_t* bits, double scale, double* y,
             bool /*past_caches*/) {
  scalar::dropout(n, x, bits, scale, y);
}

void dropout_add(std::int64_t n, const float* a, const float* x, const std::uint8_t* bits,
                 float scale, float* y, bool past_caches) {
  CLEARHEAD_CHOOSE(dropout_add_f32)(n, a, x, bits, scale, y, past_caches);
}

void dropout_add(std::int64_t n, const double* a, const double* x, const std::uint8_t* bits,
                 double scale, double* y, bool /*past_caches*/) {
  scalar::dropout_add(n, a, x, bits, scale, y);
}

}  // namespace clearhead::kernels
#endif
