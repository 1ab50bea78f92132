// Dropout.
#ifndef CLEARHEAD_OPS_DROPOUT_H_
#define CLEARHEAD_OPS_DROPOUT_H_

#include <cstdint>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Where random numbers come from: those of one stream are independent of those of any other.
struct RandomStream {
  std::uint64_t seed = 0;    ///< of all streams
  std::uint64_t stream = 0;  ///< which of them
};

/// Each element becomes 0 with probability `rate`, else x / (1 − rate), so that its mean stays
/// (Srivastava et al. 2014). Which elements become 0 depends on seed, stream and position alone
/// (base/random.h), not on threads or repetition. The rate is rounded to a multiple of 1/65536;
/// with 0 the result is x itself. x is f32 or f64. Throws Error unless 0 ≤ rate < 1.
Var dropout(const Var& x, double rate, const RandomStream& random);

/// a + dropout(x), to the last bit, for a of the same shape and type. If the tape keeps no values
/// this is one operation, so that dropout(x) need not be written and read again.
Var dropout_add(const Var& a, const Var& x, double rate, const RandomStream& random);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_DROPOUT_H_
