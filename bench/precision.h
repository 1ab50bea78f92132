// The precisions by their names and places.
#ifndef CLEARHEAD_BENCH_PRECISION_H_
#define CLEARHEAD_BENCH_PRECISION_H_

#include "clearhead/base/precision.h"

namespace clearhead::bench {

inline constexpr const char* kPrecisions[] = {"highest", "high", "medium"};
inline constexpr int kPrecisionCount = 3;

/// That at this place in kPrecisions.
constexpr Precision precision_at(int place) { return static_cast<Precision>(place); }

}  // namespace clearhead::bench

#endif  // CLEARHEAD_BENCH_PRECISION_H_
