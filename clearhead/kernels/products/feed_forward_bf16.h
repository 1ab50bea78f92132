// The feed-forward part of a block on tiles of bf16, some rows at a time (Precision::medium):
//
//     h = x·W_inᵀ + b_in      y = f(h)·W_outᵀ + b_out
//
// The numbers between the two products, F for each row, stay in the caches; backward calculates
// them again. The gradients of the weights are sums over all rows: their factors are packed block
// by block and multiplied at the end. Nothing is allocated here.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_BF16_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_BF16_H_

#include <cstdint>

#include "clearhead/base/feed_forward_operands.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"
#include "clearhead/kernels/products/row_blocks_bf16.h"

namespace clearhead::kernels {

/// Whether the functions below apply; see matmul_takes_bf16. As all functions that only return
/// sizes, it reads no numbers of the matrices.
bool feed_forward_takes_bf16(const FeedForwardOperands& problem, Precision precision);

/// What backward reads and writes; nullptr for a gradient that is not wanted.
struct FeedForwardBackward {
  MatrixView<const float> dy;  // [R, O]
  MatrixView<float> dx;        // [R, C]
  bool add_dx;                 // to what lies there
  float* db_in;   // [feed_forward_blocks, F]: to be summed over the blocks, in their order
  char* factors;  // of the weights' gradients: gradient_factors_bytes, aligned to 64 bytes
};

/// The bytes of the packed weights, which are aligned to 64 bytes; the number of pieces in which
/// they are packed; and packing piece i. Threads may pack different pieces at the same time.
std::int64_t packed_weights_bytes(const FeedForwardOperands& problem, Direction direction);
std::int64_t weight_pieces(const FeedForwardOperands& problem, Direction direction);
void pack_weight_piece(const FeedForwardOperands& problem, Direction direction, std::int64_t i,
                       char* weights);

/// The number of blocks of rows, which depends on the sizes alone, and the bytes of workspace,
/// aligned to 64 bytes, that each block in progress needs for itself.
std::int64_t feed_forward_blocks(const FeedForwardOperands& problem);
std::int64_t feed_forward_workspace(const FeedForwardOperands& problem, Direction direction);

/// y [R, O] for the rows of block i, once all weights are packed.
void feed_forward_block(const FeedForwardOperands& problem, std::int64_t i, const char* weights,
                        const MatrixView<float>& y, char* workspace);

/// dx and the factors for the rows of block i, once all weights are packed for backward.
void feed_forward_backward_block(const FeedForwardOperands& problem,
                                 const FeedForwardBackward& backward, std::int64_t i,
                                 const char* weights, char* workspace);

/// The bytes of the factors of dW_in [F, C] and dW_out [O, F], and how each gradient is made from
/// its factors, by WeightGradients, once all blocks are done.
std::int64_t gradient_factors_bytes(const FeedForwardOperands& problem);
WeightGradient gradient_of_w_in(const FeedForwardOperands& problem, char* factors, float* dw,
                                bool add);
WeightGradient gradient_of_w_out(const FeedForwardOperands& problem, char* factors, float* dw,
                                 bool add);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_BF16_H_
