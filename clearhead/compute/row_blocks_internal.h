// What linear maps and feed-forward parts on tiles of bf16 share
// (kernels/products/row_blocks_bf16.h): weights that are packed once, blocks of rows, and the
// gradients of the weights. Not for use outside this folder.
#ifndef CLEARHEAD_COMPUTE_ROW_BLOCKS_INTERNAL_H_
#define CLEARHEAD_COMPUTE_ROW_BLOCKS_INTERNAL_H_

#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/row_blocks_bf16.h"

namespace clearhead::compute {

/// The weights of a problem, packed on all threads.
class PackedWeights {
 public:
  /// Packs the weights of `problem` for one direction.
  template <typename Problem>
  PackedWeights(const Problem& problem, kernels::Direction direction)
      : memory_(packed_weights_bytes(problem, direction)) {
    parallel_for(weight_pieces(problem, direction),
                 [&](std::int64_t i) { pack_weight_piece(problem, direction, i, memory_.get()); });
  }
  /// The packed weights.
  const char* get() const { return memory_.get(); }

 private:
  Workspace<char> memory_;
};

/// Calls f(i, workspace) for each block, on all threads. Each call has its own workspace.
template <typename F>
void for_each_block(std::int64_t blocks, std::int64_t workspace_bytes, F&& f) {
  parallel_for(blocks, [&](std::int64_t i) {
    const Workspace<char> workspace(workspace_bytes);
    f(i, workspace.get());
  });
}

/// Makes all of these gradients, which are products over R rows, on all threads.
inline void multiply_weight_gradients(std::int64_t R,
                                      const std::vector<kernels::WeightGradient>& all) {
  const kernels::WeightGradients gradients(R, all, thread_count());
  for_each_block(gradients.blocks(), gradients.workspace(),
                 [&](std::int64_t i, char* workspace) { gradients.run(i, workspace); });
}

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROW_BLOCKS_INTERNAL_H_
