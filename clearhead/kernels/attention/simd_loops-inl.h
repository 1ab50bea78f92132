// The scores of a block of queries and a tile of keys: what the SIMD kernels of attention, forward
// and backward, share. Part of their source files, compiled once for each target.
#if defined(CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_INL_H_
#undef CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_INL_H_
#else
#define CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/simd.h"
#include "clearhead/kernels/attention/tile.h"
#include "clearhead/kernels/targets/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace clearhead::kernels::HWY_NAMESPACE {

// A mask saves work in squares of 16 keys × 16 queries: with fewer than 16 lanes vectors of AVX-512
// would be partly empty.
constexpr std::int64_t kSquare = 16;
constexpr std::int64_t kSquares = kQueryBlock / kSquare;
constexpr std::int64_t kTileVectors = kQueryBlock / kLanes;

// A run of keys of a tile of which the same vectors of queries see something.
struct Strip {
  std::int64_t s, s_end;
  std::int64_t vector, vector_end;  // of the tile's kTileVectors
  bool by_position;                 // some of its pairs do not see each other by position
};

struct Strips {
  std::int64_t count = 0;
  Strip strip[kSquares];
};

// A block of queries with what its lanes see. Lanes past its last row repeat that row's range and
// hold zeros for q.
struct Lanes {
  const AttentionProblem<float>& problem;
  QueryBlock block;
  std::int64_t vectors;             // that hold rows, in whole squares
  std::int32_t begin[kQueryBlock];  // the keys that each lane sees by position
  std::int32_t end[kQueryBlock];
  std::int64_t square_begin[kSquares];  // the keys that some lane of a square sees
  std::int64_t square_end[kSquares];
  std::int64_t square_last_begin[kSquares];  // the keys that all lanes of a square see
  std::int64_t square_first_end[kSquares];
  std::int64_t first_begin, last_begin;  // over all lanes
  std::int64_t first_end, last_end;
  std::int64_t mask_row[kQueryBlock];  // where the lane's row of attn_mask begins
  bool one_mask_row;                   // all lanes share one
};

// Of a block, all but what its lanes see.
inline Lanes lanes_of(const AttentionProblem<float>& problem, const QueryBlock& block) {
  return {problem, block, 0, {}, {}, {}, {}, {}, {}, 0, 0, 0, 0, {}, false};
}

inline bool has_mask(const AttentionProblem<float>& problem) {
  return problem.mask.visible != nullptr || problem.mask.bias != nullptr;
}

// The row of a lane in `rows`, of queries or of what belongs to them.
template <typename Rows>
auto* row_of_lane(const Lanes& lanes, const Rows& rows, std::int64_t lane) {
  const AttentionProblem<float>& p = lanes.problem;
  const std::int64_t row = lanes.block.first + lane;
  return rows.row(lanes.block.b, lanes.block.g * (p.H / p.G) + row / p.queries, row % p.queries);
}

// The keys that each lane sees; lanes past the last row repeat that row.
inline void see_by_lane(Lanes& lanes, KeyRange keys) {
  const AttentionProblem<float>& p = lanes.problem;
  const QueryBlock& block = lanes.block;
  std::int64_t t = block.first % p.queries;
  KeyRange seen{};
  for (std::int64_t square = 0; square < kSquares; ++square) {
    std::int64_t some_begin = std::numeric_limits<std::int64_t>::max(), some_end = 0;
    std::int64_t all_begin = 0, all_end = some_begin;
    for (std::int64_t lane = square * kSquare; lane < (square + 1) * kSquare; ++lane) {
      if (lane < block.rows) {
        seen = visible_keys(p, block.b, t);
        seen.begin = std::clamp(seen.begin, keys.begin, keys.end);
        seen.end = std::clamp(seen.end, seen.begin, keys.end);
        if (++t == p.queries) t = 0;
      }
      lanes.begin[lane] = static_cast<std::int32_t>(seen.begin);
      lanes.end[lane] = static_cast<std::int32_t>(seen.end);
      all_begin = std::max(all_begin, seen.begin);
      all_end = std::min(all_end, seen.end);
      if (seen.begin == seen.end) continue;
      some_begin = std::min(some_begin, seen.begin);
      some_end = std::max(some_end, seen.end);
    }
    lanes.square_begin[square] = some_begin;
    lanes.square_end[square] = some_end;
    lanes.square_last_begin[square] = all_begin;
    lanes.square_first_end[square] = all_end;
  }
}

