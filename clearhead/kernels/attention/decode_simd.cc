// Forward attention of few queries (decoding): what takes the time is reading keys and values, each
// once, for one to eight queries. As a block of forward_simd.cc most lanes would be empty; here
// the numbers of a key or value lie in the lanes as they lie in memory, f32 or bf16, and the
// scores of a query side by side.
//
// For each tile of 64 keys: scores, four keys at a time, so that the sums across lanes of four keys
// share their shuffles; the softmax of each query, 64 scores being 4 vectors of AVX-512; then z +=
// p·v. At D = 64 a query costs some 10 instructions a key; a key and its value, 512 bytes, take
// memory about 50 ns at 10 GB/s.
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/attention/decode_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include <hwy/cache_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/simd_loops.h"
#include "clearhead/kernels/targets/simd-inl.h"
#else
#include <hwy/highway.h>

#include "clearhead/kernels/attention/simd_loops.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();

// How many keys, then values, meet all rows before the next ones do. A few KiB, so they are read
// from memory in the order in which they lie, whatever number of rows and sizes.
constexpr std::int64_t kStrip = 8;

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

// The parts of the workspace.
struct DecodeMemory {
  DecodeMemory(const AttentionProblem<float>& p, std::int64_t rows, float* memory)
      : q(memory), z(q + rows * p.D), scores(z + rows * whole_vectors(p.Dv)) {}

  float* q;       // [rows, D]
  float* z;       // [rows, Dv, rounded up to whole vectors], not yet divided by the sums
  float* scores;  // then weights: [rows, 64]
};

