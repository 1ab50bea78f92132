// A linear map of rows, y = x·Wᵀ + b, as it lies in memory.
#ifndef CLEARHEAD_BASE_LINEAR_MAP_H_
#define CLEARHEAD_BASE_LINEAR_MAP_H_

#include <type_traits>

#include "clearhead/base/half.h"
#include "clearhead/base/matrix_view.h"

namespace clearhead {

/// W [N, C], of float, double or bf16, and b [N] of the type of x, or nullptr.
template <typename W>
struct LinearMap {
  /// The type that x, b and y have: float for a W of bf16, else that of W.
  using Number = std::conditional_t<std::is_same_v<W, bf16>, float, W>;

  MatrixView<const W> weight;  ///< [N, C]
  const Number* bias;          ///< [N], or nullptr
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_LINEAR_MAP_H_
