// The matrix product in lower precision, on tiles of bf16 (Precision::high and medium). The factors
// are packed first, in pieces; then c is made in blocks.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_MATMUL_BF16_H_
#define CLEARHEAD_KERNELS_PRODUCTS_MATMUL_BF16_H_

#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// c = a·b for a [M, K], b [K, N], c [M, N]. Added to it is what lies in c if `accumulate`, else
/// `row` [N] in each row unless that is nullptr.
struct MatmulProblem {
  MatrixView<const float> a, b;
  MatrixView<float> c;
  bool accumulate;
  const float* row;
  Precision precision;
  std::int64_t threads = 1;  // that blocks should suffice for; the result does not depend on it
};

/// Whether the functions below apply to this product: it asks for less than the highest precision,
/// the target in use has tiles, and it is large enough for packing to pay. Else simd::matmul
/// applies.
///
/// Infinite factors may give NaN where simd::matmul gives an infinity, since 0·∞ and ∞ − ∞ occur in
/// between. Factors beyond 3.39e38 round to infinity, those below 1.2e-38 to 0.
bool matmul_takes_bf16(const MatmulProblem& problem);

/// Bytes of the packed factors, which are aligned to 64 bytes. If a has many rows these are only
/// those of b, and each block packs its rows of a in its workspace.
std::int64_t packed_factors_bytes(const MatmulProblem& problem);

/// Packs piece i of factor_pieces(problem). Threads may pack different pieces at the same time.
std::int64_t factor_pieces(const MatmulProblem& problem);
void pack_factor_piece(const MatmulProblem& problem, std::int64_t i, char* factors);

/// Makes block i of product_blocks(problem) of c, once all pieces are packed, with
/// product_workspace(problem) numbers of workspace, aligned to 64 bytes.
std::int64_t product_blocks(const MatmulProblem& problem);
std::int64_t product_workspace(const MatmulProblem& problem);
void multiply_block(const MatmulProblem& problem, std::int64_t i, const char* factors,
                    float* workspace);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_MATMUL_BF16_H_
