// The instructions of instructions-inl.h as the processor has them.
#include "tests/kernels/instructions-inl.h"

namespace clearhead::kernels::testing {

int outcomes_on_processor(const Operands& operands, bool amx, Outcome* outcomes) {
  const int n = all_outcomes(operands, amx, outcomes);
  _mm256_zeroupper();
  return n;
}

}  // namespace clearhead::kernels::testing
