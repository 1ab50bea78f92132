// The product of matrices.
#ifndef CLEARHEAD_OPS_MATMUL_H_
#define CLEARHEAD_OPS_MATMUL_H_

#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// Which operands are transposed, and how exact products are.
struct MatmulOptions {
  bool transpose_a = false;  ///< the last two axes of a are exchanged first
  bool transpose_b = false;  ///< likewise of b
  /// Of the products in f32, forward and backward; docs/numerics.md states the errors.
  Precision precision = Precision::highest;
};

/// a·b over the last two axes: [..., M, K]·[..., K, N] → [..., M, N]. The axes before them
/// broadcast as in NumPy. Both f32 or both f64. Throws Error if types, ranks or sizes do not fit.
Var matmul(const Var& a, const Var& b, MatmulOptions options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_MATMUL_H_
