// A feed-forward part as one calculation on tiles of bf16, on all threads.
#include "clearhead/compute/feed_forward.h"

#include "clearhead/base/workspace.h"
#include "clearhead/compute/row_blocks_internal.h"
#include "clearhead/compute/rows.h"
#include "clearhead/kernels/products/feed_forward_bf16.h"

namespace clearhead::compute {
namespace {

using kernels::Direction;

// dx, db_in of each block of rows, and the factors of the weights' gradients.
void backward_rows(const FeedForwardOperands& part, const kernels::FeedForwardBackward& rows) {
  const PackedWeights weights(part, Direction::backward);
  for_each_block(kernels::feed_forward_blocks(part),
                 kernels::feed_forward_workspace(part, Direction::backward),
                 [&](std::int64_t i, char* workspace) {
                   kernels::feed_forward_backward_block(part, rows, i, weights.get(), workspace);
                 });
}

}  // namespace

bool takes_feed_forward(const FeedForwardOperands& part, Precision precision) {
  return kernels::feed_forward_takes_bf16(part, precision);
}

void feed_forward(const FeedForwardOperands& part, MatrixView<float> y) {
  const PackedWeights weights(part, Direction::forward);
  for_each_block(kernels::feed_forward_blocks(part),
                 kernels::feed_forward_workspace(part, Direction::forward),
                 [&](std::int64_t i, char* workspace) {
                   kernels::feed_forward_block(part, i, weights.get(), y, workspace);
                 });
}

void feed_forward_backward(const FeedForwardOperands& part, MatrixView<const float> dy,
                           const FeedForwardGradients& gradients) {
  const auto& [dx, dw_in, dw_out, db_in] = gradients;
  const bool weights_learn = dw_in || dw_out;
  if (!dx && !weights_learn && db_in == nullptr) return;
  const std::int64_t blocks = kernels::feed_forward_blocks(part);
  const Workspace<char> memory(weights_learn ? kernels::gradient_factors_bytes(part) : 0);
  char* const factors = weights_learn ? memory.get() : nullptr;
  const Workspace<float> db_memory(db_in == nullptr ? 0 : blocks * part.w_in.rows);
  float* const db_of_blocks = db_in == nullptr ? nullptr : db_memory.get();
  backward_rows(part, {dy, {dx.data, part.x.rows, part.x.columns}, dx.add, db_of_blocks, factors});
  if (weights_learn) {
    const auto of_in = kernels::gradient_of_w_in(part, factors, dw_in.data, dw_in.add);
    const auto of_out = kernels::gradient_of_w_out(part, factors, dw_out.data, dw_out.add);
    if (dw_in.data == dw_out.data) {  // one matrix in both places
      multiply_weight_gradients(part.x.rows, {of_in});
      multiply_weight_gradients(part.x.rows, {of_out});
    } else {
      multiply_weight_gradients(part.x.rows, {of_in, of_out});
    }
  }
  if (db_in != nullptr) sum_rows(blocks, part.w_in.rows, db_of_blocks, db_in);
}

}  // namespace clearhead::compute
