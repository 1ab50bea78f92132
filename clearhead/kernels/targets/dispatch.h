// Which instruction set the kernels use. It is chosen once, when a kernel first runs: the best that
// the processor has, or the one that CLEARHEAD_FORCE_TARGET=<name> asks for.
//
// Each SIMD kernel is one source file, compiled once for each target. Code of a higher instruction
// set never lies in a function that other code could be linked to.
#ifndef CLEARHEAD_KERNELS_TARGETS_DISPATCH_H_
#define CLEARHEAD_KERNELS_TARGETS_DISPATCH_H_

#include <string_view>
#include <vector>

namespace clearhead::kernels {

/// For each family of processors, from the plainest to the best.
enum class Target {
  baseline,     ///< what any processor of the family runs: the plain scalar references (x86-64), or
                ///< the same as neon or wasm, where there is no processor without them
  sse4,         ///< x86-64, 4 lanes of f32, no fused multiply-add
  avx2,         ///< x86-64, 8 lanes
  avx512,       ///< x86-64, 16 lanes
  avx512_bf16,  ///< avx512, with pairs of bf16 where a product of lower precision is asked for
  amx,          ///< avx512, with tiles of bf16 there
  neon,         ///< ARMv8, 4 lanes
  wasm,         ///< WebAssembly, 4 lanes
};

/// "baseline", "avx2", …: the name that CLEARHEAD_FORCE_TARGET takes.
std::string_view target_name(Target target);

/// The targets that this build has code for and this processor can run, plainest first.
const std::vector<Target>& available_targets();

/// The target in use: the last of these, if it gains on the one before; or the one that
/// CLEARHEAD_FORCE_TARGET names. Throws Error if that is not available.
Target current_target();

/// What the vectors of f32 in use are compiled for: the target in use; where that has tiles, the
/// best of those that have none.
Target vectors_in_use();

/// Uses `target` from now on, for tests and benchmarks that compare targets. Not to be called while
/// a kernel runs. Throws Error if it is not available.
void set_target(Target target);

/// The available target called `name`. Throws Error with the possible names if there is none.
Target parse_target(std::string_view name);

}  // namespace clearhead::kernels

#endif  // CLEARHEAD_KERNELS_TARGETS_DISPATCH_H_
