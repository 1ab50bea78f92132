// ALiBi: attention with linear biases, which fall with distance.
#ifndef CLEARHEAD_OPS_ALIBI_H_
#define CLEARHEAD_OPS_ALIBI_H_

#include <cstdint>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// How fast each head forgets: 2^(−8h/H), h = 1 … H, for a power of two H; otherwise those of the
/// next smaller power of two, followed by every second one of the next larger (Press et al. 2022,
/// section 3, and their code).
std::vector<double> alibi_slopes(std::int64_t heads);

/// [1, H, T, S]: −slope·|p − s| for query positions p = `first` … `first` + T − 1 and keys s = 0 …
/// S − 1, to be added to scores (AttentionOptions::attn_mask). f32 or f64.
Var alibi(Tape tape, std::int64_t heads, std::int64_t first, std::int64_t T, std::int64_t S,
          DType dtype);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ALIBI_H_
