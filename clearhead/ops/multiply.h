// Multiplication, element by element.
#ifndef CLEARHEAD_OPS_MULTIPLY_H_
#define CLEARHEAD_OPS_MULTIPLY_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// a ⊙ b, element by element; the shapes broadcast as in NumPy. Both f32 or both f64. Throws Error
/// if types or shapes do not fit.
Var multiply(const Var& a, const Var& b);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_MULTIPLY_H_
