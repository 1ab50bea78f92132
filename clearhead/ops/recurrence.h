// What RNN, LSTM and GRU have in common: a state that goes from step to step.
//
//     state_t = cell(gates_t + state_{t−1}·Rᵀ, state_{t−1})
//
// `gates` is the part of the inputs, x·Wᵀ + b: one matrix product for all steps, calculated before
// (ops/linear.h). The product with R must be made step by step, because each step waits for the one
// before.
#ifndef CLEARHEAD_OPS_RECURRENCE_H_
#define CLEARHEAD_OPS_RECURRENCE_H_

#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// In which direction, and which steps.
struct RecurrenceOptions {
  bool reverse = false;  ///< from the last step to the first; results stay at their places
  /// i64 [B]: how many steps of each sequence are not padding. In padding the state does not
  /// change. Default: all.
  Tensor lengths = {};
  Precision precision = Precision::highest;  ///< of the products in f32
};

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RECURRENCE_H_
