// Whether this processor has AMX tiles of bf16 and may use them, and how factors become bf16.
#ifndef CLEARHEAD_KERNELS_TARGETS_AMX_H_
#define CLEARHEAD_KERNELS_TARGETS_AMX_H_

#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// Whether the kernels of the files *_amx.cc can run: they were compiled in, the processor has AMX
/// with bf16 and the parts of AVX-512 that they use, and the system lets this process use tiles.
/// Asks the system for that permission, once.
bool amx_available();

/// How many bf16 a factor is the sum of, for `high` and `medium`.
constexpr int bf16_parts(Precision precision) { return precision == Precision::high ? 2 : 1; }

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_AMX_H_
