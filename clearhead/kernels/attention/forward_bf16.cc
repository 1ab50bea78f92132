// Forward attention on tiles, with and without pooling: packed keys, and the rows and ranges that
// tiles take of a block.
#include <algorithm>
#include <cstring>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/kernels/attention/bf16.h"
#include "clearhead/kernels/attention/forward_tiles.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

// Keys of a piece of packing: a few microseconds of work.
constexpr std::int64_t kPieceKeys = 1024;

// Of a stretch: little beside the operands of a long sequence. At D = 64 and T = 8192 stretches of
// 1 and 2 MiB were as fast as a whole head.
constexpr std::int64_t kStretchBytes = std::int64_t{2} << 20;
static_assert(kPieceKeys % tiles::kKeyStep == 0);

// Packed keys: the largest |k| of each piece, then tiles of keys, then of values.
struct Packed {
  float* largest;
  char* keys;
  char* values;
};
Packed parts_of_packed(const AttentionProblem<float>& problem, std::int64_t n, char* packed) {
  const std::int64_t header = round_up(pack_pieces({0, n}) * 4, 64);
  return {reinterpret_cast<float*>(packed), packed + header,
          packed + header + tiles::packed_keys_bytes(n, problem.D, bf16_parts(problem.precision))};
}

// Bytes of n packed keys and values.
std::int64_t bytes_of(const AttentionProblem<float>& problem, std::int64_t n) {
  const int parts = bf16_parts(problem.precision);
  return round_up(pack_pieces({0, n}) * 4, 64) + tiles::packed_keys_bytes(n, problem.D, parts) +
         tiles::packed_values_bytes(n, problem.Dv, parts);
}

std::int64_t stretch_keys(const AttentionProblem<float>& problem) {
  return std::min(packed_stretch(problem), problem.keys);
}

void pack_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                KeyRange keys, std::int64_t i, const Packed& packed) {
  const int parts = bf16_parts(problem.precision);
  const std::int64_t at = i * kPieceKeys;
  const std::int64_t s = keys.begin + at;
  // Keys from key_count on are seen by none; they may hold anything.
  const std::int64_t n = std::min({kPieceKeys, keys.end - s, problem.key_count[b] - s});
  packed.largest[i] = 0;
  if (n <= 0) return;
  const std::uint32_t largest =
      tiles::pack_keys(problem.k.row(b, g, s), problem.k.stride_t, n, problem.D, parts,
                       packed.keys + tiles::packed_keys_bytes(at, problem.D, parts));
  tiles::pack_values(problem.v.row(b, g, s), problem.v.stride_t, n, problem.Dv, parts,
                     tiles::PairOrder::of_weights,
                     packed.values + tiles::packed_values_bytes(at, problem.Dv, parts));
  std::memcpy(&packed.largest[i], &largest, sizeof largest);
}

// The largest |k| of n packed keys.
float largest_of(const Packed& packed, std::int64_t n) {
  float largest = 0;
  for (std::int64_t i = 0; i < pack_pieces({0, n}); ++i) {
    // Not (a < b): a NaN stays.
    if (!(packed.largest[i] <= largest)) largest = packed.largest[i];
  }
  return largest;
}

// What tiles need to know of the rows of a block, at most tiles::kRows, and some keys.
tiles::Rows tile_rows(const AttentionProblem<float>& problem, const QueryBlock& block,
                      KeyRange keys) {
  tiles::Rows rows = {};
  rows.count = block.rows;
  std::int64_t h = block.g * (problem.H / problem.G) + block.first / problem.queries;
  std::int64_t t = block.first % problem.queries;
  for (std::int64_t r = 0; r < block.rows; ++r) {
    rows.q[r] = problem.q.row(block.b, h, t);
    const KeyRange seen = visible_keys(problem, block.b, t);
    rows.begin[r] = std::clamp(seen.begin, keys.begin, keys.end) - keys.begin;
    rows.end[r] = std::clamp(seen.end, keys.begin, keys.end) - keys.begin;
    const std::int64_t mask = problem.mask.offset(block.b, h, t, keys.begin);
    if (problem.mask.visible != nullptr) rows.visible[r] = problem.mask.visible + mask;
    if (problem.mask.bias != nullptr) rows.bias[r] = problem.mask.bias + mask;
    if (++t == problem.queries) {
      t = 0;
      ++h;
    }
  }
  rows.mask_stride = problem.mask.stride_s;
  rows.has_mask = problem.mask.visible != nullptr || problem.mask.bias != nullptr;
  rows.D = problem.D;
  rows.Dv = problem.Dv;
  rows.parts = bf16_parts(problem.precision);
  rows.scale = problem.scale();
  rows.softcap = problem.softcap();
  return rows;
}

