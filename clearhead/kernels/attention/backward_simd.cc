// Backward attention of a block of queries; backward_scalar.cc has the formulas, simd.h says how a
// block is laid out.
//
// For each tile of 64 keys five products: Sᵀ = K·Qᵀ, from which P; dPᵀ = V·dZᵀ, from which dS; dV
// += P·dZ, dK += dS·Q, dQᵀ += Kᵀ·dSᵀ. In the first two and the last the queries are the lanes, in
// the other two the numbers of a row, so that P and dS as they lie are the broadcast factor. Five
// tiles' products, not seven as where dq and dk, dv are gathered separately: a caller divides the
// work so that no two threads add to the same rows.
#include "clearhead/kernels/targets/dispatch-inl.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "clearhead/kernels/attention/backward_simd.cc"
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

// The parts of the workspace.
struct BackwardMemory {
  BackwardMemory(const AttentionProblem<float>& p, float* memory)
      : shift(memory),
        inverse(shift + kQueryBlock),
        delta(inverse + kQueryBlock),
        qt(delta + kQueryBlock),
        dqt(qt + p.D * kQueryBlock),
        dzt(dqt + p.D * kQueryBlock),
        q(dzt + p.Dv * kQueryBlock),
        dz(q + whole_vectors(p.D) * kQueryBlock),
        weights(dz + whole_vectors(p.Dv) * kQueryBlock),
        gradients(weights + kKeyBlock * kQueryBlock),
        tanhs(gradients + kKeyBlock * kQueryBlock),
        mask(tanhs + kKeyBlock * kQueryBlock),
        rows(mask + 2 * kKeyBlock * kQueryBlock) {}

  float* shift;      // the lanes' maxima; 0 where no key is seen
  float* inverse;    // 1/row_sum; 0 where no key is seen
  float* delta;      // times scale
  float* qt;         // [D, 64]
  float* dqt;        // [D, 64]
  float* dzt;        // [Dv, 64]
  float* q;          // [64, D], rows padded with 0 to whole vectors, where they do not lie so
  float* dz;         // [64, Dv], likewise
  float* weights;    // scores, then p: [64 keys, 64]
  float* gradients;  // dp, then ds: [64 keys, 64]
  float* tanhs;      // of softcap
  float* mask;
  float* rows;  // [64, D or Dv padded]: what is added to dk or dv
};

struct BackwardBlock {
  const Lanes& lanes;
  const BackwardMemory& m;
  Vectors q;    // the block's rows
  Vectors dz;   // likewise
  bool finite;  // all of q, dz and the lanes' softmax
  const GradientRows<float>& to;
};

// One strip's scores in m.weights become p, its scale·dp in m.gradients become scale·ds, where the
// scores are `capped` with the slope of the cap. With kMark, both are −0 for a pair that does not
// see each other; without, p of such a pair is 0 as it is.
template <bool kMark>
void differentiate([[maybe_unused]] const Lanes& lanes, const Strip& strip, const BackwardMemory& m,
                   std::int64_t at, bool capped) {
  const Floats d;
  const Vec hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  const Vec marked = hn::Set(d, -0.0F);
  for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
    const Vec shift = hn::LoadU(d, m.shift + v * kLanes);
    const Vec inverse = hn::LoadU(d, m.inverse + v * kLanes);
    const Vec delta = hn::LoadU(d, m.delta + v * kLanes);
    for (std::int64_t j = 0; j < strip.s_end - strip.s; ++j) {
      const std::int64_t place = at + j * kQueryBlock + v * kLanes;
      const Vec score = hn::LoadU(d, m.weights + place);
      const Vec dp = hn::LoadU(d, m.gradients + place);
      Vec p = hn::Mul(exp_nonpositive(hn::Sub(score, shift)), inverse);
      Vec ds = hn::Mul(p, hn::Sub(dp, delta));
      if (capped) {  // c = cap·tanh(s/cap): dc/ds = 1 − tanh²
        const Vec t = hn::LoadU(d, m.tanhs + place);
        ds = hn::Mul(ds, hn::NegMulAdd(t, t, hn::Set(d, 1.0F)));
      }
      // A weight of 0 takes no gradient, even if dp is infinite.
      ds = hn::IfThenZeroElse(hn::Eq(p, hn::Zero(d)), ds);
      if (kMark) {
        const auto unseen = hn::Eq(score, hidden);
        p = hn::IfThenElse(unseen, marked, p);
        ds = hn::IfThenElse(unseen, marked, ds);
      }
      hn::StoreU(p, d, m.weights + place);
      hn::StoreU(ds, d, m.gradients + place);
    }
  }
}

