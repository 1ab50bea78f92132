// The last part of backward through what works rows off in blocks (kernels/row_blocks.h). Not for use
// outside this folder.
#ifndef CLEARHEAD_OPS_WEIGHT_GRADIENTS_H_
#define CLEARHEAD_OPS_WEIGHT_GRADIENTS_H_

#include <vector>

#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/kernels/products/row_blocks.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// Where a gradient in f32 is to be written, if it is new, or added to; nullptr if it is not wanted.
struct FreshGradient {
  FreshGradient(Gradients& gradients, std::size_t i)
      : add(gradients.wanted(i) && !gradients.begin(i)), data(gradients.data<float>(i)) {}

  bool add;
  float* data;
};

/// All of them, products over R rows, on all threads.
inline void multiply_weight_gradients(std::int64_t R,
                                      const std::vector<kernels::WeightGradient>& all) {
  const kernels::WeightGradients gradients(R, all, thread_count());
  parallel_for(gradients.blocks(), [&](std::int64_t block) {
    const Workspace<char> workspace(gradients.workspace());
    gradients.run(block, workspace.get());
  });
}

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_WEIGHT_GRADIENTS_H_
