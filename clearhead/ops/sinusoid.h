// Sinusoidal positions.
#ifndef CLEARHEAD_OPS_SINUSOID_H_
#define CLEARHEAD_OPS_SINUSOID_H_

#include <cstdint>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Where the sines and cosines of sinusoidal positions stand.
enum class SinusoidOrder {
  pairs,   ///< sin and cos of the same angle side by side (Vaswani et al. 2017)
  halves,  ///< all sines, then all cosines (tensor2tensor, Marian)
};

/// [T, C]: channels 2i and 2i + 1 of position p are sin and cos of p / 10000^(2i/C) (Vaswani et al.
/// 2017, section 3.5), for positions `first` … `first` + T − 1. In halves all sines come first. f32
/// or f64.
Var sinusoid(Tape tape, std::int64_t first, std::int64_t T, std::int64_t C, DType dtype,
             SinusoidOrder order = SinusoidOrder::pairs);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SINUSOID_H_
