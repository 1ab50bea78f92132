#include "clearhead/kernels/matmul_bf16.h"

#include <algorithm>

#include "clearhead/kernels/dispatch.h"
#include "clearhead/kernels/matmul_amx.h"

namespace clearhead::kernels {
namespace {

using amx::kPanel;

// A block of c: 512 × 512 elements, 1 MiB. At a block of 512 along K, its part of a takes 512 KiB
// beside it in a second-level cache of 2 MiB, while panels of b pass by.
constexpr std::int64_t kBlock = 512;

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
  const std::int64_t lines = is_a ? p.M : p.N;
  for (std::int64_t panel = 0; panel < kPiecePanels; ++panel) {
    const std::int64_t line = (first + panel) * kPanel;
    if (line >= lines) return;
    const std::int64_t n = std::min(kPanel, lines - line);
    if (is_a) {
      amx::pack_rows(p.a + line * (p.transpose_a ? 1 : p.lda), p.lda, p.transpose_a, n, p.K, parts,
                     to + panel * bytes);
    } else {
      amx::pack_columns(p.b + line * (p.transpose_b ? p.ldb : 1), p.ldb, p.transpose_b, n, p.K,
                        parts, to + panel * bytes);
    }
  }
}

std::int64_t product_blocks(const MatmulProblem& p) {
  return divided_up(p.M, kBlock) * divided_up(p.N, kBlock);
}

std::int64_t product_workspace(const MatmulProblem& p) {
  const auto padded = [](std::int64_t n) {
    return divided_up(std::min(n, kBlock), kPanel) * kPanel;
  };
  return padded(p.M) * padded(p.N);
}

void multiply_block(const MatmulProblem& p, std::int64_t i, const char* factors, float* workspace) {
  const int parts = parts_of(p.precision);
  const std::int64_t bytes = amx::panel_bytes(p.K, parts);
  const std::int64_t across = divided_up(p.N, kBlock);
  const std::int64_t row = i / across * kBlock;
  const std::int64_t column = i % across * kBlock;
  amx::multiply_panels(std::min(kBlock, p.M - row), std::min(kBlock, p.N - column), p.K,
                       factors + row / kPanel * bytes,
                       factors + bytes_of_a(p) + column / kPanel * bytes,
                       p.c + row * p.ldc + column, p.ldc, p.accumulate, parts, workspace);
}

}  // namespace clearhead::kernels
