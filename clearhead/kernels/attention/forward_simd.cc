// Forward attention of a block of queries; simd.h says how it is laid out.
//
// For each tile of 64 keys: Sᵀ = K·Qᵀ, the running maximum of each lane, Pᵀ = exp(Sᵀ − maximum) in
// place of Sᵀ, the sums of the lanes, Zᵀ = Zᵀ·exp(old maximum − new) + Vᵀ·Pᵀ. At D = 64 a tile is
// 2 × 8,192 vector multiply-adds, and the softmax some 15 instructions for each of its 256 vectors:
// one part in ten.
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/attention/forward_simd.cc"
#include <hwy/foreach_target.h>

#if CLEARHEAD_HAS_VECTORS
#include "clearhead/kernels/attention/simd_loops-inl.h"
#else
#include <hwy/highway.h>

#include "clearhead/kernels/attention/simd_loops.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

#if CLEARHEAD_HAS_VECTORS

namespace {

constexpr float kHidden = -std::numeric_limits<float>::infinity();

// The parts of the workspace; each is a multiple of 64 numbers.
struct ForwardMemory {
  ForwardMemory(const AttentionProblem<float>& p, float* memory)
      : row_max(memory),
        row_sum(row_max + kQueryBlock),
        factors(row_sum + kQueryBlock),
        qt(factors + kQueryBlock),
        zt(qt + p.D * kQueryBlock),
        scores(zt + p.Dv * kQueryBlock),
        mask(scores + kKeyBlock * kQueryBlock) {}

  float* row_max;
  float* row_sum;
  float* factors;  // exp(old maximum − new)
  float* qt;       // [D, 64]
  float* zt;       // [Dv, 64]
  float* scores;   // [64 keys, 64]
  float* mask;     // 2 × [64, 64], where there is a mask
};

// The lanes' maxima with a tile's scores; false if none grew.
bool grow_maxima(const Strips& strips, std::int64_t tile_s, std::int64_t vectors,
                 const ForwardMemory& m) {
  const Floats d;
  Vec maxima[kTileVectors];
  for (std::int64_t v = 0; v < vectors; ++v) maxima[v] = hn::LoadU(d, m.row_max + v * kLanes);
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
      const float* scores = m.scores + (strip.s - tile_s) * kQueryBlock + v * kLanes;
      Vec a = maxima[v];
      Vec b = a;
      std::int64_t n = strip.s_end - strip.s;
      for (; n >= 2; n -= 2, scores += 2 * kQueryBlock) {
        a = hn::Max(a, hn::LoadU(d, scores));
        b = hn::Max(b, hn::LoadU(d, scores + kQueryBlock));
      }
      if (n > 0) a = hn::Max(a, hn::LoadU(d, scores));
      maxima[v] = hn::Max(a, b);
    }
  }
  bool grew = false;
  for (std::int64_t v = 0; v < vectors; ++v) {
    const Vec before = hn::LoadU(d, m.row_max + v * kLanes);
    if (hn::AllTrue(d, hn::Eq(maxima[v], before))) {
      hn::StoreU(hn::Set(d, 1.0F), d, m.factors + v * kLanes);
      continue;
    }
    grew = true;
    // Nothing seen before: exp(−inf) is 0. Nothing seen yet: −inf − 0, not −inf − (−inf).
    const Vec shift = hn::IfThenZeroElse(hn::Eq(maxima[v], hn::Set(d, kHidden)), maxima[v]);
    const Vec factor = exp_nonpositive(hn::Sub(before, shift));
    hn::StoreU(factor, d, m.factors + v * kLanes);
    hn::StoreU(maxima[v], d, m.row_max + v * kLanes);
    float* sums = m.row_sum + v * kLanes;
    hn::StoreU(hn::Mul(hn::LoadU(d, sums), factor), d, sums);
  }
  return grew;
}

