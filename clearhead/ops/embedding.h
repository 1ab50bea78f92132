// Rows of a table, looked up by number.
#ifndef CLEARHEAD_OPS_EMBEDDING_H_
#define CLEARHEAD_OPS_EMBEDDING_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// table[tokens[…]]: tokens i64 [...], table [V, C], f32, f64 or bf16, whose rows are widened,
/// result [..., C]. Throws Error, naming token and place, unless 0 ≤ token < V.
Var embedding(const Var& tokens, const Var& table);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_EMBEDDING_H_
