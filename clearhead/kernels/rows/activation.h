// Tables of the activations, for results that are rounded to bf16 at once.
#ifndef CLEARHEAD_KERNELS_ROWS_ACTIVATION_H_
#define CLEARHEAD_KERNELS_ROWS_ACTIVATION_H_

#include <cstdint>

#include "clearhead/base/activation.h"

namespace clearhead::kernels {

/// Each but relu is f(x) = x·s(x) with s(x) + s(−x) = 1, so that f'(x) + f'(−x) = 1 too. For t =
/// |x|
///
///     f(x) = x/2 + t·(s(t) − 1/2)      f'(x) = 1/2 ± (f'(t) − 1/2), the sign that of x
///
/// Both brackets are cubics of v = t·steps − i around each i / steps: Σ_k gate[k][i]·v^k, and the
/// same with slope. The last segment, 1/2 in both, holds for all greater t. Errors are below
/// 5e-6·max(1, |x|); of silu below 2e-5·max(1, |x|).
struct ActivationTable {
  static constexpr std::int64_t kSegments = 32;
  static constexpr std::int64_t kDegree = 3;

  float steps;
  alignas(64) float gate[kDegree + 1][kSegments];
  alignas(64) float slope[kDegree + 1][kSegments];
};

/// nullptr for relu, which needs none.
const ActivationTable* activation_table(Activation activation);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_ROWS_ACTIVATION_H_
