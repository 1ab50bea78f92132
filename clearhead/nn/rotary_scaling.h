// Rotary positions for texts longer than those that a model first learnt from: its angles are
// stretched.
//
// Sources: Chen et al., "Extending context window of large language models via positional
// interpolation" (2023), linear; bloc97 (2023), "NTK-aware scaled RoPE", dynamic; Peng et al.,
// "YaRN" (2023); Dubey et al., "The Llama 3 herd of models" (2024). As Hugging Face's transformers
// calculates them.
#ifndef CLEARHEAD_NN_ROTARY_SCALING_H_
#define CLEARHEAD_NN_ROTARY_SCALING_H_

#include <cstdint>

#include "clearhead/ops/rotary.h"

namespace clearhead {

/// How angles are stretched.
enum class RotaryScalingKind {
  none,     ///< not at all
  linear,   ///< all alike: divided by the factor
  dynamic,  ///< by a larger base, which grows with the text beyond the original length
  llama3,   ///< slow ones divided by the factor, fast ones kept, between them a mixture
  yarn,     ///< the same by another measure, and queries and keys become longer
};

/// The choices of one way.
struct RotaryScaling {
  RotaryScalingKind kind = RotaryScalingKind::none;  ///< which
  double factor = 1;                                 ///< how many times longer texts become
  std::int64_t original_length = 0;  ///< of the texts learnt from first; not of `linear`
  double low_frequency = 1;   ///< of `llama3`: turns in the original length; slower is divided
  double high_frequency = 4;  ///< likewise; faster is kept
  double beta_fast = 32;      ///< of `yarn`: turns in the original length; faster is kept
  double beta_slow = 1;       ///< likewise; slower is divided
  double length_factor = 1;   ///< of `yarn`: how much longer queries and keys become

  /// Throws Error if the numbers do not fit together.
  void validate() const;
};

/// `rotary_angles` stretched so; `dynamic` takes first + T for the length of the text.
RotaryAngles scaled_angles(std::int64_t first, std::int64_t T, std::int64_t dim, double theta,
                           const RotaryScaling& scaling, DType dtype);

}  // namespace clearhead

#endif  // CLEARHEAD_NN_ROTARY_SCALING_H_