// What each lane of a block sees by position, and where its row of the mask begins.
inline void see_by_position(Lanes& lanes, KeyRange keys) {
  const AttentionProblem<float>& p = lanes.problem;
  const QueryBlock& block = lanes.block;
  see_by_lane(lanes, keys);
  lanes.first_begin = *std::min_element(lanes.square_begin, lanes.square_begin + kSquares);
  lanes.last_end = *std::max_element(lanes.square_end, lanes.square_end + kSquares);
  lanes.last_begin = *std::max_element(lanes.square_last_begin, lanes.square_last_begin + kSquares);
  lanes.first_end = *std::min_element(lanes.square_first_end, lanes.square_first_end + kSquares);
  lanes.vectors = ceil_div(block.rows, kSquare) * (kSquare / kLanes);
  lanes.one_mask_row = true;
  if (!has_mask(p)) return;
  std::int64_t h = block.g * (p.H / p.G) + block.first / p.queries;
  std::int64_t t = block.first % p.queries;
  for (std::int64_t lane = 0; lane < kQueryBlock; ++lane) {
    lanes.mask_row[lane] = p.mask.offset(block.b, h, t, 0);
    lanes.one_mask_row = lanes.one_mask_row && lanes.mask_row[lane] == lanes.mask_row[0];
    if (lane + 1 < block.rows && ++t == p.queries) t = 0, ++h;
  }
}

// xt [columns, 64]: the lanes' rows of x as columns, 0 past the last.
inline void load_transposed(const Lanes& lanes, std::int64_t columns, const HeadsView<float>& x,
                            float* xt) {
  const std::int64_t rows = lanes.block.rows;
  const std::int64_t lane_end = lanes.vectors * kLanes;
  // Rows of one head lie at one stride; a block of few queries may hold several heads.
  for (std::int64_t lane = 0; lane < rows;) {
    const std::int64_t t = (lanes.block.first + lane) % lanes.problem.queries;
    const std::int64_t n = std::min(rows - lane, lanes.problem.queries - t);
    transpose(n, columns, row_of_lane(lanes, x, lane), x.stride_t, xt + lane, kQueryBlock);
    lane += n;
  }
  for (std::int64_t d = 0; d < columns && rows < lane_end; ++d) {
    std::fill(xt + d * kQueryBlock + rows, xt + d * kQueryBlock + lane_end, 0.0F);
  }
}

// qt [D, 64]: the lanes' queries.
inline void load_queries(const Lanes& lanes, float* qt) {
  load_transposed(lanes, lanes.problem.D, lanes.problem.q, qt);
}

// The part of the tile [s, s_end) that has to be calculated.
inline Strips strips_of(const Lanes& lanes, std::int64_t s, std::int64_t s_end) {
  Strips strips;
  if (lanes.last_begin <= s && s_end <= lanes.first_end) {
    strips.count = 1;
    strips.strip[0] = {s, s_end, 0, lanes.vectors, false};
    return strips;
  }
  const std::int64_t squares = lanes.vectors * kLanes / kSquare;
  for (std::int64_t row = s; row < s_end; row += kSquare) {
    const std::int64_t row_end = std::min(row + kSquare, s_end);
    std::int64_t first = squares;
    std::int64_t last = 0;
    for (std::int64_t i = 0; i < squares; ++i) {
      if (lanes.square_begin[i] >= row_end || lanes.square_end[i] <= row) continue;
      first = std::min(first, i);
      last = i + 1;
    }
    if (first >= last) continue;
    const std::int64_t vector = first * (kSquare / kLanes);
    const std::int64_t vector_end = last * (kSquare / kLanes);
    Strip* before = strips.count > 0 ? &strips.strip[strips.count - 1] : nullptr;
    if (before && before->s_end == row && before->vector == vector &&
        before->vector_end == vector_end) {
      before->s_end = row_end;
    } else {
      strips.strip[strips.count++] = {row, row_end, vector, vector_end, true};
    }
  }
  return strips;
}

