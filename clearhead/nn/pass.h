// What one run of a network asks of all its layers.
#ifndef CLEARHEAD_NN_PASS_H_
#define CLEARHEAD_NN_PASS_H_

#include <cstdint>
#include <optional>

#include "clearhead/base/precision.h"
#include "clearhead/ops/attention.h"

namespace clearhead {

/// What one run wants of all layers alike.
struct Pass {
  Precision precision = Precision::highest;    ///< of the products in f32
  AttentionWay way = AttentionWay::automatic;  ///< of all attention

  /// Of a network that gives a score to each token of its vocabulary at each place of a text: the
  /// one place, counted from 0, whose scores are calculated; none: all.
  std::optional<std::int64_t> place = {};

  /// Whether the network is being trained: batch norm then uses the statistics of the batch, and
  /// gathers them.
  bool training = false;
  /// The share of activations that each Dropout layer sets to 0; 0 when evaluating.
  double dropout = 0;
  /// Which ones depends on seed, step and layer, so the same step always gives the same ones.
  std::uint64_t seed = 0;
  std::uint64_t step = 0;  ///< of training
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_PASS_H_
