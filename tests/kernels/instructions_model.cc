// The instructions of instructions-inl.h as the model of tests/tiles has them: compiled with its
// immintrin.h.
#include "tests/kernels/instructions-inl.h"

namespace clearhead::kernels::testing {

int outcomes_of_model(const Operands& operands, bool amx, Outcome* outcomes) {
  return all_outcomes(operands, amx, outcomes);
}

}  // namespace clearhead::kernels::testing