constexpr std::int64_t kBlockParts = ceil_div(kQueryBlock, tiles::kRows);

// Of two results of a block, up to a multiple of 64 bytes.
std::int64_t joining_numbers(const AttentionProblem<float>& problem) {
  return round_up(2 * kQueryBlock * (problem.Dv + 2), 16);
}

// Part of a block and of its results.
QueryBlock rows_of(const QueryBlock& block, std::int64_t row, std::int64_t rows) {
  return {block.b, block.g, block.first + row, rows};
}
BlockResult rows_of(const AttentionProblem<float>& problem, const BlockResult& result,
                    std::int64_t row) {
  return {result.z + row * problem.Dv, result.row_max + row, result.row_sum + row};
}

// What `rows`, of the block `block`, will need while they meet their keys or after that: where z is
// written to, and the same queries of the next block.
void add_soon_needed(const AttentionProblem<float>& problem, const QueryBlock& block,
                     const BlockResult& to, tiles::Rows& rows) {
  constexpr auto kBytes = static_cast<std::int64_t>(sizeof(float));
  rows.soon[0] = {to.z, problem.Dv * kBytes, problem.Dv * kBytes};
  const std::int64_t next = block.first + kQueryBlock;
  const std::int64_t heads = problem.H / problem.G;
  if (next < heads * problem.queries) {
    const std::int64_t h = block.g * heads + next / problem.queries;
    rows.soon[1] = {problem.q.row(block.b, h, next % problem.queries), problem.q.stride_t * kBytes,
                    problem.D * kBytes};
  }
}

// Whether some row of a block sees some of the keys.
bool sees_any(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys) {
  for (std::int64_t r = 0; r < block.rows; ++r) {
    const KeyRange seen = visible_keys(problem, block.b, (block.first + r) % problem.queries);
    if (std::max(seen.begin, keys.begin) < std::min(seen.end, keys.end)) return true;
  }
  return false;
}

// As many packed keys and values as stay in a quarter of a second-level cache of 2 MiB while
// several blocks of queries meet them.
std::int64_t near_keys(const AttentionProblem<float>& problem) {
  constexpr std::int64_t kNear = std::int64_t{512} << 10;
  const int parts = bf16_parts(problem.precision);
  const std::int64_t bytes = tiles::packed_keys_bytes(tiles::kChunk, problem.D, parts) +
                             tiles::packed_values_bytes(tiles::kChunk, problem.Dv, parts);
  return std::max<std::int64_t>(1, kNear / bytes) * tiles::kChunk;
}

// Up to tiles::kRows rows of a block on their way along the keys.
struct RowsOnTheirWay {
  tiles::Rows rows;
  BlockResult to;
  char* state;
  std::uint32_t bad;
};

