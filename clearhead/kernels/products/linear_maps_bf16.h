// Linear maps of the same rows on tiles of bf16, some rows at a time (Precision::medium):
//
//     y_i = x·W_iᵀ + b_i      dx = Σ_i dy_i·W_i      dW_i = dy_iᵀ·x
//
// x is packed once for all maps, each dy_i once for both of its products. Nothing is allocated
// here.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_LINEAR_MAPS_BF16_H_
#define CLEARHEAD_KERNELS_PRODUCTS_LINEAR_MAPS_BF16_H_

#include <cstdint>
#include <span>

#include "clearhead/base/linear_map.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"
#include "clearhead/kernels/products/row_blocks_bf16.h"

namespace clearhead::kernels {

struct LinearMapsProblem {
  MatrixView<const float> x;  // [R, C]
  std::span<const LinearMap<float>> maps;
};

/// Whether the functions below apply to all maps together; see matmul_takes_bf16.
bool linear_maps_take_bf16(const LinearMapsProblem& problem, Precision precision);

/// The bytes of the packed weights, which are aligned to 64 bytes; the number of pieces in which
/// they are packed; and packing piece i. Threads may pack different pieces at the same time.
std::int64_t packed_weights_bytes(const LinearMapsProblem& problem, Direction direction);
std::int64_t weight_pieces(const LinearMapsProblem& problem, Direction direction);
void pack_weight_piece(const LinearMapsProblem& problem, Direction direction, std::int64_t i,
                       char* weights);

/// The number of blocks of rows, which depends on the sizes alone, and the bytes of workspace,
/// aligned to 64 bytes, that each block in progress needs for itself.
std::int64_t linear_maps_blocks(const LinearMapsProblem& problem);
std::int64_t linear_maps_workspace(const LinearMapsProblem& problem, Direction direction);

/// The rows of block i of all y_i [R, N_i], once all weights are packed.
void linear_maps_block(const LinearMapsProblem& problem, std::int64_t i, const char* weights,
                       std::span<const MatrixView<float>> y, char* workspace);

/// What backward reads and writes; nullptr for a gradient that is not wanted.
struct LinearMapsBackward {
  std::span<const MatrixView<const float>> dy;  // [R, N_i] each
  MatrixView<float> dx;                         // [R, C]
  bool add_dx;                                  // to what lies there
  char* factors;                                // gradient_factors_bytes, aligned to 64 bytes
};

/// dx and the factors of the weights' gradients for the rows of block i, once all weights are
/// packed for backward.
void linear_maps_backward_block(const LinearMapsProblem& problem,
                                const LinearMapsBackward& backward, std::int64_t i,
                                const char* weights, char* workspace);

/// The bytes of the factors of all dW_i, and how one dW_i is made from its factors, by
/// WeightGradients, once all blocks are done.
std::int64_t gradient_factors_bytes(const LinearMapsProblem& problem);
WeightGradient weight_gradient(const LinearMapsProblem& problem, std::size_t map, char* factors,
                               float* dw, bool add);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_LINEAR_MAPS_BF16_H_
