// The sigmoid linear unit.
#ifndef CLEARHEAD_OPS_SILU_H_
#define CLEARHEAD_OPS_SILU_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// x · sigmoid(x), element by element (Elfwing et al. 2017; "swish", Ramachandran et al. 2017). x
/// is f32 or f64.
Var silu(const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_SILU_H_
