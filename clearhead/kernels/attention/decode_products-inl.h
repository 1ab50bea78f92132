// Decoding: the products of a few queries with some keys, and of their weights with values, which
// are read where they lie, in f32 or bf16. Part of decode_simd.cc, compiled once for each target.
#if defined(CLEARHEAD_KERNELS_ATTENTION_DECODE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLEARHEAD_KERNELS_ATTENTION_DECODE_PRODUCTS_INL_H_
#undef CLEARHEAD_KERNELS_ATTENTION_DECODE_PRODUCTS_INL_H_
#else
#define CLEARHEAD_KERNELS_ATTENTION_DECODE_PRODUCTS_INL_H_
#endif

#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/simd_loops.h"
#include "clearhead/kernels/targets/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {
namespace {

// Numbers that are loaded together, in the order in which that is fastest: of bf16 those at even
// places, then those at odd ones, which one instruction each widens and which needs no shuffle.
// Queries are brought into this order once, sums out of it at the end.
constexpr std::int64_t kPair = 2 * kLanes;
HWY_INLINE void load_pair(const float* x, Vec& first, Vec& second) {
  first = load(x);
  second = load(x + kLanes);
}
HWY_INLINE void load_pair(const bf16* x, Vec& first, Vec& second) {
  const hn::RebindToUnsigned<Floats> d;
  const auto bits = hn::LoadU(d, reinterpret_cast<const std::uint32_t*>(x));
  first = hn::BitCast(Floats(), hn::ShiftLeft<16>(bits));
  second = hn::BitCast(Floats(), hn::And(bits, hn::Set(d, 0xFFFF0000U)));
}

template <typename T>
HWY_INLINE void ask_for_pair(const T* x) {
  constexpr std::int64_t kLine = 64 / sizeof(T);
  for (std::int64_t i = 0; i < kPair; i += kLine) hwy::Prefetch(x + i);
}

// Rows of `size` numbers brought into this order, and out of it.
template <typename T>
void to_pairs(const float* row, std::int64_t size, float* to) {
  std::int64_t i = 0;
  for (; std::is_same_v<T, bf16> && i + kPair <= size; i += kPair) {
    for (std::int64_t j = 0; j < kLanes; ++j) {
      to[i + j] = row[i + 2 * j];
      to[i + kLanes + j] = row[i + 2 * j + 1];
    }
  }
  std::copy(row + i, row + size, to + i);
}
template <typename T>
void from_pairs(const float* pairs, std::int64_t size, float* to) {
  std::int64_t i = 0;
  for (; std::is_same_v<T, bf16> && i + kPair <= size; i += kPair) {
    for (std::int64_t j = 0; j < kLanes; ++j) {
      to[i + 2 * j] = pairs[i + j];
      to[i + 2 * j + 1] = pairs[i + kLanes + j];
    }
  }
  std::copy(pairs + i, pairs + size, to + i);
}

// Keys and values of one head.
template <typename T>
struct Cache {
  const AttentionProblem<float>& problem;
  const QueryBlock& block;
  HeadsView<T> k, v;

  const T* key(std::int64_t s) const { return k.row(block.b, block.g, s); }
  const T* value(std::int64_t s) const { return v.row(block.b, block.g, s); }

  // What is read 4 KiB after key s or value s of a tile is asked for meanwhile: after the tile's
  // keys come its values, then the next tile's keys. So memory is never idle.
  std::int64_t ahead = std::min(
      ceil_div<std::int64_t>(
          4096, std::max<std::int64_t>(static_cast<std::int64_t>(sizeof(T)) * problem.D, 1)),
      kKeyBlock);

  const T* after_key(std::int64_t s, KeyRange tile) const {
    const std::int64_t at = s + ahead;
    return at < tile.end ? key(at) : value(at - (tile.end - tile.begin));
  }
  const T* after_value(std::int64_t s, KeyRange tile) const {
    const std::int64_t at = s + ahead;
    return at < tile.end ? value(at) : key(at);
  }
};

// Scaled scores of kRows queries and the keys [s, s_end) of a tile, up to three more being
// repetitions.
template <int kRows, typename T>
void score(const Cache<T>& cache, std::int64_t s, std::int64_t s_end, KeyRange tile, const float* q,
           float* scores) {
  const Floats d;
  const hn::FixedTag<float, 4> d4;
  const AttentionProblem<float>& p = cache.problem;
  const std::int64_t pairs = p.D / kPair * kPair, whole = p.D / kLanes * kLanes;
  for (; s < s_end; s += 4, scores += 4) {
    const T *key[4], *ahead[4];
    for (int c = 0; c < 4; ++c) {
      const std::int64_t at = std::min(s + c, s_end - 1);
      key[c] = cache.key(at);
      ahead[c] = cache.after_key(at, tile);
    }
    Vec sums[kRows][4];
    for (int r = 0; r < kRows; ++r) {
      for (int c = 0; c < 4; ++c) sums[r][c] = hn::Zero(d);
    }
    const auto add = [&](std::int64_t i, const Vec(&k)[4]) HWY_ATTR {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const Vec query = hn::LoadU(d, q + r * p.D + i);
#pragma GCC unroll 4
        for (int c = 0; c < 4; ++c) sums[r][c] = hn::MulAdd(k[c], query, sums[r][c]);
      }
    };
    for (std::int64_t i = 0; i < pairs; i += kPair) {
      Vec first[4], second[4];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        load_pair(key[c] + i, first[c], second[c]);
        ask_for_pair(ahead[c] + i);
      }
      add(i, first);
      add(i + kLanes, second);
    }
    if (pairs < whole) {
      Vec k[4];
      for (int c = 0; c < 4; ++c) k[c] = load(key[c] + pairs);
      add(pairs, k);
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      float* to = scores + r * kKeyBlock;
      const auto products = sums_of_lanes(sums[r][0], sums[r][1], sums[r][2], sums[r][3]);
      hn::StoreU(hn::Mul(products, hn::Set(d4, p.scale())), d4, to);
      for (int c = 0; c < 4 && whole < p.D; ++c) {
        float rest = 0;
        for (std::int64_t i = whole; i < p.D; ++i) {
          rest += static_cast<float>(key[c][i]) * q[r * p.D + i];
        }
        to[c] += rest * p.scale();
      }
    }
  }
}

