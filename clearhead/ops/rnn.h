// The simple recurrent network.
#ifndef CLEARHEAD_OPS_RNN_H_
#define CLEARHEAD_OPS_RNN_H_

#include "clearhead/ops/recurrence.h"

namespace clearhead {

/// h_t = tanh(gates_t + h_{t−1}·Rᵀ), all states [B, T, H] (Elman 1990): gates [B, T, H], R [H, H],
/// initial_h [B, H] or zeros. As the ONNX operator `RNN` of one direction, with gates = x·Wᵀ + both
/// biases. All f32 or all f64. Throws Error if types or shapes do not fit.
Var rnn(const Var& gates, const Var& R, const Var& initial_h = {},
        const RecurrenceOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_RNN_H_
