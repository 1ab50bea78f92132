// The feed-forward part of a block on tiles of bf16, some rows at a time (Precision::medium):
//
//     h = x·W_inᵀ + b_in      y = f(h)·W_outᵀ + b_out
//
// What lies between the two products, F numbers for each row, stays in the caches and is calculated
// again for backward. There the gradients of the weights are sums over all rows: their factors are
// packed while they are at hand, and multiplied at the end.
//
// Nothing is allocated here; ops/feed_forward.cc owns the memory and spreads the pieces over threads.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_H_
#define CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_H_

#include <cstdint>

#include "clearhead/base/precision.h"
#include "clearhead/kernels/products/row_blocks.h"
#include "clearhead/kernels/rows/activation.h"

namespace clearhead::kernels {

/// All matrices dense. A bias may be nullptr.
struct FeedForwardProblem {
  std::int64_t R, C, F, O;  // rows; sizes of x, h and y
  Activation activation;
  const float* x;      // [R, C]
  const float* w_in;   // [F, C]
  const float* b_in;   // [F]
  const float* w_out;  // [O, F]
  const float* b_out;  // [O]
};

/// Whether the functions below serve: as matmul_takes_bf16.
bool feed_forward_takes_bf16(const FeedForwardProblem& problem, Precision precision);

/// What backward reads and writes. Where no gradient is wanted, nullptr.
struct FeedForwardBackward {
  const float* dy;  // [R, O]
  float* dx;        // [R, C]
  bool add_dx;      // to what lies there
  float* db_in;     // [feed_forward_blocks, F]: to be summed over the blocks, in their order
  char*
      factors;  // of the weights' gradients: gradient_factors_bytes, from a multiple of 64 bytes on
};

/// Bytes of the packed weights, from a multiple of 64 bytes on, and piece i of packing them, at the same time as others if you like.
std::int64_t packed_weights_bytes(const FeedForwardProblem& problem, Direction direction);
std::int64_t weight_pieces(const FeedForwardProblem& problem, Direction direction);
void pack_weight_piece(const FeedForwardProblem& problem, Direction direction, std::int64_t i,
                       char* weights);

/// Blocks of rows: how many follows from the sizes alone. Each block has feed_forward_workspace bytes,
/// from a multiple of 64 bytes on, for itself.
std::int64_t feed_forward_blocks(const FeedForwardProblem& problem);
std::int64_t feed_forward_workspace(const FeedForwardProblem& problem, Direction direction);

/// y [R, O] for the rows of block i, once all weights are packed.
void feed_forward_block(const FeedForwardProblem& problem, std::int64_t i, const char* weights,
                        float* y, char* workspace);

/// dx and the factors for the rows of block i, once all weights are packed for backward.
void feed_forward_backward_block(const FeedForwardProblem& problem,
                                 const FeedForwardBackward& backward, std::int64_t i,
                                 const char* weights, char* workspace);

/// The factors of dW_in [F, C] and dW_out [O, F], and where they lie: for WeightGradients, once all
/// blocks are done.
std::int64_t gradient_factors_bytes(const FeedForwardProblem& problem);
WeightGradient gradient_of_w_in(const FeedForwardProblem& problem, char* factors, float* dw,
                                bool add);
WeightGradient gradient_of_w_out(const FeedForwardProblem& problem, char* factors, float* dw,
                                 bool add);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_PRODUCTS_FEED_FORWARD_H_
