// A value that grows, such as the keys of the tokens so far: appending copies what is new, not what
// is there.
#ifndef CLEARHEAD_OPS_APPEND_H_
#define CLEARHEAD_OPS_APPEND_H_

#include <cstdint>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// [B, H, room, D], of which the first `length` positions are in use. Two copies share the memory:
/// only one of them may grow.
struct Growing {
  Tensor memory;
  std::int64_t length = 0;

  /// What is in use: [B, H, length, D].
  Tensor view() const { return memory.slice(2, 0, length); }
};

/// Continues `growing` by x [B, H, T, D] and returns all of it, [B, H, length, D], a view. Room is
/// made for twice as much when it is full. x takes no gradient through it. Throws Error if x does
/// not fit to what is there.
Var append(Growing& growing, const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_APPEND_H_
