// Operations that move numbers without changing them.
#ifndef CLEARHEAD_OPS_RESHAPE_H_
#define CLEARHEAD_OPS_RESHAPE_H_

#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

// All take any type. Those of one operand share its memory where they can. All throw Error if
// shapes or axes do not fit.

/// The same numbers in row-major order under another shape; one size may be −1, which is derived.
Var reshape(const Var& x, const Shape& shape);

/// Axis i of the result is axis `axes[i]` of x.
Var permute(const Var& x, const std::vector<std::int64_t>& axes);

/// Two axes exchanged.
Var transpose(const Var& x, std::int64_t a, std::int64_t b);

/// a followed by b along an axis; the other sizes are equal.
Var concat(const Var& a, const Var& b, std::int64_t axis);

/// Positions [begin, end) along an axis.
Var slice(const Var& x, std::int64_t axis, std::int64_t begin, std::int64_t end);

/// Repeated along axes of size 1, and along new leading axes.
Var broadcast_to(const Var& x, const Shape& shape);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RESHAPE_H_
