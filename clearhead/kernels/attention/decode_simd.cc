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

#include "clearhead/kernels/attention/decode_products-inl.h"
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
