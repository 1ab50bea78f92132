// What one run of a network wants of all its layers alike.
#ifndef CLEARHEAD_NN_PASS_H_
#define CLEARHEAD_NN_PASS_H_

#include <cstdint>

#include "clearhead/base/precision.h"
#include "clearhead/ops/attention.h"

namespace clearhead {

struct Pass {
  Precision precision = Precision::highest;  ///< of the products in f32
  AttentionWay way = AttentionWay::automatic;

  /// Whether the network is being trained: batch norm then uses, and gathers, the statistics of the
  /// batch.
  bool training = false;
  /// The share of activations that each Dropout layer sets to 0; 0 when evaluating.
  double dropout = 0;
  /// Which ones is a function of seed, step and layer: a new step gives new ones, the same step the
  /// same.
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_PASS_H_