// −inf where a lane does not see a key by position.
inline void hide_by_position(const Lanes& lanes, const Strip& strip, float* scores) {
  const Floats d;
  const Ints di;
  const Vec hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
    const std::int64_t square = v * kLanes / kSquare;
    if (lanes.square_last_begin[square] <= strip.s &&
        strip.s_end <= lanes.square_first_end[square]) {
      continue;
    }
    const auto begin = hn::LoadU(di, lanes.begin + v * kLanes);
    const auto end = hn::LoadU(di, lanes.end + v * kLanes);
    float* place = scores + v * kLanes;
    for (std::int64_t s = strip.s; s < strip.s_end; ++s, place += kQueryBlock) {
      const auto key = hn::Set(di, static_cast<std::int32_t>(s));
      const auto before = hn::RebindMask(d, hn::Lt(key, begin));
      const auto within = hn::RebindMask(d, hn::Lt(key, end));
      const Vec score = hn::IfThenElse(within, hn::LoadU(d, place), hidden);
      hn::StoreU(hn::IfThenElse(before, hidden, score), d, place);
    }
  }
}

// The mask of a strip, laid out as its scores: the float mask, or 0 and −inf for a boolean one.
// `rows`: kQueryBlock × kKeyBlock numbers.
inline void load_mask(const Lanes& lanes, const Strip& strip, float* tile, float* rows) {
  const MaskView<float>& mask = lanes.problem.mask;
  const std::int64_t n = strip.s_end - strip.s;
  const std::int64_t lane = strip.vector * kLanes;
  const std::int64_t lane_end = strip.vector_end * kLanes;
  const float hidden = -std::numeric_limits<float>::infinity();
  for (std::int64_t i = lane; i < lane_end; ++i) {
    const std::int64_t at = lanes.mask_row[i] + strip.s * mask.stride_s;
    float* row = rows + i * kKeyBlock;
    if (mask.visible != nullptr) {
      for (std::int64_t j = 0; j < n; ++j) {
        row[j] = mask.visible[at + j * mask.stride_s] ? 0.0F : hidden;
      }
    } else {
      for (std::int64_t j = 0; j < n; ++j) row[j] = mask.bias[at + j * mask.stride_s];
    }
  }
  transpose(lane_end - lane, n, rows + lane * kKeyBlock, kKeyBlock, tile + lane, kQueryBlock);
}

// Adds attn_mask to the scores of a strip. −inf is put in place of a score rather than added, since
// −inf + NaN would be NaN.
inline void apply_mask(const Lanes& lanes, const Strip& strip, float* scores, float* memory) {
  const Floats d;
  const MaskView<float>& mask = lanes.problem.mask;
  const Vec hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
  float* tile = memory;
  if (!lanes.one_mask_row) load_mask(lanes, strip, tile, memory + kQueryBlock * kKeyBlock);
  for (std::int64_t s = strip.s; s < strip.s_end; ++s) {
    const std::int64_t j = s - strip.s;
    const std::int64_t at = lanes.mask_row[0] + s * mask.stride_s;
    Vec same = hn::Zero(d);
    if (lanes.one_mask_row && mask.visible != nullptr) same = mask.visible[at] ? same : hidden;
    if (lanes.one_mask_row && mask.bias != nullptr) same = hn::Set(d, mask.bias[at]);
    for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
      float* place = scores + j * kQueryBlock + v * kLanes;
      const Vec bias =
          lanes.one_mask_row ? same : hn::LoadU(d, tile + j * kQueryBlock + v * kLanes);
      const Vec sum = hn::Add(hn::LoadU(d, place), bias);
      hn::StoreU(hn::IfThenElse(hn::Eq(bias, hidden), hidden, sum), d, place);
    }
  }
}

