// Backward attention on tiles: stretches of keys, and for each the chunks of queries that see it.
#include <algorithm>

#include "clearhead/base/caches.h"
#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/backward_tiles.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

static_assert(kBf16Queries == tiles::kBackwardQueries);

std::int64_t blocks_of_head(const AttentionProblem<float>& problem) {
  return ceil_div(problem.queries, kBf16Queries);
}

tiles::BackwardSizes sizes_of(const AttentionProblem<float>& problem) {
  tiles::BackwardSizes sizes = {};
  sizes.D = problem.D;
  sizes.Dv = problem.Dv;
  sizes.parts = bf16_parts(problem.precision);
  sizes.keys = std::min(tiles::backward_stretch(sizes.D, sizes.Dv, sizes.parts), problem.keys);
  return sizes;
}

// Queries [t, t + count) of one head.
struct Chunk {
  std::int64_t b, h, t, count;
};
Chunk chunk_of(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
               std::int64_t block) {
  const std::int64_t blocks = blocks_of_head(problem);
  const std::int64_t t = block % blocks * kBf16Queries;
  return {b, g * (problem.H / problem.G) + block / blocks, t,
          std::min(kBf16Queries, problem.queries - t)};
}

// What tiles need to know of a chunk that meets the keys [keys.begin, keys.end). Returns whether
// any of its queries sees any of them.
bool describe(const AttentionProblem<float>& problem, const AttentionBackward<float>& saved,
              const Chunk& chunk, KeyRange keys, tiles::BackwardQueries& to) {
  const std::int64_t row = (chunk.b * problem.H + chunk.h) * problem.queries + chunk.t;
  to = {};
  to.count = chunk.count;
  to.q = problem.q.row(chunk.b, chunk.h, chunk.t);
  to.q_stride = problem.q.stride_t;
  to.dz = saved.dz.row(chunk.b, chunk.h, chunk.t);
  to.dz_stride = saved.dz.stride_t;
  to.row_max = saved.row_max + row;
  to.row_sum = saved.row_sum + row;
  to.delta = saved.delta + row;
  bool sees = false;
  for (std::int64_t i = 0; i < chunk.count; ++i) {
    const KeyRange range = visible_keys(problem, chunk.b, chunk.t + i);
    const std::int64_t n = keys.end - keys.begin;
    const std::int64_t begin = std::clamp<std::int64_t>(range.begin - keys.begin, 0, n);
    const std::int64_t end = std::clamp<std::int64_t>(range.end - keys.begin, 0, n);
    to.begin[i] = static_cast<std::int32_t>(begin);
    to.end[i] = static_cast<std::int32_t>(end);
    sees = sees || begin < end;
  }
  const std::int64_t mask = problem.mask.offset(chunk.b, chunk.h, chunk.t, keys.begin);
  if (problem.mask.visible != nullptr) to.visible = problem.mask.visible + mask;
  if (problem.mask.bias != nullptr) to.bias = problem.mask.bias + mask;
  to.mask_stride_t = problem.mask.stride_t;
  to.mask_stride_s = problem.mask.stride_s;
  to.scale = problem.scale();
  to.softcap = problem.softcap();
  return sees;
}

// What tiles refuse, in f32; and with it the rows' maxima and sums, since those saved belong to the
// scores of tiles.
void backward_in_f32(AttentionProblem<float> problem, const AttentionBackward<float>& saved,
                     const QueryBlock& block, KeyRange keys, const GradientRows<float>& to,
                     float* workspace) {
  problem.precision = Precision::highest;
  problem.scores_again = true;
  float* const z = workspace;  // [kQueryBlock, Dv]
  float* const row_max = z + kQueryBlock * problem.Dv;
  float* const row_sum = row_max + kQueryBlock;
  float* const delta = row_sum + kQueryBlock;
  float* const rest = delta + kQueryBlock;
  attention_forward_simd(problem, block, {0, problem.keys}, {z, row_max, row_sum}, rest);
  const std::int64_t h = block.g * (problem.H / problem.G) + block.first / problem.queries;
  std::fill(delta, delta + kQueryBlock, 0.0F);
  attention_delta_simd(block.rows, problem.Dv,
                       saved.dz.row(block.b, h, block.first % problem.queries), saved.dz.stride_t,
                       z, problem.Dv, delta);
  attention_backward_simd(problem, {row_max, row_sum, saved.dz, delta, row_of(problem, block)},
                          block, keys, to, rest);
}

// A call of attention_backward_bf16.
struct Piece {
  const AttentionProblem<float>& problem;
  const AttentionBackward<float>& saved;
  std::int64_t b, g, block, block_end;
  const GradientRows<float>& to;
  bool over;
  tiles::BackwardSizes sizes;
  char* memory;      // of tiles
  float* of_blocks;  // of what they refuse
};

using How = tiles::RowsInto::How;

// How a gradient [B, heads, rows, columns] is put over what lies there.
How written(std::int64_t B, std::int64_t heads, std::int64_t rows, std::int64_t columns) {
  return is_large(B * heads * rows * columns) ? How::stream : How::write;
}

