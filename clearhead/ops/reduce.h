// Sums and means over axes.
#ifndef CLEARHEAD_OPS_REDUCE_H_
#define CLEARHEAD_OPS_REDUCE_H_

#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// The sum of all elements: a tensor without axes. x is f32 or f64; sums are made in f64.
Var sum(const Var& x);
/// The sum over some axes (negative: counted from the end). They vanish, or with `keepdims` keep
/// the size 1. Throws Error if an axis is out of range or named twice.
Var sum(const Var& x, const std::vector<std::int64_t>& axes, bool keepdims = false);

/// The mean of all elements; NaN if there are none.
Var mean(const Var& x);
/// The mean over some axes; NaN if an axis is empty.
Var mean(const Var& x, const std::vector<std::int64_t>& axes, bool keepdims = false);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_REDUCE_H_
