// A value that grows, such as the keys of the tokens so far: appending copies only what is new.
#ifndef CLEARHEAD_OPS_APPEND_H_
#define CLEARHEAD_OPS_APPEND_H_

#include <cstdint>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// [B, H, room, D], of which the first `length` positions are in use. Copies share the memory, so
/// only one of them may grow.
struct Growing {
  Tensor memory;            ///< with room for more
  std::int64_t length = 0;  ///< positions in use

  /// What is in use: [B, H, length, D].
  Tensor view() const { return memory.slice(2, 0, length); }
};

/// Appends x [B, H, T, D] to `growing` and returns a view of all of it, [B, H, length, D]. When it
/// is full, the room is doubled. No gradient flows back to x. Throws Error if x does not fit what
/// is there.
Var append(Growing& growing, const Var& x);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_APPEND_H_
