// Linear maps of the same rows in lower precision, together: x is packed once for all of them, and each
// gradient once for both of its products. For linear.cc.
#ifndef CLEARHEAD_OPS_LINEAR_BLOCKS_H_
#define CLEARHEAD_OPS_LINEAR_BLOCKS_H_

#include <vector>

#include "clearhead/kernels/products/linears.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// x [..., C] and for each map a weight [N, C] and a bias [N], or none: f32, dense, of fitting shapes.
class LinearBlocks {
 public:
  struct Map {
    Tensor weight, bias;
  };
  LinearBlocks(Tensor x, std::vector<Map> maps);

  /// Whether kernels/linears.h serves.
  bool serve(Precision precision) const;

  /// y_i = x·W_iᵀ + b_i, each [..., N_i].
  std::vector<Tensor> forward() const;

  /// What backward needs: x if weights learn, the weights if x does.
  LinearBlocks held_for(bool x_learns, bool weights_learn) const;

  /// Adds to the gradients of input 0, x, and of inputs 1, 2, …: each weight, followed by its bias if
  /// it has one. A d_y may be undefined, if nothing depends on that result. A zero of d_y wins over what
  /// is not finite, as in gradient_product.
  void backward(std::vector<Tensor> d_y, Gradients& gradients) const;

 private:
  kernels::LinearsProblem problem() const;
  void backward_blocks(const std::vector<Tensor>& d_y, float* dx, bool add_dx,
                       const std::vector<float*>& dw) const;

  std::int64_t R_, C_;
  Tensor x_;                               // undefined if it is not held
  std::vector<Map> maps_;                  // likewise the weights
  std::vector<kernels::LinearMap> sizes_;  // of the maps, with where they lie
};

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_LINEAR_BLOCKS_H_