// cap·tanh(score/cap); the tanh is left in `tanhs`, if given, laid out as the scores.
inline void cap_scores(const Strip& strip, float cap, float* scores, float* tanhs) {
  const Floats d;
  for (std::int64_t j = 0; j < strip.s_end - strip.s; ++j) {
    for (std::int64_t v = strip.vector; v < strip.vector_end; ++v) {
      float* place = scores + j * kQueryBlock + v * kLanes;
      const Vec t = tanh(hn::Div(hn::LoadU(d, place), hn::Set(d, cap)));
      if (tanhs != nullptr) hn::StoreU(t, d, tanhs + j * kQueryBlock + v * kLanes);
      hn::StoreU(hn::Mul(t, hn::Set(d, cap)), d, place);
    }
  }
}

// Scores of a strip, scaled, capped and masked, at scores + (key − strip.s)·kQueryBlock + lane.
// `mask_memory`: 2·kQueryBlock·kKeyBlock numbers. Returns whether some pair may be hidden.
inline bool score_strip(const Lanes& lanes, const Strip& strip, const float* qt, float* scores,
                        float* tanhs, float* mask_memory) {
  const AttentionProblem<float>& p = lanes.problem;
  const float* keys = p.k.row(lanes.block.b, lanes.block.g, strip.s);
  const std::int64_t lane = strip.vector * kLanes;
  multiply<Finish::kSet>(strip.s_end - strip.s, strip.vector_end - strip.vector,
                         {keys, p.k.stride_t, 1}, {qt + lane, kQueryBlock}, p.D,
                         {scores + lane, kQueryBlock, p.scale(), nullptr});
  if (p.softcap() != 0) cap_scores(strip, p.softcap(), scores, tanhs);
  if (has_mask(p)) apply_mask(lanes, strip, scores, mask_memory);
  if (strip.by_position) hide_by_position(lanes, strip, scores);
  return strip.by_position || has_mask(p);
}

// Whether all of x [rows, columns] is finite: then Σ 0·x is 0, else NaN. Four rows at a time,
// because one addition to a sum takes as long as eight independent ones.
inline bool all_finite(std::int64_t rows, std::int64_t columns, const float* x,
                       std::int64_t stride) {
  const Floats d;
  const Vec zero = hn::Zero(d);
  Vec sum0 = zero, sum1 = zero, sum2 = zero, sum3 = zero;
  float rest = 0;
  for (std::int64_t i = 0; i < rows; i += 4) {
    const float* row0 = x + i * stride;
    const float* row1 = x + std::min(i + 1, rows - 1) * stride;
    const float* row2 = x + std::min(i + 2, rows - 1) * stride;
    const float* row3 = x + std::min(i + 3, rows - 1) * stride;
    std::int64_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) {
      sum0 = hn::MulAdd(hn::LoadU(d, row0 + j), zero, sum0);
      sum1 = hn::MulAdd(hn::LoadU(d, row1 + j), zero, sum1);
      sum2 = hn::MulAdd(hn::LoadU(d, row2 + j), zero, sum2);
      sum3 = hn::MulAdd(hn::LoadU(d, row3 + j), zero, sum3);
    }
    for (; j < columns; ++j) rest += 0 * row0[j] + 0 * row1[j] + 0 * row2[j] + 0 * row3[j];
  }
  const Vec sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  return hn::AllTrue(d, hn::Eq(sum, zero)) && rest == 0;
}

}  // namespace clearhead::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // CLEARHEAD_KERNELS_ATTENTION_SIMD_LOOPS_INL_H_
