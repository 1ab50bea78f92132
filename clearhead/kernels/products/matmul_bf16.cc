// The matrix product on tiles of bf16: packs the factors and divides the work.
#include "clearhead/kernels/products/matmul_bf16.h"

#include <algorithm>

#include "clearhead/base/caches.h"
#include "clearhead/kernels/products/row_blocks_bf16.h"
#include "clearhead/kernels/targets/tiles.h"

namespace clearhead::kernels {
namespace {

using tiles::kPanel;

// Both factors packed in advance: a block of c, 256 × 512 sums, takes 512 KiB, and 512 steps of its
// part of a 256 KiB (twice, since the next ones are fetched meanwhile), together half of a
// second-level cache of 2 MiB.
constexpr std::int64_t kBlockRows = 256;
constexpr std::int64_t kBlockColumns = 512;

// A piece of packing: so many rows of a factor as it lies in memory, which is read from front to
// back. Whole panels, or whole steps of K.
constexpr std::int64_t kPieceRows = 64;
static_assert(kPieceRows % kPanel == 0 && kPieceRows % tiles::kDepthStep == 0);

// Bytes of the packed panels of `lines` lines and K steps.
std::int64_t packed_bytes(const MatmulProblem& p, std::int64_t lines, std::int64_t K) {
  return ceil_div(lines, kPanel) * tiles::panel_bytes(K, bf16_parts(p.precision));
}

std::int64_t pieces_of(const MatrixView<const float>& factor) {
  return ceil_div(factor.by_columns() ? factor.columns : factor.rows, kPieceRows);
}

// Whether each block packs its rows of a for itself, so that a need not be written to memory and
// read again: where b is met by so many blocks that they are work for all threads, and the rows of
// one are no deeper than a second-level cache allows (1.5 MiB of a).
bool packs_a_by_block(const MatmulProblem& p) {
  return p.c.rows >= 2 * p.threads * kBlockRows &&
         packed_bytes(p, kBlockRows, p.a.columns) <= 3 << 19;
}

// Rows of a block: fewer where there would otherwise be fewer blocks than threads, or one more than
// they divide among them.
std::int64_t block_rows(const MatmulProblem& p) {
  const std::int64_t down = ceil_div(p.c.rows, kBlockRows);
  const std::int64_t across = packs_a_by_block(p) ? 1 : ceil_div(p.c.columns, kBlockColumns);
  if (down * across >= 4 * p.threads) return kBlockRows;
  const std::int64_t even = ceil_div(round_up(down * across, p.threads), across);
  return in_panels(ceil_div(p.c.rows, even));
}

// A packed factor that leaves the second level is written past the caches: a line that is written
// there need not be fetched before, which halves the time of packing. To read it takes no longer.
constexpr std::int64_t kPastCaches = 2 << 20;

tiles::Panels panels_of(const MatmulProblem& p, char* to, bool past_caches) {
  const int parts = bf16_parts(p.precision);
  return {to, tiles::panel_bytes(p.a.columns, parts), parts, past_caches};
}

// The columns [column, …) of rows [row, …) of c from their packed factors.
void multiply_packed(const MatmulProblem& p, std::int64_t row, std::int64_t column, const char* a,
                     const char* b, float* sums) {
  const MatrixView<float>& c = p.c;
  const MatrixView<float> part = c.part(row, column, std::min(block_rows(p), c.rows - row),
                                        std::min(kBlockColumns, c.columns - column));
  const bool adds_row = !p.accumulate && p.row != nullptr;
  for (std::int64_t i = 0; i < part.rows && adds_row; ++i) {
    std::copy_n(p.row + column, part.columns, &part.at(i, 0));  // still in a cache when it is read
  }
  tiles::multiply_panels({part, p.accumulate || adds_row, is_large(c.rows * c.columns)},
                         p.a.columns, a, b, bf16_parts(p.precision), sums);
}

}  // namespace

bool matmul_takes_bf16(const MatmulProblem& p) {
  const std::int64_t M = p.c.rows, N = p.c.columns, K = p.a.columns;
  return tiles_serve(p.precision) && M >= 16 && N >= 16 && K >= 16 && M * N * K >= kFewestWork;
}

std::int64_t packed_factors_bytes(const MatmulProblem& p) {
  const std::int64_t of_b = packed_bytes(p, p.c.columns, p.a.columns);
  return of_b + (packs_a_by_block(p) ? 0 : packed_bytes(p, p.c.rows, p.a.columns));
}

std::int64_t factor_pieces(const MatmulProblem& p) {
  return pieces_of(p.b) + (packs_a_by_block(p) ? 0 : pieces_of(p.a));
}

// First those of b.
void pack_factor_piece(const MatmulProblem& p, std::int64_t i, char* factors) {
  const std::int64_t N = p.c.columns, K = p.a.columns;
  const std::int64_t pieces_of_b = pieces_of(p.b);
  const bool is_b = i < pieces_of_b;
  const std::int64_t at = (is_b ? i : i - pieces_of_b) * kPieceRows;
  const MatrixView<const float> lines = is_b ? p.b.transposed() : p.a;
  const bool along_K = !lines.by_columns();
  const std::int64_t rows = std::min(kPieceRows, (along_K ? lines.rows : K) - at);
  const MatrixView<const float> piece =
      along_K ? lines.part(at, 0, rows, K) : lines.part(0, at, lines.rows, rows);
  char* const to =
      factors + (is_b ? 0 : packed_bytes(p, N, K)) +
      (along_K ? packed_bytes(p, at, K) : tiles::panel_bytes(at, bf16_parts(p.precision)));
  const tiles::Panels panels = panels_of(p, to, packed_bytes(p, lines.rows, K) >= kPastCaches);
  is_b ? tiles::pack_columns(piece.transposed(), panels) : tiles::pack_rows(piece, panels);
}

std::int64_t product_blocks(const MatmulProblem& p) {
  return ceil_div(p.c.rows, block_rows(p)) *
         (packs_a_by_block(p) ? 1 : ceil_div(p.c.columns, kBlockColumns));
}

std::int64_t product_workspace(const MatmulProblem& p) {
  const std::int64_t sums =
      in_panels(std::min(p.c.rows, kBlockRows)) * in_panels(std::min(p.c.columns, kBlockColumns));
  const std::int64_t a = packs_a_by_block(p) ? packed_bytes(p, kBlockRows, p.a.columns) : 0;
  return sums + a / static_cast<std::int64_t>(sizeof(float));
}

void multiply_block(const MatmulProblem& p, std::int64_t i, const char* factors, float* workspace) {
  const std::int64_t M = p.c.rows, N = p.c.columns, K = p.a.columns;
  const std::int64_t rows = block_rows(p), down = ceil_div(M, rows);
  const std::int64_t row = i % down * rows;
  const auto b = [&](std::int64_t column) { return factors + packed_bytes(p, column, K); };
  if (!packs_a_by_block(p)) {
    const std::int64_t column = i / down * kBlockColumns;
    const char* const a = factors + packed_bytes(p, N, K) + packed_bytes(p, row, K);
    multiply_packed(p, row, column, a, b(column), workspace);
    return;
  }
  auto* const a = reinterpret_cast<char*>(workspace);
  float* const sums = workspace + packed_bytes(p, kBlockRows, K) / sizeof(float);
  tiles::pack_rows(p.a.part(row, 0, std::min(rows, M - row), K),
                   panels_of(p, a, /*past_caches=*/false));
  for (std::int64_t column = 0; column < N; column += kBlockColumns) {
    multiply_packed(p, row, column, a, b(column), sums);
  }
}

}  // namespace clearhead::kernels