// Rows of the strip's keys in `to` [columns] += factorsᵀ·rows; `factors` are p or ds, `rows` dz or
// q.
void add_to_keys(const BackwardBlock& block, const Strip& strip, const float* factors,
                 const Vectors& rows, std::int64_t columns, const HeadsRows<float>& to, bool skip) {
  const std::int64_t lane = strip.vector * kLanes;
  const std::int64_t lane_end = std::min(strip.vector_end * kLanes, block.lanes.block.rows);
  const std::int64_t keys = strip.s_end - strip.s;
  const std::int64_t padded = whole_vectors(columns);
  const Broadcast a{factors + lane, kQueryBlock, 1};
  const Vectors b{rows.data + lane * rows.step_stride, rows.step_stride};
  float* const out = to.row(block.lanes.block.b, block.lanes.block.g, strip.s);
  if (padded == columns && !skip) {
    multiply<Finish::kAdd>(keys, padded / kLanes, a, b, lane_end - lane,
                           {out, to.stride_t, 1.0F, nullptr});
    return;
  }
  const Sums sums{block.m.rows, padded, 1.0F, nullptr};
  if (skip) {
    multiply_skipping_rows(keys, padded / kLanes, a, b, lane_end - lane, sums);
  } else {
    multiply<Finish::kSet>(keys, padded / kLanes, a, b, lane_end - lane, sums);
  }
  for (std::int64_t j = 0; j < keys; ++j) {
    for (std::int64_t i = 0; i < columns; ++i) {
      out[j * to.stride_t + i] += sums.data[j * padded + i];
    }
  }
}

void backward_strip(const BackwardBlock& block, const Strip& strip, std::int64_t at, bool skip) {
  const Lanes& lanes = block.lanes;
  const AttentionProblem<float>& p = lanes.problem;
  const BackwardMemory& m = block.m;
  const std::int64_t lane = strip.vector * kLanes;
  const std::int64_t vectors = strip.vector_end - strip.vector;
  const std::int64_t keys = strip.s_end - strip.s;
  const float* k = p.k.row(lanes.block.b, lanes.block.g, strip.s);
  const float* v = p.v.row(lanes.block.b, lanes.block.g, strip.s);
  score_strip(lanes, strip, m.qt, m.weights + at, m.tanhs + at, m.mask);
  multiply<Finish::kSet>(keys, vectors, {v, p.v.stride_t, 1}, {m.dzt + lane, kQueryBlock}, p.Dv,
                         {m.gradients + at + lane, kQueryBlock, p.scale(), nullptr});
  const bool capped = p.softcap() != 0;
  skip ? differentiate<true>(lanes, strip, m, at, capped)
       : differentiate<false>(lanes, strip, m, at, capped);
  if (block.to.v.data != nullptr) {
    add_to_keys(block, strip, m.weights + at, block.dz, p.Dv, block.to.v, skip);
  }
  if (block.to.k.data != nullptr) {
    add_to_keys(block, strip, m.gradients + at, block.q, p.D, block.to.k, skip);
  }
  if (block.to.q.data == nullptr) return;
  const Broadcast key{k, 1, p.k.stride_t};
  const Vectors ds{m.gradients + at + lane, kQueryBlock};
  const Sums dq{m.dqt + lane, kQueryBlock, 1.0F, nullptr};
  if (skip) {
    multiply_skipping_lanes(p.D, vectors, key, ds, keys, dq);
  } else {
    multiply<Finish::kAdd>(p.D, vectors, key, ds, keys, dq);
  }
}

