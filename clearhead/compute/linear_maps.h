// Linear maps of the same rows on all threads:
//
//     y_i = x·W_iᵀ + b_i      dx = Σ_i dy_i·W_i      dW_i = dy_iᵀ·x
//
// They are calculated together: with few rows of x, one loop reads all weights; on tiles of bf16,
// x is packed once for all maps, and each dy_i once for both of its products.
#ifndef CLEARHEAD_COMPUTE_LINEAR_MAPS_H_
#define CLEARHEAD_COMPUTE_LINEAR_MAPS_H_

#include <span>

#include "clearhead/base/linear_map.h"
#include "clearhead/base/matrix_view.h"
#include "clearhead/base/precision.h"
#include "clearhead/compute/into.h"

namespace clearhead::compute {

/// y_i [R, N_i] of all maps, for x [R, C]. A W of bf16 is read where it lies if there are few rows,
/// else copied.
template <typename W>
void linear_maps(MatrixView<const typename LinearMap<W>::Number> x,
                 std::span<const LinearMap<W>> maps,
                 std::span<const MatrixView<typename LinearMap<W>::Number>> y, Precision precision);

/// What backward is given and leaves for one map.
template <typename T>
struct LinearMapGradient {
  MatrixView<const T> dy;  ///< [R, N]
  Into<T> dw;              ///< [N, C]
};

/// dx [R, C] and the dW of all maps; `gradients` has one entry for each of `maps`. A zero of dy
/// times infinity or NaN is 0, as in gradient_product. x is read only if a dW is wanted, the
/// weights only if dx is.
template <typename T>
void linear_maps_backward(MatrixView<const T> x, std::span<const LinearMap<T>> maps,
                          std::span<const LinearMapGradient<T>> gradients, Into<T> dx,
                          Precision precision);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_LINEAR_MAPS_H_
