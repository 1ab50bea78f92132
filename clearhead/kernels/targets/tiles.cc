// Whether the target in use has tiles.
#include "clearhead/kernels/targets/tiles.h"

#include "clearhead/kernels/targets/dispatch.h"

namespace clearhead::kernels {

bool tiles_serve(Precision precision) {
  if (precision == Precision::highest) return false;
  return amx_in_use() ||
         (precision == Precision::medium && current_target() == Target::avx512_bf16);
}

bool amx_in_use() { return current_target() == Target::amx; }

}  // namespace clearhead::kernels
