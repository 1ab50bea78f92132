// For source files that are compiled once for each target. Says which targets there are, and
// defines
//
//     CLEARHEAD_CHOOSE(function)(arguments…)
//
// which calls the version of `function` for the target in use. To be included before
// hwy/foreach_target.h.
#ifndef CLEARHEAD_KERNELS_TARGETS_DISPATCH_INL_H_
#define CLEARHEAD_KERNELS_TARGETS_DISPATCH_INL_H_

// SSSE3 would only serve processors from before 2008. Vectors of SVE have no size that the compiler
// knows, so blocks of them cannot stay in registers; NEON serves those processors.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

#include <hwy/targets.h>

#include "clearhead/kernels/targets/dispatch.h"

#if HWY_TARGETS & HWY_AVX3
#define CLEARHEAD_CASE_AVX3(f) \
  case Target::avx512:         \
    return &N_AVX3::f;
#else
#define CLEARHEAD_CASE_AVX3(f)
#endif
#if HWY_TARGETS & HWY_AVX2
#define CLEARHEAD_CASE_AVX2(f) \
  case Target::avx2:           \
    return &N_AVX2::f;
#else
#define CLEARHEAD_CASE_AVX2(f)
#endif
#if HWY_TARGETS & HWY_SSE4
#define CLEARHEAD_CASE_SSE4(f) \
  case Target::sse4:           \
    return &N_SSE4::f;
#else
#define CLEARHEAD_CASE_SSE4(f)
#endif

#define CLEARHEAD_CHOOSE(f)             \
  ([] {                                 \
    switch (vectors_in_use()) {         \
      CLEARHEAD_CASE_AVX3(f)            \
      CLEARHEAD_CASE_AVX2(f)            \
      CLEARHEAD_CASE_SSE4(f)            \
      default:                          \
        return &HWY_STATIC_DISPATCH(f); \
    }                                   \
  }())

// True in the pass of a file for a target that has vectors. The others (plain scalar code, and
// Highway's emulation of vectors) run the scalar references.
#define CLEARHEAD_HAS_VECTORS (HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128)

#endif  // CLEARHEAD_KERNELS_TARGETS_DISPATCH_INL_H_
