// The gated recurrent unit.
#ifndef CLEARHEAD_OPS_GRU_H_
#define CLEARHEAD_OPS_GRU_H_

#include "clearhead/ops/recurrence.h"

namespace clearhead {

/// The operands of a GRU.
struct GruInputs {
  Var gates;           ///< [B, T, 3·H]: x·Wᵀ + all biases but `bias`
  Var R;               ///< [3·H, H]
  Var bias = {};       ///< [H]: that of the candidate's recurrent part; left out: zeros
  Var initial_h = {};  ///< [B, H]; left out: zeros
};

/// All states [B, T, H] of units that keep or replace their state (Cho et al. 2014). The reset gate
/// acts after the product, as in cuDNN, PyTorch, and the ONNX operator `GRU` of one direction with
/// linear_before_reset. Gates are update, reset, candidate in this order. All f32 or all f64.
/// Throws Error if types or shapes do not fit.
Var gru(const GruInputs& inputs, const RecurrenceOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_GRU_H_
