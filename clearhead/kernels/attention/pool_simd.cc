// Attention with pooling by blocks of 64 queries, with the processor's vectors: the loop of
// forward_simd.cc, in which a tile of keys never crosses the border of a cell.
//
// The running maximum of a row grows often, so sums of finished cells are not rescaled each time:
// with each stands the maximum that it is relative to, and one exponential a cell settles it at the
// end.
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/attention/pool_simd.cc"
#include <hwy/foreach_target.h>

#include "clearhead/kernels/attention/pool.h"

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
constexpr float kLowest = -std::numeric_limits<float>::max();  // 0 · this is 0, and 0 · −∞ is not

// The parts of the workspace; each is a multiple of 64 numbers, one a lane.
struct PoolMemory {
  PoolMemory(const AttentionProblem<float>& p, std::int64_t cells, float* memory)
      : row_max(memory),
        row_sum(row_max + kQueryBlock),
        moment(row_sum + kQueryBlock),
        factors(moment + kQueryBlock),
        qt(factors + kQueryBlock),
        zt(qt + p.D * kQueryBlock),
        scores(zt + p.Dv * kQueryBlock),
        mask(scores + kKeyBlock * kQueryBlock),
        cell_max(mask + 2 * kKeyBlock * kQueryBlock),
        cell_sum(cell_max + cells * kQueryBlock),
        cell_reference(cell_sum + cells * kQueryBlock) {}

  float* row_max;
  float* row_sum;
  float* moment;   // Σ weight · score
  float* factors;  // exp(old maximum − new)
  float* qt;       // [D, 64]
  float* zt;       // [Dv, 64]
  float* scores;   // [64 keys, 64]
  float* mask;     // 2 × [64, 64], where there is a mask
  float* cell_max;
  float* cell_sum;
  float* cell_reference;  // the maximum that cell_sum is relative to; [cells, 64] all three
};

void multiply_lanes(float* lanes, Vec factor) {
  const Floats d;
  hn::StoreU(hn::Mul(hn::LoadU(d, lanes), factor), d, lanes);
}

// Maxima of the rows and of the cell with a tile's scores; what is relative to a row's maximum
// moves along. False if none grew.
bool grow(const Strips& strips, std::int64_t tile_s, std::int64_t vectors, std::int64_t cell,
          const PoolMemory& m) {
  const Floats d;
  bool grew = false;
  for (std::int64_t v = 0; v < vectors; ++v) {
    const std::int64_t lane = v * kLanes;
    Vec top = hn::Set(d, kHidden);
    for (std::int64_t i = 0; i < strips.count; ++i) {
      const Strip& strip = strips.strip[i];
      if (v < strip.vector || v >= strip.vector_end) continue;
      for (std::int64_t s = strip.s; s < strip.s_end; ++s) {
        top = hn::Max(top, hn::LoadU(d, m.scores + (s - tile_s) * kQueryBlock + lane));
      }
    }
    float* const of_cell = m.cell_max + cell * kQueryBlock + lane;
    hn::StoreU(hn::Max(top, hn::LoadU(d, of_cell)), d, of_cell);
    const Vec before = hn::LoadU(d, m.row_max + lane);
    const Vec after = hn::Max(before, top);
    hn::StoreU(after, d, m.cell_reference + cell * kQueryBlock + lane);
    if (hn::AllTrue(d, hn::Eq(before, after))) {
      hn::StoreU(hn::Set(d, 1.0F), d, m.factors + lane);
      continue;
    }
    grew = true;
    // Nothing seen before: exp(−inf) is 0. Nothing seen yet: −inf − 0, not −inf − (−inf).
    const Vec shift = hn::IfThenZeroElse(hn::Eq(after, hn::Set(d, kHidden)), after);
    const Vec factor = exp_nonpositive(hn::Sub(before, shift));
    hn::StoreU(factor, d, m.factors + lane);
    hn::StoreU(after, d, m.row_max + lane);
    multiply_lanes(m.row_sum + lane, factor);
    multiply_lanes(m.moment + lane, factor);
    multiply_lanes(m.cell_sum + cell * kQueryBlock + lane, factor);
  }
  return grew;
}

// Scores of a strip become weights, which the sums of the rows and of the cell take in.
void weigh(const Strip& strip, std::int64_t cell, const PoolMemory& m, float* scores) {
  const Floats d;
  for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
    const std::int64_t lane = v * kLanes;
    const Vec max = hn::LoadU(d, m.row_max + lane);
    const Vec shift = hn::IfThenZeroElse(hn::Eq(max, hn::Set(d, kHidden)), max);
    Vec sum = hn::Zero(d);
    Vec moment = hn::LoadU(d, m.moment + lane);
    float* place = scores + lane;
    for (std::int64_t s = strip.s; s < strip.s_end; ++s, place += kQueryBlock) {
      const Vec score = hn::LoadU(d, place);
      const Vec p = exp_nonpositive(hn::Sub(score, shift));
      sum = hn::Add(sum, p);
      moment = hn::MulAdd(p, hn::Max(score, hn::Set(d, kLowest)), moment);
      hn::StoreU(p, d, place);
    }
    hn::StoreU(moment, d, m.moment + lane);
    for (float* const sums : {m.row_sum + lane, m.cell_sum + cell * kQueryBlock + lane}) {
      hn::StoreU(hn::Add(hn::LoadU(d, sums), sum), d, sums);
    }
  }
}