// The rows from (b, h, t) on; null if they are not wanted.
tiles::RowsInto rows_of(const HeadsRows<float>& to, std::int64_t b, std::int64_t h, std::int64_t t,
                        How how) {
  return {to.data == nullptr ? nullptr : to.row(b, h, t), to.stride_t, how};
}

// The queries of the piece meet a stretch of keys, perhaps the first or the last of the piece.
void meet_stretch(const Piece& piece, KeyRange keys, bool is_first, bool is_last) {
  const AttentionProblem<float>& p = piece.problem;
  const GradientRows<float>& to = piece.to;
  const std::int64_t b = piece.b, g = piece.g;
  // What is added to later stays near.
  const How over_queries = is_last ? written(p.B, p.H, p.queries, p.D) : How::write;
  const How of_queries = piece.over && is_first ? over_queries : How::add;
  bool loaded = false, adds_keys = !piece.over;
  const auto fill_zeros_of_keys = [&] {
    fill_zeros(to.k, b, g, keys, p.D);
    fill_zeros(to.v, b, g, keys, p.Dv);
  };
  for (std::int64_t i = piece.block; i < piece.block_end; ++i) {
    const Chunk chunk = chunk_of(p, b, g, i);
    const KeyRange rows{chunk.t, chunk.t + chunk.count};
    tiles::BackwardQueries queries = {};
    if (!describe(p, piece.saved, chunk, keys, queries)) {
      if (of_queries != How::add) fill_zeros(to.q, b, chunk.h, rows, p.D);
      continue;
    }
    if (!loaded) {
      tiles::backward_load_keys(piece.sizes, p.k.row(b, g, keys.begin), p.k.stride_t,
                                p.v.row(b, g, keys.begin), p.v.stride_t, keys.end - keys.begin,
                                piece.memory);
      loaded = true;
    }
    const tiles::RowsInto dq = rows_of(to.q, b, chunk.h, chunk.t, of_queries);
    if (tiles::backward_chunk(piece.sizes, queries, dq, piece.memory)) continue;
    if (of_queries != How::add) fill_zeros(to.q, b, chunk.h, rows, p.D);
    if (!adds_keys) fill_zeros_of_keys();
    adds_keys = true;
    const std::int64_t first = (chunk.h - g * (p.H / p.G)) * p.queries + chunk.t;
    for (std::int64_t t = 0; t < chunk.count; t += kQueryBlock) {
      backward_in_f32(p, piece.saved, {b, g, first + t, std::min(kQueryBlock, chunk.count - t)},
                      keys, to, piece.of_blocks);
    }
  }
  if (loaded) {
    const auto into = [&](const HeadsRows<float>& d, std::int64_t columns) {
      return rows_of(d, b, g, keys.begin,
                     adds_keys ? How::add : written(p.B, p.G, p.keys, columns));
    };
    tiles::backward_end_keys(piece.sizes, p.scale(), keys.end - keys.begin, into(to.k, p.D),
                             into(to.v, p.Dv), piece.memory);
  } else if (piece.over) {
    fill_zeros_of_keys();
  }
}

}  // namespace

bool attention_backward_takes_bf16(const AttentionProblem<float>& problem) {
  return tiles_serve(problem.precision) && problem.rounding == SoftmaxRounding::none &&
         problem.D > 0 && problem.Dv > 0 && !are_few_queries(problem.queries);
}

std::int64_t query_blocks_bf16(const AttentionProblem<float>& problem) {
  return problem.H / problem.G * blocks_of_head(problem);
}

std::int64_t attention_backward_workspace_bf16(const AttentionProblem<float>& problem) {
  return tiles::backward_workspace_bytes(sizes_of(problem)) /
             static_cast<std::int64_t>(sizeof(float)) +
         kQueryBlock * (problem.Dv + 3) + attention_workspace_simd(problem);
}

void attention_backward_bf16(const AttentionProblem<float>& problem,
                             const AttentionBackward<float>& saved, std::int64_t b, std::int64_t g,
                             std::int64_t block, std::int64_t block_end, KeyRange keys,
                             const GradientRows<float>& to, bool over, float* workspace) {
  const tiles::BackwardSizes sizes = sizes_of(problem);
  float* const of_blocks =
      workspace + tiles::backward_workspace_bytes(sizes) / static_cast<std::int64_t>(sizeof(float));
  const Piece piece = {problem,   saved, b,    g,     block,
                       block_end, to,    over, sizes, reinterpret_cast<char*>(workspace),
                       of_blocks};
  const std::int64_t end =
      std::min(keys.end, problem.key_count[b]);  // later ones may hold anything
  KeyRange stretch{keys.begin, keys.begin};
  do {  // written over are gradients of no keys, too
    stretch = {stretch.end, std::min(stretch.end + sizes.keys, end)};
    if (stretch.begin >= stretch.end && !over) continue;
    meet_stretch(piece, stretch, stretch.begin == keys.begin, stretch.end == end);
  } while (stretch.end < end);
  if (!over) return;
  fill_zeros(to.k, b, g, {end, keys.end}, problem.D);
  fill_zeros(to.v, b, g, {end, keys.end}, problem.Dv);
}

}  // namespace clearhead::kernels