// The lanes' rows of x: as they lie, if they are whole vectors of one head, else copied to
// `copies`, padded with 0.
Vectors rows_of(const Lanes& lanes, std::int64_t columns, const HeadsView<float>& x,
                float* copies) {
  const QueryBlock& block = lanes.block;
  const std::int64_t padded = whole_vectors(columns);
  const bool one_head = block.first % lanes.problem.queries + block.rows <= lanes.problem.queries;
  if (one_head && padded == columns) return {row_of_lane(lanes, x, 0), x.stride_t};
  for (std::int64_t lane = 0; lane < block.rows; ++lane) {
    const float* from = row_of_lane(lanes, x, lane);
    std::copy(from, from + columns, copies + lane * padded);
    std::fill(copies + lane * padded + columns, copies + (lane + 1) * padded, 0.0F);
  }
  return {copies, padded};
}

// The lanes' softmax; delta times `scale`.
void load_softmax(const Lanes& lanes, const AttentionBackward<float>& saved, float scale,
                  const BackwardMemory& m) {
  const std::int64_t at = row_of(lanes.problem, lanes.block) - saved.first_row;
  for (std::int64_t lane = 0; lane < kQueryBlock; ++lane) {
    const bool is_row = lane < lanes.block.rows;
    const float max = is_row ? saved.row_max[at + lane] : 0.0F;
    const float sum = is_row ? saved.row_sum[at + lane] : 0.0F;
    m.shift[lane] = max == -std::numeric_limits<float>::infinity() ? 0.0F : max;
    m.inverse[lane] = sum == 0 ? 0.0F : 1 / sum;
    m.delta[lane] = is_row ? scale * saved.delta[at + lane] : 0.0F;
  }
}

}  // namespace

void backward_block(const AttentionProblem<float>& p, const AttentionBackward<float>& saved,
                    const QueryBlock& block, KeyRange keys, const GradientRows<float>& to,
                    float* workspace) {
  const BackwardMemory m(p, workspace);
  Lanes lanes = lanes_of(p, block);
  see_by_position(lanes, keys);
  if (lanes.first_begin >= lanes.last_end) return;

  load_softmax(lanes, saved, p.scale(), m);
  load_queries(lanes, m.qt);
  load_transposed(lanes, p.Dv, saved.dz, m.dzt);
  std::fill_n(m.dqt, p.D * kQueryBlock, 0.0F);
  const Vectors q = rows_of(lanes, p.D, p.q, m.q);
  const Vectors dz = rows_of(lanes, p.Dv, saved.dz, m.dz);
  const bool finite = all_finite(block.rows, p.D, q.data, q.step_stride) &&
                      all_finite(block.rows, p.Dv, dz.data, dz.step_stride) &&
                      all_finite(2, kQueryBlock, m.shift, kQueryBlock);  // shift and inverse

  const BackwardBlock piece{lanes, m, q, dz, finite, to};
  for (std::int64_t s = lanes.first_begin; s < lanes.last_end;) {
    const std::int64_t s_end = std::min((s / kKeyBlock + 1) * kKeyBlock, lanes.last_end);
    const Strips strips = strips_of(lanes, s, s_end);
    // 0·NaN is NaN: pairs that do not see each other are then left out one by one.
    const bool may_hide = has_mask(p) || strips.strip[0].by_position;
    const bool skip =
        may_hide &&
        (!finite || !all_finite(s_end - s, p.D, p.k.row(block.b, block.g, s), p.k.stride_t) ||
         !all_finite(s_end - s, p.Dv, p.v.row(block.b, block.g, s), p.v.stride_t));
    for (std::int64_t i = 0; i < strips.count; ++i) {
      const Strip& strip = strips.strip[i];
      backward_strip(piece, strip, (strip.s - s) * kQueryBlock, skip);
    }
    s = s_end;
  }
  if (to.q.data == nullptr) return;
  // Back to rows, then added.
  float* rows = m.q;
  transpose(p.D, block.rows, m.dqt, kQueryBlock, rows, p.D);
  for (std::int64_t lane = 0; lane < block.rows; ++lane, rows += p.D) {
    float* const out = row_of_lane(lanes, to.q, lane);
    for (std::int64_t i = 0; i < p.D; ++i) out[i] += rows[i];
  }
}

