// Stands in for clearhead/kernels/targets/processor.cc: with the model of the instructions any
// processor has them.
#include "clearhead/kernels/targets/processor.h"

namespace clearhead::kernels {

bool avx512_bf16_available() { return true; }
bool avx512_bf16_gains() { return true; }
bool amx_available() { return true; }

}  // namespace clearhead::kernels
