// How rotary positions are stretched, in GGUF files. Not for use outside this folder.
#ifndef CLEARHEAD_MODELS_GGUF_ROTARY_INTERNAL_H_
#define CLEARHEAD_MODELS_GGUF_ROTARY_INTERNAL_H_

#include <optional>
#include <span>

#include "clearhead/nn/rotary_scaling.h"

namespace clearhead {

/// The choices of Llama 3's way (`RotaryScalingKind::llama3`; where all factors are alike, of the
/// linear one) that divide frequency i of base `theta` by factors[i] (`rope_freqs.weight`); none if
/// no choices do.
std::optional<RotaryScaling> scaling_of_factors(std::span<const double> factors, double theta);

}  // namespace clearhead

#endif  // CLEARHEAD_MODELS_GGUF_ROTARY_INTERNAL_H_