// A tile of keys enters, all of one cell.
void take_tile(const Lanes& lanes, std::int64_t s, std::int64_t s_end, std::int64_t cell,
               const PoolMemory& m) {
  const AttentionProblem<float>& p = lanes.problem;
  const Strips strips = strips_of(lanes, s, s_end);
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    score_strip(lanes, strip, m.qt, m.scores + (strip.s - s) * kQueryBlock, nullptr, m.mask);
  }
  const bool grew = grow(strips, s, lanes.vectors, cell, m);
  for (std::int64_t e = 0; grew && e < p.Dv; ++e) {
    for (std::int64_t v = 0; v < lanes.vectors; ++v) {
      multiply_lanes(m.zt + e * kQueryBlock + v * kLanes,
                     hn::LoadU(Floats(), m.factors + v * kLanes));
    }
  }
  const float* const values = p.v.row(lanes.block.b, lanes.block.g, s);
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    float* const weights = m.scores + (strip.s - s) * kQueryBlock;
    const std::int64_t lane = strip.vector * kLanes;
    weigh(strip, cell, m, weights);
    multiply<Finish::kAdd>(p.Dv, strip.vector_end - strip.vector,
                           {values + (strip.s - s) * p.v.stride_t, 1, p.v.stride_t},
                           {weights + lane, kQueryBlock}, strip.s_end - strip.s,
                           {m.zt + lane, kQueryBlock, 1.0F, nullptr});
  }
}

// Everything relative to the row's final maximum and sum, and one row after the other.
void finish(const Lanes& lanes, KeyRange cells, const PoolMemory& m, const PooledRows<float>& out) {
  const Floats d;
  const std::int64_t rows = lanes.block.rows;
  const std::int64_t Dv = lanes.problem.Dv;
  const std::int64_t n = cells.end - cells.begin;
  for (std::int64_t v = 0; v < lanes.vectors; ++v) {
    const std::int64_t lane = v * kLanes;
    const Vec sum = hn::LoadU(d, m.row_sum + lane);
    // A row that sees no key has the sum 0 and stays 0.
    const Vec inverse =
        hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(hn::Set(d, 1.0F), sum));
    multiply_lanes(m.moment + lane, inverse);
    for (std::int64_t e = 0; e < Dv; ++e) multiply_lanes(m.zt + e * kQueryBlock + lane, inverse);
    const Vec max = hn::LoadU(d, m.row_max + lane);
    const Vec shift = hn::IfThenZeroElse(hn::Eq(max, hn::Set(d, kHidden)), max);
    for (std::int64_t c = 0; c < n; ++c) {
      const Vec reference = hn::LoadU(d, m.cell_reference + c * kQueryBlock + lane);
      multiply_lanes(m.cell_sum + c * kQueryBlock + lane,
                     exp_nonpositive(hn::Sub(reference, shift)));
    }
  }
  transpose(Dv, rows, m.zt, kQueryBlock, out.z, Dv);
  transpose(n, rows, m.cell_max, kQueryBlock, out.cell_max + cells.begin, out.cells);
  transpose(n, rows, m.cell_sum, kQueryBlock, out.cell_sum + cells.begin, out.cells);
  std::copy_n(m.row_max, rows, out.row_max);
  std::copy_n(m.row_sum, rows, out.row_sum);
  std::copy_n(m.moment, rows, out.mean_score);
}

}  // namespace

void pool_block(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                std::int64_t t, std::int64_t t_end, KeyRange cells, const PooledRows<float>& out,
                float* workspace) {
  const std::int64_t n = cells.end - cells.begin;
  const PoolMemory m(problem, n, workspace);
  const std::int64_t heads = problem.H / problem.G;
  Lanes lanes = lanes_of(problem, {b, h / heads, h % heads * problem.queries + t, t_end - t});
  see_by_position(lanes, {0, problem.keys});
  load_queries(lanes, m.qt);
  std::fill_n(m.row_max, kQueryBlock, kHidden);
  std::fill_n(m.row_sum, 2 * kQueryBlock, 0.0F);  // and moment
  std::fill_n(m.zt, problem.Dv * kQueryBlock, 0.0F);
  std::fill_n(m.cell_max, n * kQueryBlock, kHidden);
  std::fill_n(m.cell_sum, n * kQueryBlock, 0.0F);
  std::fill_n(m.cell_reference, n * kQueryBlock, kHidden);
  for (std::int64_t s = lanes.first_begin; s < lanes.last_end;) {
    const std::int64_t cell = s / out.cell;
    const std::int64_t s_end =
        std::min({(s / kKeyBlock + 1) * kKeyBlock, (cell + 1) * out.cell, lanes.last_end});
    take_tile(lanes, s, s_end, cell - cells.begin, m);
    s = s_end;
  }
  finish(lanes, cells, m, out);
}

#else

void pool_block(const AttentionProblem<float>&, std::int64_t, std::int64_t, std::int64_t,
                std::int64_t, KeyRange, const PooledRows<float>&, float*) {}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "clearhead/kernels/attention/simd_loops.h"

namespace clearhead::kernels::simd {

void pool(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h, std::int64_t t,
          std::int64_t t_end, KeyRange cells, const PooledRows<float>& out, float* workspace) {
  CLEARHEAD_CHOOSE(pool_block)(problem, b, h, t, t_end, cells, out, workspace);
}

}  // namespace clearhead::kernels::simd
#endif