// The result of a block over packed keys alone.
void forward_over(const AttentionProblem<float>& problem, const QueryBlock& block, KeyRange keys,
                  const Packed& packed, const BlockResult& result, float* workspace) {
  char* const scratch = reinterpret_cast<char*>(workspace);
  char* const states = scratch + tiles::kScratchBytes;
  const std::int64_t state_bytes =
      tiles::state_bytes(problem.D, problem.Dv, bf16_parts(problem.precision));
  RowsOnTheirWay parts[kBlockParts];
  const std::int64_t count = ceil_div(block.rows, tiles::kRows);
  std::int64_t end = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = i * tiles::kRows;
    RowsOnTheirWay& part = parts[i];
    const QueryBlock rows = rows_of(block, row, std::min(tiles::kRows, block.rows - row));
    part = {tile_rows(problem, rows, keys), rows_of(problem, result, row), states + i * state_bytes,
            ~std::uint32_t{0}};
    add_soon_needed(problem, rows, part.to, part.rows);
    end = std::max(end, *std::max_element(part.rows.end, part.rows.end + rows.rows));
  }
  const float largest_key = largest_of(packed, end);
  const bool finite = largest_key < std::numeric_limits<float>::infinity();
  for (RowsOnTheirWay* part = parts; finite && part < parts + count; ++part) {
    part->rows.keys = packed.keys;
    part->rows.values = packed.values;
    part->rows.largest_key = largest_key;
    part->bad = tiles::forward_begin(part->rows, scratch, part->state);
  }
  const std::int64_t step = near_keys(problem);
  for (std::int64_t s = 0; finite && s < end; s += step) {
    for (RowsOnTheirWay* part = parts; part < parts + count; ++part) {
      part->bad |= tiles::forward_keys(part->rows, s, s + step, scratch, part->state);
    }
  }
  for (std::int64_t i = 0; i < count && finite; ++i) {
    RowsOnTheirWay& part = parts[i];
    part.bad |= tiles::forward_end(part.rows, part.to.z, part.to.row_max, part.to.row_sum, scratch,
                                   part.state);
  }
  for (std::int64_t r = 0; r < block.rows;) {
    const auto is_bad = [&](std::int64_t row) {
      return row < block.rows && (parts[row / tiles::kRows].bad >> row % tiles::kRows & 1U) != 0;
    };
    std::int64_t bad_end = r;
    while (is_bad(bad_end)) ++bad_end;
    if (bad_end > r) {
      attention_forward_simd(problem, rows_of(block, r, bad_end - r), keys,
                             rows_of(problem, result, r), workspace);
    }
    r = bad_end + 1;
  }
}

}  // namespace

bool attention_forward_takes_bf16(const AttentionProblem<float>& problem) {
  return tiles_serve(problem.precision) && problem.rounding == SoftmaxRounding::none &&
         problem.Dv > 0 && !are_few_queries(problem.H / problem.G * problem.queries);
}

std::int64_t packed_stretch(const AttentionProblem<float>& problem) {
  const int parts = bf16_parts(problem.precision);
  const std::int64_t piece = tiles::packed_keys_bytes(kPieceKeys, problem.D, parts) +
                             tiles::packed_values_bytes(kPieceKeys, problem.Dv, parts);
  return std::max<std::int64_t>(kStretchBytes / piece, 1) * kPieceKeys;
}

std::int64_t packed_bytes(const AttentionProblem<float>& problem) {
  return bytes_of(problem, stretch_keys(problem));
}

std::int64_t pack_pieces(KeyRange keys) { return ceil_div(keys.end - keys.begin, kPieceKeys); }

void pack_keys_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     KeyRange keys, std::int64_t i, char* to) {
  pack_piece(problem, b, g, keys, i, parts_of_packed(problem, stretch_keys(problem), to));
}

std::int64_t attention_forward_workspace_bf16(const AttentionProblem<float>& problem) {
  const std::int64_t state =
      tiles::state_bytes(problem.D, problem.Dv, bf16_parts(problem.precision));
  const std::int64_t tiles =
      (tiles::kScratchBytes + kBlockParts * state) / static_cast<std::int64_t>(sizeof(float));
  return joining_numbers(problem) + std::max(tiles, attention_workspace_simd(problem));
}

void attention_forward_bf16(const AttentionProblem<float>& problem, const QueryBlock& block,
                            KeyRange keys, const char* packed, const BlockResult& result,
                            float* workspace) {
  const Packed stretch = parts_of_packed(problem, stretch_keys(problem), const_cast<char*>(packed));
  if (keys.begin == 0) {
    forward_over(problem, block, keys, stretch, result, workspace);
    return;
  }
  if (!sees_any(problem, block, keys)) return;
  // Two results: of the keys before, and of these.
  const std::int64_t rows = block.rows;
  float* const z = workspace;
  float* const row_max = z + 2 * rows * problem.Dv;
  float* const row_sum = row_max + 2 * rows;
  std::copy_n(result.z, rows * problem.Dv, z);
  std::copy_n(result.row_max, rows, row_max);
  std::copy_n(result.row_sum, rows, row_sum);
  forward_over(problem, block, keys, stretch,
               {z + rows * problem.Dv, row_max + rows, row_sum + rows},
               workspace + joining_numbers(problem));
  attention_join_parts(2, rows, problem.Dv, {z, row_max, row_sum}, result);
}

