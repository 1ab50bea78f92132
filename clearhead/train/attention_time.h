// The time of attention alone, without the network around it.
#ifndef CLEARHEAD_TRAIN_ATTENTION_TIME_H_
#define CLEARHEAD_TRAIN_ATTENTION_TIME_H_

#include "clearhead/tensor/tensor.h"

namespace clearhead {

/// Seconds that causal attention takes once, forward and backward, as one layer does it in
/// training: fused, in f32. `shape` is that of queries, keys and values, [B, H, T, D]; their
/// numbers are random, and always the same.
double attention_seconds(const Shape& shape);

}  // namespace clearhead

#endif  // CLEARHEAD_TRAIN_ATTENTION_TIME_H_
