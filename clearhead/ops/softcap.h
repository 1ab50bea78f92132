// A soft limit on the size of numbers.
#ifndef CLEARHEAD_OPS_SOFTCAP_H_
#define CLEARHEAD_OPS_SOFTCAP_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// cap · tanh(x / cap): nearly x while |x| is small, never beyond ±cap (Bello et al. 2016, section
/// A.1; Gemma 2). x is f32 or f64. Throws Error unless cap > 0 and finite.
Var softcap(const Var& x, double cap);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SOFTCAP_H_
