// Long short-term memory.
#ifndef CLEARHEAD_OPS_LSTM_H_
#define CLEARHEAD_OPS_LSTM_H_

#include "clearhead/ops/recurrence.h"

namespace clearhead {

/// The operands of an LSTM.
struct LstmInputs {
  Var gates;           ///< [B, T, 4·H]: x·Wᵀ + both biases
  Var R;               ///< [4·H, H]
  Var initial_h = {};  ///< [B, H]; left out: zeros
  Var initial_c = {};  ///< [B, H]; left out: zeros
  Var peephole = {};   ///< [3·H]; left out: zeros
};

/// What an LSTM gives.
struct LstmOutput {
  Var h;  ///< [B, T, H]: what the network says at each step
  Var c;  ///< [B, T, H]: what it remembers
};

/// A cell c, which gates write, forget and read (Hochreiter and Schmidhuber 1997; forget gate: Gers
/// et al. 2000). As the ONNX operator `LSTM` of one direction: gates are input, output, forget,
/// cell in this order, peepholes those of input, output, forget. All f32 or all f64. Throws Error
/// if types or shapes do not fit.
LstmOutput lstm(const LstmInputs& inputs, const RecurrenceOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_LSTM_H_
