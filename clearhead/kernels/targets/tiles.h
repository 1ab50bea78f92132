// Whether the target in use multiplies tiles of bf16, and how factors become bf16.
#ifndef CLEARHEAD_KERNELS_TARGETS_TILES_H_
#define CLEARHEAD_KERNELS_TARGETS_TILES_H_

#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// Whether the target in use has tiles that serve this precision: `medium` on both kinds, `high` on
/// AMX, since on vectors its three products take longer than one in f32.
bool tiles_serve(Precision precision);

/// Whether the target in use is AMX.
bool amx_in_use();

/// How many bf16 a factor is the sum of, for `high` and `medium`.
constexpr int bf16_parts(Precision precision) { return precision == Precision::high ? 2 : 1; }

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_TILES_H_
