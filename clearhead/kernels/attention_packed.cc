#include "clearhead/kernels/attention_packed.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "clearhead/kernels/attention_amx.h"
#include "clearhead/kernels/dispatch.h"

namespace clearhead::kernels {
namespace {

// With fewer queries for each key, packing takes longer than it saves.
constexpr std::int64_t kEnoughQueries = 16;

// Keys of a piece of packing: a few microseconds of work.
constexpr std::int64_t kPieceKeys = 1024;
static_assert(kPieceKeys % amx::kKeyStep == 0);

int parts_of(Precision precision) { return precision == Precision::high ? 2 : 1; }

// A packed head: the largest |k| of each piece, then tiles of keys, then of values.
struct PackedHead {
  float* largest;
  char* keys;
  char* values;
};
PackedHead packed_head(const AttentionProblem<float>& problem, char* head) {
  const std::int64_t header = (pack_pieces(problem) * 4 + 63) / 64 * 64;
  return {
      reinterpret_cast<float*>(head), head + header,
      head + header + amx::packed_keys_bytes(problem.keys, problem.D, parts_of(problem.precision))};
}

// What tiles need to know of the rows of a block: at most amx::kRows.
amx::Rows tile_rows(const AttentionProblem<float>& problem, const QueryBlock& block) {
  amx::Rows rows = {};
  rows.count = block.rows;
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const std::int64_t in_group = block.first + r;
    const std::int64_t h = block.g * (problem.H / problem.G) + in_group / problem.queries;
    const std::int64_t t = in_group % problem.queries;
    rows.q[r] = problem.q.row(block.b, h, t);
    const KeyRange seen = visible_keys(problem, block.b, t);
    rows.begin[r] = seen.begin;
    rows.end[r] = seen.end;
    const std::int64_t mask = problem.mask.offset(block.b, h, t, 0);
    if (problem.mask.visible != nullptr) rows.visible[r] = problem.mask.visible + mask;
    if (problem.mask.bias != nullptr) rows.bias[r] = problem.mask.bias + mask;
  }
  rows.mask_stride = problem.mask.stride_s;
  rows.has_mask = problem.mask.visible != nullptr || problem.mask.bias != nullptr;
  rows.D = problem.D;
  rows.Dv = problem.Dv;
  rows.parts = parts_of(problem.precision);
  rows.scale = problem.scale;
  rows.softcap = problem.softcap;
  return rows;
}

// Part of a block and of its results.
QueryBlock rows_of(const QueryBlock& block, std::int64_t row, std::int64_t rows) {
  return {block.b, block.g, block.first + row, rows};
}
BlockResult rows_of(const AttentionProblem<float>& problem, const BlockResult& result,
                    std::int64_t row) {
  return {result.z + row * problem.Dv, result.row_max + row, result.row_sum + row};
}

}  // namespace

bool attention_is_packed(const AttentionProblem<float>& problem) {
  return problem.precision != Precision::highest && current_target() == Target::amx &&
         problem.rounding == SoftmaxRounding::none && problem.Dv > 0 &&
         problem.H / problem.G * problem.queries >= kEnoughQueries;
}

std::int64_t packed_head_bytes(const AttentionProblem<float>& problem) {
  const int parts = parts_of(problem.precision);
  return (pack_pieces(problem) * 4 + 63) / 64 * 64 +
         amx::packed_keys_bytes(problem.keys, problem.D, parts) +
         amx::packed_values_bytes(problem.keys, problem.Dv, parts);
}

std::int64_t pack_pieces(const AttentionProblem<float>& problem) {
  return (problem.keys + kPieceKeys - 1) / kPieceKeys;
}

void pack_head_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     std::int64_t i, char* head) {
  const PackedHead packed = packed_head(problem, head);
  const int parts = parts_of(problem.precision);
  const std::int64_t s = i * kPieceKeys;
  // Keys from key_count on are seen by none; they may hold anything.
  const std::int64_t n = std::min(kPieceKeys, problem.key_count[b] - s);
  packed.largest[i] = 0;
  if (n <= 0) return;
  const std::uint32_t largest =
      amx::pack_keys(problem.k.row(b, g, s), problem.k.stride_t, n, problem.D, parts,
                     packed.keys + amx::packed_keys_bytes(s, problem.D, parts));
  amx::pack_values(problem.v.row(b, g, s), problem.v.stride_t, n, problem.Dv, parts,
                   amx::PairOrder::of_weights,
                   packed.values + amx::packed_values_bytes(s, problem.Dv, parts));
  std::memcpy(&packed.largest[i], &largest, sizeof largest);
}

std::int64_t packed_block_workspace(const AttentionProblem<float>& problem) {
  return std::max(amx::forward_workspace_bytes(problem.D, problem.Dv, parts_of(problem.precision)) /
                      static_cast<std::int64_t>(sizeof(float)),
                  attention_block_workspace(problem));
}

void packed_forward_block(const AttentionProblem<float>& problem, const QueryBlock& block,
                          const char* head, const BlockResult& result, float* workspace) {
  const PackedHead packed = packed_head(problem, const_cast<char*>(head));
  float largest_key = 0;
  for (std::int64_t i = 0; i < pack_pieces(problem); ++i) {
    // Not (a < b): a NaN stays.
    if (!(packed.largest[i] <= largest_key)) largest_key = packed.largest[i];
  }
  for (std::int64_t row = 0; row < block.rows; row += amx::kRows) {
    const std::int64_t count = std::min(amx::kRows, block.rows - row);
    amx::Rows rows = tile_rows(problem, rows_of(block, row, count));
    rows.keys = packed.keys;
    rows.values = packed.values;
    rows.largest_key = largest_key;
    const BlockResult to = rows_of(problem, result, row);
    std::uint32_t left = ~std::uint32_t{0};
    if (largest_key < std::numeric_limits<float>::infinity()) {
      left = amx::forward(rows, to.z, to.row_max, to.row_sum, reinterpret_cast<char*>(workspace));
    }
    for (std::int64_t r = 0; r < count;) {
      std::int64_t end = r;
      while (end < count && (left >> end & 1U) != 0) ++end;
      if (end > r) {
        attention_forward_block(problem, rows_of(block, row + r, end - r), {0, problem.keys},
                                rows_of(problem, result, row + r), workspace);
      }
      r = end + 1;
    }
  }
}

}  // namespace clearhead::kernels
