// Whether this processor has AMX tiles of bf16, and may use them.
#ifndef CLEARHEAD_KERNELS_TARGETS_AMX_H_
#define CLEARHEAD_KERNELS_TARGETS_AMX_H_

namespace clearhead::kernels {

/// Whether the kernels of the files *_amx.cc can run: they were compiled in, the processor has AMX
/// with bf16 and the parts of AVX-512 that they use, and the system lets this process use tiles.
/// Asks the system for that permission, once.
bool amx_available();

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_AMX_H_
