// Tables of the activations, for where a result is rounded to bf16 at once.
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
/// with both brackets as cubics of v = t·steps − i, around each i / steps: gate[k][i]·v^k summed
/// over k, and slope likewise. The last segment, 1/2 in both, stands for all beyond. Errors are
/// below 5e-6 of max(1, |x|), of silu 2e-5.
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
