// What RNN, LSTM and GRU have in common: a state that goes from step to step.
//
//     state_t = cell(gates_t + state_{t−1}·Rᵀ, state_{t−1})
//
// `gates` is what the inputs say to all steps alike, x·Wᵀ + b: one matrix product for all of them,
// and an operation of its own (ops/linear.h). The product with R cannot be: each step waits for the
// one before.
#ifndef CLEARHEAD_OPS_RECURRENCE_H_
#define CLEARHEAD_OPS_RECURRENCE_H_

#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

struct RecurrenceOptions {
  bool reverse = false;  ///< from the last step to the first; results stay at their places
  /// i64 [B]: the steps of each sequence that are no padding. In padding the state stays as it is.
  /// Default: all.
  Tensor lengths = {};
  Precision precision = Precision::highest;  ///< of the products in f32
};

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RECURRENCE_H_
