// Which tiles of bf16 this processor multiplies. (tests/tiles/processor.cc stands in where a model
// of the instructions does.)
#ifndef CLEARHEAD_KERNELS_TARGETS_PROCESSOR_H_
#define CLEARHEAD_KERNELS_TARGETS_PROCESSOR_H_

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

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_PROCESSOR_H_
