// Whether this processor multiplies tiles of bf16, on AMX or on vectors, and how factors become
// bf16.
#ifndef CLEARHEAD_KERNELS_TARGETS_TILES_H_
#define CLEARHEAD_KERNELS_TARGETS_TILES_H_

#include "clearhead/base/precision.h"

namespace clearhead::kernels {

/// Whether the kernels of the files *_tiles.cc can run on vectors: they were compiled in, and the
/// processor has AVX-512 with bf16 and the other parts that they use.
bool avx512_bf16_available();

/// Whether this is expected to gain: VDPBF16PS multiplies half as much a cycle as f32 on Intel
/// (Sapphire Rapids, measured), whose fast way is AMX, and twice as much on AMD (Zen 4 and 5), as
/// tables of instructions say; there it was not measured.
bool avx512_bf16_gains();

/// Whether they can run on AMX, too: the processor has it, and the system lets this process use
/// tiles. Asks the system for that permission, once.
bool amx_available();

/// Whether the target in use has tiles that serve this precision: `medium` on both kinds, `high` on
/// AMX, since on vectors its three products take longer than one in f32.
bool tiles_serve(Precision precision);

/// Whether the target in use is AMX.
bool amx_in_use();

/// How many bf16 a factor is the sum of, for `high` and `medium`.
constexpr int bf16_parts(Precision precision) { return precision == Precision::high ? 2 : 1; }

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_TILES_H_
