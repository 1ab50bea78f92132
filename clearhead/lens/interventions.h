// Changes for Tape::intervene: set numbers, ablate a head, add a vector, patch from another tape.
//
//     tape.intervene("blocks.*.attn.hook_z", zero_head(3));
//     tape.intervene("blocks.2.hook_resid_post", add_vector(direction));
#ifndef CLEARHEAD_LENS_INTERVENTIONS_H_
#define CLEARHEAD_LENS_INTERVENTIONS_H_

#include <cstdint>

#include "clearhead/ops/replace.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// The selected positions become `number`. No gradient flows back from them.
Change set_to(double number, Selection selection = {});

/// Head h becomes 0, in a value that has heads along axis 1: hook_q, hook_pattern, hook_z, ….
Change zero_head(std::int64_t h);

/// `vector`, which broadcasts to the value, is added to it. The gradient of the value stays as it
/// is.
Change add_vector(const Tensor& vector);

/// The selected positions become those of `other`, of the same shape: what another text, or another
/// model, had there. No gradient flows back from them.
Change patch(const Tensor& other, Selection selection = {});

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_INTERVENTIONS_H_
