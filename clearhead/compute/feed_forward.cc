#include "clearhead/compute/feed_forward.h"

#include "clearhead/base/workspace.h"
#include "clearhead/compute/row_blocks.h"
#include "clearhead/compute/rows.h"
#include "clearhead/kernels/products/feed_forward.h"

namespace clearhead::compute {
namespace {

using kernels::Direction;
using kernels::FeedForwardProblem;

FeedForwardProblem problem_of(const FeedForward& part) {
  return {part.x.rows, part.w_in.columns, part.w_in.rows, part.w_out.rows, part.activation,
          part.x.data, part.w_in.data,    part.b_in,      part.w_out.data, part.b_out};
}

// dx, db_in of each block of rows, and the factors of the weights' gradients.
void backward_rows(const FeedForwardProblem& problem, const kernels::FeedForwardBackward& rows) {
  const PackedWeights weights(problem, Direction::backward);
  for_each_block(kernels::feed_forward_blocks(problem),
                 kernels::feed_forward_workspace(problem, Direction::backward),
                 [&](std::int64_t i, char* workspace) {
                   kernels::feed_forward_backward_block(problem, rows, i, weights.get(), workspace);
                 });
}

}  // namespace

bool takes_feed_forward(const FeedForward& part, Precision precision) {
  return kernels::feed_forward_takes_bf16(problem_of(part), precision);
}

void feed_forward(const FeedForward& part, float* y) {
  const FeedForwardProblem problem = problem_of(part);
  const PackedWeights weights(problem, Direction::forward);
  for_each_block(kernels::feed_forward_blocks(problem),
                 kernels::feed_forward_workspace(problem, Direction::forward),
                 [&](std::int64_t i, char* workspace) {
                   kernels::feed_forward_block(problem, i, weights.get(), y, workspace);
                 });
}

void feed_forward_backward(const FeedForward& part, const float* dy,
                           const FeedForwardGradients& gradients) {
  const FeedForwardProblem problem = problem_of(part);
  const auto& [dx, dw_in, dw_out, db_in] = gradients;
  const bool weights_learn = dw_in || dw_out;
  if (!dx && !weights_learn && db_in == nullptr) return;
  const std::int64_t blocks = kernels::feed_forward_blocks(problem);
  const Workspace<char> memory(weights_learn ? kernels::gradient_factors_bytes(problem) : 0);
  char* const factors = weights_learn ? memory.get() : nullptr;
  const Workspace<float> db_memory(db_in == nullptr ? 0 : blocks * problem.F);
  float* const db_of_blocks = db_in == nullptr ? nullptr : db_memory.get();
  backward_rows(problem, {dy, dx.data, dx.add, db_of_blocks, factors});
  if (weights_learn) {
    const auto of_in = kernels::gradient_of_w_in(problem, factors, dw_in.data, dw_in.add);
    const auto of_out = kernels::gradient_of_w_out(problem, factors, dw_out.data, dw_out.add);
    if (dw_in.data == dw_out.data) {  // one matrix in both places
      multiply_weight_gradients(problem.R, {of_in});
      multiply_weight_gradients(problem.R, {of_out});
    } else {
      multiply_weight_gradients(problem.R, {of_in, of_out});
    }
  }
  if (db_in != nullptr) sum_rows(blocks, problem.F, db_of_blocks, db_in);
}

}  // namespace clearhead::compute