// da, the gradient of the masked scores, is that of the mask: neither scaled nor through the cap.
void backward_mask(const AttentionProblem<float>& p, const AttentionBackward<float>& saved,
                   const QueryBlock& block, KeyRange keys, float* d_mask, float* workspace) {
  const BackwardMemory m(p, workspace);
  Lanes lanes = lanes_of(p, block);
  see_by_position(lanes, keys);
  if (lanes.first_begin >= lanes.last_end) return;
  load_softmax(lanes, saved, 1.0F, m);
  load_queries(lanes, m.qt);
  load_transposed(lanes, p.Dv, saved.dz, m.dzt);
  const Strips strips = strips_of(lanes, lanes.first_begin, lanes.last_end);
  for (std::int64_t i = 0; i < strips.count; ++i) {
    const Strip& strip = strips.strip[i];
    const std::int64_t lane = strip.vector * kLanes;
    const std::int64_t lane_end = std::min(strip.vector_end * kLanes, block.rows);
    const std::int64_t n = strip.s_end - strip.s;
    score_strip(lanes, strip, m.qt, m.weights, m.tanhs, m.mask);
    multiply<Finish::kSet>(
        n, strip.vector_end - strip.vector, {p.v.row(block.b, block.g, strip.s), p.v.stride_t, 1},
        {m.dzt + lane, kQueryBlock}, p.Dv, {m.gradients + lane, kQueryBlock, 1.0F, nullptr});
    // The −0 of a pair that does not see each other changes nothing.
    differentiate<true>(lanes, strip, m, 0, false);
    transpose(n, lane_end - lane, m.gradients + lane, kQueryBlock, m.mask, kKeyBlock);
    for (std::int64_t row = lane; row < lane_end; ++row) {
      float* out = d_mask + lanes.mask_row[row] + strip.s * p.mask.stride_s;
      const float* in = m.mask + (row - lane) * kKeyBlock;
      for (std::int64_t j = 0; j < n; ++j) out[j * p.mask.stride_s] += in[j];
    }
  }
}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const float* dz, std::int64_t dz_stride,
                   const float* z, std::int64_t z_stride, float* delta) {
  const Floats d;
  for (std::int64_t i = 0; i < rows; ++i, dz += dz_stride, z += z_stride) {
    Vec sum = hn::Zero(d);
    std::int64_t e = 0;
    for (; e + kLanes <= Dv; e += kLanes) {
      sum = hn::MulAdd(hn::LoadU(d, dz + e), hn::LoadU(d, z + e), sum);
    }
    float total = hn::GetLane(hn::SumOfLanes(d, sum));
    for (; e < Dv; ++e) total += dz[e] * z[e];
    delta[i] = total;
  }
}

#else

void backward_block(const AttentionProblem<float>&, const AttentionBackward<float>&,
                    const QueryBlock&, KeyRange, const GradientRows<float>&, float*) {}

void backward_mask(const AttentionProblem<float>&, const AttentionBackward<float>&,
                   const QueryBlock&, KeyRange, float*, float*) {}

void delta_of_rows(std::int64_t rows, std::int64_t Dv, const float* dz, std::int64_t dz_stride,
                   const float* z, std::int64_t z_stride, float* delta) {
  for (std::int64_t i = 0; i < rows; ++i, dz += dz_stride, z += z_stride) {
    delta[i] = 0;
    for (std::int64_t e = 0; e < Dv; ++e) delta[i] += dz[e] * z[e];
  }
}

#endif

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "clearhead/kernels/attention/simd_loops.h"

namespace clearhead::kernels::simd {

void backward(const AttentionProblem<float>& problem, const AttentionBackward<float>& saved,
              const QueryBlock& block, KeyRange keys, const GradientRows<float>& to,
              float* workspace) {
  CLEARHEAD_CHOOSE(backward_block)(problem, saved, block, keys, to, workspace);
}

void backward_mask(const AttentionProblem<float>& problem, const AttentionBackward<float>& saved,
                   const QueryBlock& block, KeyRange keys, float* d_mask, float* workspace) {
  CLEARHEAD_CHOOSE(backward_mask)(problem, saved, block, keys, d_mask, workspace);
}

void delta(std::int64_t rows, std::int64_t Dv, const float* dz, std::int64_t dz_stride,
           const float* z, std::int64_t z_stride, float* delta) {
  CLEARHEAD_CHOOSE(delta_of_rows)(rows, Dv, dz, dz_stride, z, z_stride, delta);
}

}  // namespace clearhead::kernels::simd
#endif