// Scores of a strip become weights exp(score − maximum), which the lanes' sums take in. With
// `kMark`, the weight of a hidden pair is −0.
template <bool kMark>
void weigh(const Strip& strip, const ForwardMemory& m, float* scores) {
  const Floats d;
  for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
    const Vec max = hn::LoadU(d, m.row_max + v * kLanes);
    const Vec hidden = hn::Set(d, kHidden);
    const Vec shift = hn::IfThenZeroElse(hn::Eq(max, hidden), max);
    Vec sum_even = hn::Zero(d);
    Vec sum_odd = hn::Zero(d);
    float* place = scores + v * kLanes;
    for (std::int64_t s = strip.s; s < strip.s_end; ++s, place += kQueryBlock) {
      const Vec score = hn::LoadU(d, place);
      Vec p = exp_nonpositive(hn::Sub(score, shift));
      sum_even = hn::Add(sum_even, p);
      if (kMark) p = hn::IfThenElse(hn::Eq(score, hidden), hn::Set(d, -0.0F), p);
      hn::StoreU(p, d, place);
      std::swap(sum_even, sum_odd);
    }
    float* sums = m.row_sum + v * kLanes;
    hn::StoreU(hn::Add(hn::LoadU(d, sums), hn::Add(sum_even, sum_odd)), d, sums);
  }
}

void rescale(std::int64_t Dv, std::int64_t vectors, const ForwardMemory& m) {
  const Floats d;
  for (std::int64_t e = 0; e < Dv; ++e) {
    for (std::int64_t v = 0; v < vectors; ++v) {
      float* z = m.zt + e * kQueryBlock + v * kLanes;
      hn::StoreU(hn::Mul(hn::LoadU(d, z), hn::LoadU(d, m.factors + v * kLanes)), d, z);
    }
  }
}

// A tile of keys enters: maxima, sums and zt.
void take_tile(const Lanes& lanes, std::int64_t s, std::int64_t s_end, const ForwardMemory& m) {
  const AttentionProblem<float>& p = lanes.problem;
  const Strips strips = strips_of(lanes, s, s_end);
  bool may_hide = false;
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    may_hide |=
        score_strip(lanes, strip, m.qt, m.scores + (strip.s - s) * kQueryBlock, nullptr, m.mask);
  }
  const bool grew = grow_maxima(strips, s, lanes.vectors, m);
  const float* values = p.v.row(lanes.block.b, lanes.block.g, s);
  // A value behind a mask may be infinite or NaN, and 0·NaN is NaN: then hidden pairs are skipped.
  const bool skip = may_hide && !all_finite(s_end - s, p.Dv, values, p.v.stride_t);
  const bool whole = strips.count == 1 && strips.strip[0].vector == 0 &&
                     strips.strip[0].vector_end == lanes.vectors;
  // Of the first tile, zt takes what comes instead of adding it to nothing.
  const bool set = s == lanes.first_begin && whole && !skip;
  if (s == lanes.first_begin) {
    if (!set) std::fill_n(m.zt, p.Dv * kQueryBlock, 0.0F);
  } else if (grew && (!whole || skip)) {
    rescale(p.Dv, lanes.vectors, m);
  }
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    float* weights = m.scores + (strip.s - s) * kQueryBlock;
    const std::int64_t lane = strip.vector * kLanes;
    const std::int64_t vectors = strip.vector_end - strip.vector;
    const Broadcast v{values + (strip.s - s) * p.v.stride_t, 1, p.v.stride_t};
    const Vectors weight{weights + lane, kQueryBlock};
    const Sums zt{m.zt + lane, kQueryBlock, 1.0F, m.factors + lane};
    const std::int64_t n = strip.s_end - strip.s;
    if (skip) {
      weigh<true>(strip, m, weights);
      multiply_skipping_lanes(p.Dv, vectors, v, weight, n, zt);
      continue;
    }
    weigh<false>(strip, m, weights);
    if (set) {
      multiply<Finish::kSet>(p.Dv, vectors, v, weight, n, zt);
    } else if (grew && whole) {
      multiply<Finish::kRescale>(p.Dv, vectors, v, weight, n, zt);
    } else {
      multiply<Finish::kAdd>(p.Dv, vectors, v, weight, n, zt);
    }
  }
}

