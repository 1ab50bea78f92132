// Addition.
#ifndef CLEARHEAD_OPS_ADD_H_
#define CLEARHEAD_OPS_ADD_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// a + b, element by element; the shapes broadcast as in NumPy. Both f32 or both f64. Throws Error
/// if types or shapes do not fit.
Var add(const Var& a, const Var& b);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ADD_H_
