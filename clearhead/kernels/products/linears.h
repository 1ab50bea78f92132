// Linear maps of the same rows on tiles of bf16, some rows at a time (Precision::medium):
//
//     y_i = x·W_iᵀ + b_i      dx = Σ_i dy_i·W_i      dW_i = dy_iᵀ·x
//
// x is packed once for all maps, each dy_i once for both of its products. Nothing is allocated here;
// ops/linear_blocks.cc owns the memory and spreads the pieces over threads.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_LINEARS_H_
#define CLEARHEAD_KERNELS_PRODUCTS_LINEARS_H_

#include <cstdint>
#include <span>

#include "clearhead/base/precision.h"
#include "clearhead/kernels/products/row_blocks.h"

namespace clearhead::kernels {

struct LinearMap {
  std::int64_t N;
  const float* w;  // [N, C]
  const float* b;  // [N], or nullptr
};

/// All matrices dense.
struct LinearsProblem {
  std::int64_t R, C;
  const float* x;  // [R, C]
  std::span<const LinearMap> maps;
};

/// Whether the functions below serve: as matmul_takes_bf16, for all maps together.
bool linears_take_bf16(const LinearsProblem& problem, Precision precision);

/// Bytes of the packed weights, from a multiple of 64 bytes on, and piece i of packing them, at the
/// same time as others if you like.
std::int64_t packed_weights_bytes(const LinearsProblem& problem, Direction direction);
std::int64_t weight_pieces(const LinearsProblem& problem, Direction direction);
void pack_weight_piece(const LinearsProblem& problem, Direction direction, std::int64_t i,
                       char* weights);

/// Blocks of rows: how many follows from the sizes alone. Each has linears_workspace bytes, from a
/// multiple of 64 bytes on, for itself.
std::int64_t linears_blocks(const LinearsProblem& problem);
std::int64_t linears_workspace(const LinearsProblem& problem, Direction direction);

/// The rows of block i of all y_i [R, N_i], once all weights are packed.
void linears_block(const LinearsProblem& problem, std::int64_t i, const char* weights,
                   std::span<float* const> y, char* workspace);

/// What backward reads and writes. Where no gradient is wanted, nullptr.
struct LinearsBackward {
  std::span<const float* const> dy;  // [R, N_i] each
  float* dx;                         // [R, C]
  bool add_dx;                       // to what lies there
  char* factors;                     // gradient_factors_bytes, from a multiple of 64 bytes on
};

/// dx and the factors of the weights' gradients for the rows of block i, once all weights are packed
/// for backward.
void linears_backward_block(const LinearsProblem& problem, const LinearsBackward& backward,
                            std::int64_t i, const char* weights, char* workspace);

/// The factors of all dW_i, and where each of them lies: for WeightGradients, once all blocks are done.
std::int64_t gradient_factors_bytes(const LinearsProblem& problem);
WeightGradient weight_gradient(const LinearsProblem& problem, std::size_t map, char* factors,
                               float* dw, bool add);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_LINEARS_H_