// zt / row_sum, transposed to z. Returns whether all of it is a number.
bool finish(const Lanes& lanes, const ForwardMemory& m, const BlockResult& result) {
  const Floats d;
  const AttentionProblem<float>& p = lanes.problem;
  Vec inverse[kTileVectors];
  Vec bad[kTileVectors];  // 0 while all is finite
  for (std::int64_t v = 0; v < lanes.vectors; ++v) {
    const Vec sum = hn::LoadU(d, m.row_sum + v * kLanes);
    // A row that sees no key has the sum 0 and stays 0.
    inverse[v] = hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(hn::Set(d, 1.0F), sum));
    bad[v] = hn::Mul(inverse[v], hn::Zero(d));
  }
  for (std::int64_t e = 0; e < p.Dv; ++e) {
    for (std::int64_t v = 0; v < lanes.vectors; ++v) {
      float* place = m.zt + e * kQueryBlock + v * kLanes;
      const Vec z = hn::Mul(hn::LoadU(d, place), inverse[v]);
      bad[v] = hn::MulAdd(z, hn::Zero(d), bad[v]);
      hn::StoreU(z, d, place);
    }
  }
  transpose(p.Dv, lanes.block.rows, m.zt, kQueryBlock, result.z, p.Dv);
  std::copy_n(m.row_max, lanes.block.rows, result.row_max);
  std::copy_n(m.row_sum, lanes.block.rows, result.row_sum);
  for (std::int64_t v = 1; v < lanes.vectors; ++v) bad[0] = hn::Add(bad[0], bad[v]);
  return hn::AllTrue(d, hn::Eq(bad[0], hn::Zero(d)));
}

}  // namespace

bool forward_block(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
                   const BlockResult& result, float* workspace) {
  const ForwardMemory m(problem, workspace);
  Lanes lanes = lanes_of(problem, block);
  see_by_position(lanes, keys);
  load_queries(lanes, m.qt);
  std::fill_n(m.row_max, kQueryBlock, kHidden);
  std::fill_n(m.row_sum, kQueryBlock, 0.0F);
  if (lanes.first_begin >= lanes.last_end) std::fill_n(m.zt, problem.Dv * kQueryBlock, 0.0F);
  for (std::int64_t s = lanes.first_begin; s < lanes.last_end;) {
    // Tiles end at multiples of kKeyBlock, so that the one on the diagonal is cut squarely.
    const std::int64_t s_end = std::min((s / kKeyBlock + 1) * kKeyBlock, lanes.last_end);
    take_tile(lanes, s, s_end, m);
    s = s_end;
  }
  return finish(lanes, m, result);
}

void raw_scores(const AttentionProblem<float>& p, const Tile& tile, float* scores,
                float* workspace) {
  float* qt = workspace;              // [D, 32]
  float* st = qt + p.D * kQueryTile;  // [64 keys, 32]
  const std::int64_t rows = tile.t_end - tile.t;
  const std::int64_t keys = tile.s_end - tile.s;
  if (rows < kQueryTile) std::fill_n(qt, p.D * kQueryTile, 0.0F);
  transpose(rows, p.D, p.q.row(tile.b, tile.h, tile.t), p.q.stride_t, qt, kQueryTile);
  multiply<Finish::kSet>(keys, ceil_div(rows, kLanes),
                         {p.k.row(tile.b, p.kv_head(tile.h), tile.s), p.k.stride_t, 1},
                         {qt, kQueryTile}, p.D, {st, kQueryTile, 1.0F, nullptr});
  transpose(keys, rows, st, kQueryTile, scores, kKeyTile);
}

#else

void raw_scores(const AttentionProblem<float>&, const Tile&, float*, float*) {}

bool forward_block(const AttentionProblem<float>&, const QueryBlock&, KeyRange, const BlockResult&,
                   float*) {
  return false;
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "clearhead/kernels/attention/simd_loops.h"

namespace clearhead::kernels::simd {

bool forward(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
             const BlockResult& result, float* workspace) {
  return CLEARHEAD_CHOOSE(forward_block)(problem, block, keys, result, workspace);
}

void raw_scores(const AttentionProblem<float>& problem, const Tile& tile, float* scores,
                float* workspace) {
  CLEARHEAD_CHOOSE(raw_scores)(problem, tile, scores, workspace);
}

}  // namespace clearhead::kernels::simd
#endif