// What a row has found so far, and where it stands.
struct Row {
  std::int64_t h, t;
  KeyRange seen;
  float max = kHidden;
  float sum = 0;
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

// A row's scores, filled up to 64 with −inf, become weights exp(score − maximum); the weight of a
// score of −inf is −0. What the row has found so far is rescaled if its maximum grew.
void weigh(std::int64_t Dv, Row& row, float* scores, float* z) {
  const Floats d;
  Vec max = hn::Set(d, row.max);
  for (std::int64_t j = 0; j < kKeyBlock; j += kLanes) {
    max = hn::Max(max, hn::LoadU(d, scores + j));
  }
  const float grown = hn::GetLane(hn::MaxOfLanes(d, max));
  const float shift = grown == kHidden ? 0.0F : grown;
  if (grown != row.max) {
    const Vec factor = exp_nonpositive(hn::Set(d, row.max - shift));
    for (std::int64_t e = 0; e < Dv; e += kLanes) {
      hn::StoreU(hn::Mul(hn::LoadU(d, z + e), factor), d, z + e);
    }
    row.sum *= hn::GetLane(factor);
    row.max = grown;
  }
  Vec sum = hn::Zero(d);
  for (std::int64_t j = 0; j < kKeyBlock; j += kLanes) {
    const Vec x = hn::LoadU(d, scores + j);
    const Vec p = exp_nonpositive(hn::Sub(x, hn::Set(d, shift)));
    sum = hn::Add(sum, p);
    const auto hidden = hn::Eq(x, hn::Set(d, kHidden));
    hn::StoreU(hn::IfThenElse(hidden, hn::Set(d, -0.0F), p), d, scores + j);
  }
  row.sum += hn::GetLane(hn::SumOfLanes(d, sum));
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

void cap(float softcap, float* scores) {
  const Floats d;
  const Vec limit = hn::Set(d, softcap);
  for (std::int64_t j = 0; j < kKeyBlock; j += kLanes) {
    const Vec x = hn::LoadU(d, scores + j);
    hn::StoreU(hn::Mul(tanh(hn::Div(x, limit)), limit), d, scores + j);
  }
}

// The keys [s, s_end) enter into every row.
template <typename T>
void take_tile(const Cache<T>& cache, std::int64_t s, std::int64_t s_end, Row* rows,
               const DecodeMemory& m) {
  const AttentionProblem<float>& p = cache.problem;
  const std::int64_t n = cache.block.rows;
  const std::int64_t stride = whole_vectors(p.Dv);
  const auto by_rows = [&](const auto& four, const auto& two, const auto& one) {
    std::int64_t r = 0;
    for (; r + 4 <= n; r += 4) four(r);
    for (; r + 2 <= n; r += 2) two(r);
    for (; r < n; ++r) one(r);
  };
  const KeyRange tile{s, s_end};
  const auto scores = [&](std::int64_t r) { return m.scores + r * kKeyBlock; };
  for (std::int64_t i = s; i < s_end; i += kStrip) {
    const std::int64_t end = std::min(i + kStrip, s_end);
    const auto q = [&](std::int64_t r) { return m.q + r * p.D; };
    const auto to = [&](std::int64_t r) { return scores(r) + (i - s); };
    by_rows([&](std::int64_t r) { score<4>(cache, i, end, tile, q(r), to(r)); },
            [&](std::int64_t r) { score<2>(cache, i, end, tile, q(r), to(r)); },
            [&](std::int64_t r) { score<1>(cache, i, end, tile, q(r), to(r)); });
  }
  bool may_hide = p.mask.visible != nullptr || p.mask.bias != nullptr;
  for (std::int64_t r = 0; r < n; ++r) {
    if (p.softcap() != 0) cap(p.softcap(), scores(r));
    mask_scores(p, cache.block.b, rows[r].h, rows[r].t, {s, s_end}, scores(r));
    may_hide |= rows[r].seen.begin > s || rows[r].seen.end < s_end;
    std::fill(scores(r) + (s_end - s), scores(r) + kKeyBlock, kHidden);
    weigh(p.Dv, rows[r], scores(r), m.z + r * stride);
  }
  if (may_hide && !finite_values(cache, s, s_end)) {
    for (std::int64_t r = 0; r < n; ++r) {
      add_values_skipping(cache, s, s_end, scores(r), m.z + r * stride);
    }
    return;
  }
  for (std::int64_t i = s; i < s_end; i += kStrip) {
    const std::int64_t end = std::min(i + kStrip, s_end);
    const auto z = [&](std::int64_t r) { return m.z + r * stride; };
    const auto weights = [&](std::int64_t r) { return scores(r) + (i - s); };
    by_rows([&](std::int64_t r) { add_values<4>(cache, i, end, tile, weights(r), z(r)); },
            [&](std::int64_t r) { add_values<2>(cache, i, end, tile, weights(r), z(r)); },
            [&](std::int64_t r) { add_values<1>(cache, i, end, tile, weights(r), z(r)); });
  }
}

template <typename T>
bool decode(const Cache<T>& cache, KeyRange keys, const BlockResult& result, float* workspace) {
  const AttentionProblem<float>& p = cache.problem;
  const QueryBlock& block = cache.block;
  const DecodeMemory m(p, block.rows, workspace);
  const std::int64_t stride = whole_vectors(p.Dv);
  std::fill_n(m.z, block.rows * stride, 0.0F);
  Row rows[simd::kDecodeRows];
  std::int64_t begin = keys.end;  // that some row sees
  std::int64_t end = keys.begin;
  for (std::int64_t r = 0; r < block.rows; ++r) {
    Row& row = rows[r];
    row.h = block.g * (p.H / p.G) + (block.first + r) / p.queries;
    row.t = (block.first + r) % p.queries;
    row.seen = visible_keys(p, block.b, row.t);
    to_pairs<T>(p.q.row(block.b, row.h, row.t), p.D, m.q + r * p.D);
    if (row.seen.begin >= row.seen.end) continue;
    begin = std::min(begin, std::max(row.seen.begin, keys.begin));
    end = std::max(end, std::min(row.seen.end, keys.end));
  }
  for (std::int64_t s = begin; s < end; s += kKeyBlock) {
    take_tile(cache, s, std::min(s + kKeyBlock, end), rows, m);
  }
  bool finite = true;
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const Row& row = rows[r];
    const float inverse = row.sum == 0 ? 0.0F : 1 / row.sum;  // 0: it sees no key
    finite = finite && std::isfinite(row.sum);
    float* const z = result.z + r * p.Dv;
    from_pairs<T>(m.z + r * stride, p.Dv, z);
    for (std::int64_t e = 0; e < p.Dv; ++e) {
      z[e] *= inverse;
      finite = finite && std::isfinite(z[e]);
    }
    result.row_max[r] = row.max;
    result.row_sum[r] = row.sum;
  }
  return finite;
}

}  // namespace

bool decode_block(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
                  const BlockResult& result, float* workspace) {
  if (problem.k_bf16.data != nullptr) {
    return decode(Cache<bf16>{problem, block, problem.k_bf16, problem.v_bf16}, keys, result,
                  workspace);
  }
  return decode(Cache<float>{problem, block, problem.k, problem.v}, keys, result, workspace);
}

#else

bool decode_block(const AttentionProblem<float>&, const QueryBlock&, KeyRange, const BlockResult&,
                  float*) {
  return false;
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace clearhead::kernels::simd {

bool decode(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
            const BlockResult& result, float* workspace) {
  return CLEARHEAD_CHOOSE(decode_block)(problem, block, keys, result, workspace);
}

}  // namespace clearhead::kernels::simd
#endif
