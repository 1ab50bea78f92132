// Conversion of the element type.
#ifndef CLEARHEAD_OPS_CAST_H_
#define CLEARHEAD_OPS_CAST_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// x as another type, rounded to nearest; x itself if that is its type. The gradient is cast back;
/// none flows through i64 and bool.
Var cast(const Var& x, DType dtype);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_CAST_H_
