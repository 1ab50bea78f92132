// Some of the numbers exchanged for others, as when somebody intervenes.
#ifndef CLEARHEAD_OPS_REPLACE_H_
#define CLEARHEAD_OPS_REPLACE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Some of the positions of a tensor: along each axis one, or all; all along the axes that are left
/// out. {{}, 3} is all that head 3 of [B, H, T, S] has; {} is everything.
using Selection = std::vector<std::optional<std::int64_t>>;

/// x, but at the selected positions the numbers of `other`, which broadcasts to them as a box of
/// the same rank (size 1 along the axes where one position is selected). f32 or f64. No gradient
/// flows to what was replaced. Throws Error if types, shapes or positions do not fit.
Var replace(const Var& x, const Selection& selection, const Var& other);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_REPLACE_H_
