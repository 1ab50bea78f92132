#include "clearhead/kernels/products/matmul_bf16.h"

#include <algorithm>

#include "clearhead/kernels/products/row_blocks.h"
#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {
namespace {

using amx::kPanel;

// Both factors packed in advance: a block of c, 256 × 512 sums, takes 512 KiB, and 512 steps of its part of a 256 KiB
// (twice, since the next ones are fetched meanwhile), together half of a second-level cache of 2 MiB.
constexpr std::int64_t kBlockRows = 256;
constexpr std::int64_t kBlockColumns = 512;

// A piece of packing: 8 panels, so that reading a factor across its rows takes 256 neighbours; of
// small factors 2, so that there is work for all threads.
constexpr std::int64_t kPiecePanels = 8, kSmallPiecePanels = 2;
constexpr std::int64_t kSmall = 2048;  // rows and columns together

int parts_of(Precision precision) { return precision == Precision::high ? 2 : 1; }

// Bytes of the packed panels of `lines` lines and K steps.
std::int64_t packed_bytes(const MatmulProblem& p, std::int64_t lines, std::int64_t K) {
  return divided_up(lines, kPanel) * amx::panel_bytes(K, parts_of(p.precision));
}

std::int64_t piece_lines(const MatmulProblem& p) {
  return (p.M + p.N <= kSmall ? kSmallPiecePanels : kPiecePanels) * kPanel;
}

// Whether each block packs its rows of a for itself. Where b is met by so many blocks that they are work for all threads,
// and so deep as a second-level cache allows (1 MiB of a), a need not be written to memory and read again.
bool packs_a_by_block(const MatmulProblem& p) {
  return p.M >= 8 * kBlockRows && packed_bytes(p, kBlockRows, p.K) <= 1 << 20;
}

// Rows of a block: fewer where there would otherwise be fewer blocks than threads, or one more than
// they divide among them.
std::int64_t block_rows(const MatmulProblem& p) {
  const std::int64_t down = divided_up(p.M, kBlockRows);
  const std::int64_t across = packs_a_by_block(p) ? 1 : divided_up(p.N, kBlockColumns);
  if (down * across >= 4 * p.threads) return kBlockRows;
  const std::int64_t even = divided_up(divided_up(down * across, p.threads) * p.threads, across);
  return divided_up(divided_up(p.M, even), kPanel) * kPanel;
}

// Twice what was seen to stay in the third level.
bool packed_past_caches(const MatmulProblem& p) { return packed_factors_bytes(p) >= 48 << 20; }

amx::Panels panels_of(const MatmulProblem& p, char* to) {
  const int parts = parts_of(p.precision);
  return {to, amx::panel_bytes(p.K, parts), parts, packed_past_caches(p)};
}

void pack_rows(const MatmulProblem& p, std::int64_t row, std::int64_t rows, char* to) {
  amx::pack_rows(p.a + row * (p.transpose_a ? 1 : p.lda), p.lda, p.transpose_a, rows, p.K,
                 panels_of(p, to));
}

// The columns [column, …) of rows [row, …) of c from their packed factors.
void multiply_packed_block(const MatmulProblem& p, std::int64_t row, std::int64_t column,
                           const char* a, const char* b, float* sums) {
  const amx::Block block = {std::min(block_rows(p), p.M - row),
                            std::min(kBlockColumns, p.N - column),
                            p.K,
                            p.c + row * p.ldc + column,
                            p.ldc,
                            p.accumulate,
                            is_large(p.M, p.N)};
  amx::multiply_panels(block, a, b, parts_of(p.precision), sums);
}

}  // namespace

bool matmul_takes_bf16(const MatmulProblem& p) {
  return p.precision != Precision::highest && current_target() == Target::amx && p.M >= 16 &&
         p.N >= 16 && p.K >= 16 && p.M * p.N * p.K >= kFewestWork;
}

std::int64_t packed_factors_bytes(const MatmulProblem& p) {
  return packed_bytes(p, p.N, p.K) + (packs_a_by_block(p) ? 0 : packed_bytes(p, p.M, p.K));
}

std::int64_t factor_pieces(const MatmulProblem& p) {
  const std::int64_t lines = piece_lines(p);
  return divided_up(p.N, lines) + (packs_a_by_block(p) ? 0 : divided_up(p.M, lines));
}

// First those of b.
void pack_factor_piece(const MatmulProblem& p, std::int64_t i, char* factors) {
  const std::int64_t most = piece_lines(p);
  const std::int64_t pieces_of_b = divided_up(p.N, most);
  const bool is_b = i < pieces_of_b;
  const std::int64_t line = (is_b ? i : i - pieces_of_b) * most;
  const std::int64_t lines = std::min(most, (is_b ? p.N : p.M) - line);
  char* const to = factors + (is_b ? 0 : packed_bytes(p, p.N, p.K)) + packed_bytes(p, line, p.K);
  if (is_b) {
    amx::pack_columns(p.b + line * (p.transpose_b ? p.ldb : 1), p.ldb, p.transpose_b, lines, p.K,
                      panels_of(p, to));
  } else {
    pack_rows(p, line, lines, to);
  }
}

std::int64_t product_blocks(const MatmulProblem& p) {
  return divided_up(p.M, block_rows(p)) *
         (packs_a_by_block(p) ? 1 : divided_up(p.N, kBlockColumns));
}

std::int64_t product_workspace(const MatmulProblem& p) {
  const auto padded = [](std::int64_t n, std::int64_t most) {
    return divided_up(std::min(n, most), kPanel) * kPanel;
  };
  const std::int64_t sums = padded(p.M, kBlockRows) * padded(p.N, kBlockColumns);
  const std::int64_t a = packs_a_by_block(p) ? packed_bytes(p, kBlockRows, p.K) : 0;
  return sums + a / static_cast<std::int64_t>(sizeof(float));
}

void multiply_block(const MatmulProblem& p, std::int64_t i, const char* factors, float* workspace) {
  const std::int64_t rows = block_rows(p), down = divided_up(p.M, rows);
  const std::int64_t row = i % down * rows;
  const auto b = [&](std::int64_t column) { return factors + packed_bytes(p, column, p.K); };
  if (!packs_a_by_block(p)) {
    const std::int64_t column = i / down * kBlockColumns;
    const char* const a = factors + packed_bytes(p, p.N, p.K) + packed_bytes(p, row, p.K);
    multiply_packed_block(p, row, column, a, b(column), workspace);
    return;
  }
  auto* const a = reinterpret_cast<char*>(workspace);
  float* const sums = workspace + packed_bytes(p, kBlockRows, p.K) / sizeof(float);
  pack_rows(p, row, std::min(rows, p.M - row), a);
  for (std::int64_t column = 0; column < p.N; column += kBlockColumns) {
    multiply_packed_block(p, row, column, a, b(column), sums);
  }
}

}  // namespace clearhead::kernels
