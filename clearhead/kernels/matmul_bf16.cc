#include "clearhead/kernels/matmul_bf16.h"

#include <algorithm>

#include "clearhead/kernels/dispatch.h"
#include "clearhead/kernels/matmul_amx.h"

namespace clearhead::kernels {
namespace {

using amx::kPanel;

// A block of c: 256 × 512 sums take 512 KiB, and 512 steps of its part of a 256 KiB (twice, since the
// next ones are fetched meanwhile), together half of a second-level cache of 2 MiB.
constexpr std::int64_t kBlockRows = 256;
constexpr std::int64_t kBlockColumns = 512;

// From this size on c is written past the caches: twice what a second-level cache holds.
constexpr std::int64_t kLargeBytes = 4 << 20;

// A piece of packing: 8 panels, so that reading a factor across its rows takes 256 neighbours.
constexpr std::int64_t kPiecePanels = 8;

// Below this many multiply-adds packing takes longer than it saves.
constexpr std::int64_t kEnoughWork = 64 * 64 * 64;

int parts_of(Precision precision) { return precision == Precision::high ? 2 : 1; }

std::int64_t divided_up(std::int64_t n, std::int64_t by) { return (n + by - 1) / by; }

std::int64_t bytes_of_a(const MatmulProblem& p) {
  return divided_up(p.M, kPanel) * amx::panel_bytes(p.K, parts_of(p.precision));
}

}  // namespace

bool matmul_takes_bf16(const MatmulProblem& p) {
  return p.precision != Precision::highest && current_target() == Target::amx && p.M >= 16 &&
         p.N >= 16 && p.K >= 16 && p.M * p.N * p.K >= kEnoughWork;
}

std::int64_t packed_factors_bytes(const MatmulProblem& p) {
  return bytes_of_a(p) + divided_up(p.N, kPanel) * amx::panel_bytes(p.K, parts_of(p.precision));
}

std::int64_t factor_pieces(const MatmulProblem& p) {
  return divided_up(p.M, kPanel * kPiecePanels) + divided_up(p.N, kPanel * kPiecePanels);
}

void pack_factor_piece(const MatmulProblem& p, std::int64_t i, char* factors) {
  const int parts = parts_of(p.precision);
  const std::int64_t bytes = amx::panel_bytes(p.K, parts);
  const std::int64_t pieces_of_a = divided_up(p.M, kPanel * kPiecePanels);
  const bool is_a = i < pieces_of_a;
  const std::int64_t first = (is_a ? i : i - pieces_of_a) * kPiecePanels;
  char* const to = factors + (is_a ? 0 : bytes_of_a(p)) + first * bytes;
  const std::int64_t line = first * kPanel;
  const std::int64_t lines = std::min(kPiecePanels * kPanel, (is_a ? p.M : p.N) - line);
  if (is_a) {
    amx::pack_rows(p.a + line * (p.transpose_a ? 1 : p.lda), p.lda, p.transpose_a, lines, p.K,
                   parts, to);
  } else {
    amx::pack_columns(p.b + line * (p.transpose_b ? p.ldb : 1), p.ldb, p.transpose_b, lines, p.K,
                      parts, to);
  }
}

std::int64_t product_blocks(const MatmulProblem& p) {
  return divided_up(p.M, kBlockRows) * divided_up(p.N, kBlockColumns);
}

std::int64_t product_workspace(const MatmulProblem& p) {
  const auto padded = [](std::int64_t n, std::int64_t most) {
    return divided_up(std::min(n, most), kPanel) * kPanel;
  };
  return padded(p.M, kBlockRows) * padded(p.N, kBlockColumns);
}

void multiply_block(const MatmulProblem& p, std::int64_t i, const char* factors, float* workspace) {
  const int parts = parts_of(p.precision);
  const std::int64_t bytes = amx::panel_bytes(p.K, parts);
  const std::int64_t down = divided_up(p.M, kBlockRows);
  const std::int64_t row = i % down * kBlockRows;
  const std::int64_t column = i / down * kBlockColumns;
  const amx::Block block = {std::min(kBlockRows, p.M - row),
                            std::min(kBlockColumns, p.N - column),
                            p.K,
                            p.c + row * p.ldc + column,
                            p.ldc,
                            p.accumulate,
                            p.M * p.N * static_cast<std::int64_t>(sizeof(float)) >= kLargeBytes};
  amx::multiply_panels(block, factors + row / kPanel * bytes,
                       factors + bytes_of_a(p) + column / kPanel * bytes, parts, workspace);
}

}  // namespace clearhead::kernels