// z [kRows, kVectors vectors] += weights·values of the keys [s, s_end) of a tile.
template <int kRows, int kVectors, typename T>
HWY_INLINE void add_vectors(const Cache<T>& cache, std::int64_t s, std::int64_t s_end,
                            KeyRange tile, const float* weights, std::int64_t e, float* z,
                            std::int64_t stride) {
  constexpr std::int64_t kLine = 64 / sizeof(T);  // numbers of a cache line
  const Floats d;
  Vec sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::LoadU(d, z + r * stride + e + v * kLanes);
    }
  }
  for (; s < s_end; ++s, ++weights) {
    const T* value = cache.value(s) + e;
    const T* ahead = cache.after_value(s, tile) + e;
    for (std::int64_t i = 0; i < kVectors * kLanes; i += kLine) hwy::Prefetch(ahead + i);
    Vec x[kVectors];
    if constexpr (kVectors == 1) {
      x[0] = load(value);
    } else {
      for (int v = 0; v < kVectors; v += 2) load_pair(value + v * kLanes, x[v], x[v + 1]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const Vec p = hn::Set(d, weights[r * kKeyBlock]);
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(p, x[v], sums[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreU(sums[r][v], d, z + r * stride + e + v * kLanes);
    }
  }
}

template <int kRows, typename T>
void add_values(const Cache<T>& cache, std::int64_t s, std::int64_t s_end, KeyRange tile,
                const float* weights, float* z) {
  // 4 × 4 sums, 4 vectors and a weight are 21 registers.
  constexpr int kVectors = kMaxVectors;
  const std::int64_t Dv = cache.problem.Dv;
  const std::int64_t stride = whole_vectors(Dv);
  std::int64_t e = 0;
  for (; e + kVectors * kLanes <= Dv; e += kVectors * kLanes) {
    add_vectors<kRows, kVectors>(cache, s, s_end, tile, weights, e, z, stride);
  }
  for (; e + kPair <= Dv; e += kPair) {
    add_vectors<kRows, 2>(cache, s, s_end, tile, weights, e, z, stride);
  }
  for (; e + kLanes <= Dv; e += kLanes) {
    add_vectors<kRows, 1>(cache, s, s_end, tile, weights, e, z, stride);
  }
  for (; s < s_end && e < Dv; ++s, ++weights) {
    for (int r = 0; r < kRows; ++r) {
      for (std::int64_t i = e; i < Dv; ++i) {
        z[r * stride + i] += weights[r * kKeyBlock] * static_cast<float>(cache.value(s)[i]);
      }
    }
  }
}

// The same where a value that some row does not see may be infinite or NaN, and 0·NaN is NaN: pairs
// that do not see each other are left out one by one.
template <typename T>
void add_values_skipping(const Cache<T>& cache, std::int64_t s, std::int64_t s_end,
                         const float* weights, float* z) {
  const Floats d;
  for (; s < s_end; ++s, ++weights) {
    if (*weights == 0 && std::signbit(*weights)) continue;
    const T* value = cache.value(s);
    std::int64_t e = 0;
    for (; e + kPair <= cache.problem.Dv; e += kPair) {
      Vec x[2];
      load_pair(value + e, x[0], x[1]);
      for (int v = 0; v < 2; ++v) {
        float* const place = z + e + v * kLanes;
        hn::StoreU(hn::MulAdd(hn::Set(d, *weights), x[v], hn::LoadU(d, place)), d, place);
      }
    }
    for (; e < cache.problem.Dv; ++e) z[e] += *weights * static_cast<float>(value[e]);
  }
}

template <typename T>
bool finite_values(const Cache<T>& cache, std::int64_t s, std::int64_t s_end) {
  const Floats d;
  Vec sum = hn::Zero(d);  // 0·x is 0 if x is finite, and a NaN stays
  float rest = 0;
  for (; s < s_end; ++s) {
    const T* value = cache.value(s);
    std::int64_t e = 0;
    for (; e + kLanes <= cache.problem.Dv; e += kLanes) {
      sum = hn::MulAdd(load(value + e), hn::Zero(d), sum);
    }
    for (; e < cache.problem.Dv; ++e) rest += 0 * static_cast<float>(value[e]);
  }
  return hn::AllTrue(d, hn::Eq(sum, hn::Zero(d))) && rest == 0;
}

}  // namespace
}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CLEARHEAD_KERNELS_ATTENTION_DECODE_PRODUCTS_INL_H_
