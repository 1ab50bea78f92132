// Some of a value's numbers replaced by others, for interventions.
#ifndef CLEARHEAD_OPS_REPLACE_H_
#define CLEARHEAD_OPS_REPLACE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Some positions of a tensor: along each axis one position, or all; axes that are left out are
/// taken whole. {{}, 3} is head 3 of [B, H, T, S]; {} is everything.
using Selection = std::vector<std::optional<std::int64_t>>;

/// x with the numbers of `other` at the selected positions. `other` broadcasts to these, as a box
/// of the same rank with size 1 along the axes where one position is selected. f32 or f64. No
/// gradient flows to what was replaced. Throws Error if types, shapes or positions do not fit.
Var replace(const Var& x, const Selection& selection, const Var& other);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_REPLACE_H_
