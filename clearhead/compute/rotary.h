// Rotary positions on all threads: pairs of channels turned by the angle of their position.
#ifndef CLEARHEAD_COMPUTE_ROTARY_H_
#define CLEARHEAD_COMPUTE_ROTARY_H_

#include <cstdint>

#include "clearhead/tensor/tensor.h"

namespace clearhead::compute {

/// Which channels of x [B, H, T, D] are turned, and by what. cos and sin are of the type of x, f32
/// or f64.
struct Turn {
  Tensor cos, sin;         ///< row-major [P, n] or [B, P, n]
  Tensor position_ids;     ///< row-major i64 [B, T], or undefined: token t stands at position t
  std::int64_t n = 0;      ///< pairs that are turned, 2·n ≤ D
  std::int64_t step = 1;   ///< from channel a of a pair to channel a of the next
  std::int64_t apart = 1;  ///< from channel a of a pair to channel b

  /// Where the angles of token t of batch b, of T tokens, begin in cos and sin.
  std::int64_t row(std::int64_t b, std::int64_t t, std::int64_t T) const {
    if (position_ids.defined()) return position_ids.data<std::int64_t>()[b * T + t] * n;
    return ((cos.rank() == 3 ? b * cos.size(1) : 0) + t) * n;
  }
};

/// (a·cos − b·sin, a·sin + b·cos) for each pair of channels (a, b) of x, whose last axis lies
/// without gaps; the rest as it is. With `back` by the opposite angles.
Tensor turned(const Tensor& x, const Turn& turn, bool back);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROTARY_H_