bool packed_cells_fit(std::int64_t cell) {
  return cell % tiles::kKeyStep == 0 && cell >= tiles::kChunk / 2;
}

std::int64_t pool_head_bytes(const AttentionProblem<float>& problem) {
  return bytes_of(problem, problem.keys);
}

void pack_pool_piece(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t g,
                     std::int64_t i, char* head) {
  const KeyRange keys{0, problem.keys};
  pack_piece(problem, b, g, keys, i, parts_of_packed(problem, problem.keys, head));
}

std::int64_t attention_pool_workspace_bf16(const AttentionProblem<float>& problem) {
  const std::int64_t state =
      tiles::state_bytes(problem.D, problem.Dv, bf16_parts(problem.precision));
  return (tiles::kScratchBytes + kPoolRows / tiles::kRows * state) /
         static_cast<std::int64_t>(sizeof(float));
}

void attention_pool_bf16(const AttentionProblem<float>& problem, std::int64_t b, std::int64_t h,
                         std::int64_t t, std::int64_t t_end, KeyRange cells, const char* head,
                         const PooledRows<float>& out, bool* trusted, float* workspace) {
  const Packed packed = parts_of_packed(problem, problem.keys, const_cast<char*>(head));
  const float largest_key = largest_of(packed, problem.keys);
  std::fill(trusted, trusted + (t_end - t), largest_key < std::numeric_limits<float>::infinity());
  if (!trusted[0]) return;
  const int parts = bf16_parts(problem.precision);
  char* const scratch = reinterpret_cast<char*>(workspace);
  struct PoolBlock {
    tiles::Rows rows;
    tiles::Cells cells;
    char* state;
    std::uint32_t bad;
  };
  PoolBlock blocks[kPoolRows / tiles::kRows];
  const std::int64_t count = ceil_div(t_end - t, tiles::kRows);
  const std::int64_t heads = problem.H / problem.G;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = i * tiles::kRows;
    PoolBlock& block = blocks[i];
    block.rows = tile_rows(problem,
                           {b, h / heads, h % heads * problem.queries + t + row,
                            std::min(tiles::kRows, t_end - t - row)},
                           {0, problem.keys});
    block.rows.keys = packed.keys;
    block.rows.values = packed.values;
    block.rows.largest_key = largest_key;
    block.cells = {out.cell,
                   out.cells,
                   cells.begin,
                   cells.end,
                   out.cell_max + row * out.cells,
                   out.cell_sum + row * out.cells};
    block.state =
        scratch + tiles::kScratchBytes + i * tiles::state_bytes(problem.D, problem.Dv, parts);
    block.bad = tiles::pool_begin(block.rows, block.cells, scratch, block.state);
  }
  const std::int64_t near = near_keys(problem);
  const std::int64_t end = std::min(cells.end * out.cell, problem.keys);
  for (std::int64_t s = cells.begin * out.cell; s < end; s += near) {
    for (PoolBlock* block = blocks; block < blocks + count; ++block) {
      block->bad |= tiles::pool_keys(block->rows, block->cells, s, std::min(s + near, end), scratch,
                                     block->state);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = i * tiles::kRows;
    PoolBlock& block = blocks[i];
    block.bad |=
        tiles::pool_end(block.rows, block.cells, out.z + row * problem.Dv, out.row_max + row,
                        out.row_sum + row, out.mean_score + row, scratch, block.state);
    for (std::int64_t r = 0; r < block.rows.count; ++r)
      trusted[row + r] = (block.bad >> r & 1U) == 0;
  }
}

}  // namespace clearhead::kernels
