// The normalisations that stand around the parts of a block.
#ifndef CLEARHEAD_NN_NORM_H_
#define CLEARHEAD_NN_NORM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "clearhead/nn/parameters.h"

namespace clearhead {

enum class NormKind {
  layer,  ///< (x − mean) / scale ⊙ w + b   (Ba, Kiros and Hinton 2016)
  rms,    ///< x / scale ⊙ w                (Zhang and Sennrich 2019)
};

struct NormConfig {
  NormKind kind = NormKind::layer;
  double epsilon = 1e-5;
  bool bias = true;  ///< b of NormKind::layer
};

class Norm {
 public:
  /// Adds to the parameters `name`.w and, if there is one, `name`.b, both [C].
  Norm(Parameters& parameters, std::string_view name, std::int64_t C,
       const NormConfig& config = {});

  /// x [..., C] → [..., C]. Records, within `name`, hook_scale [..., 1] and hook_normalized [..., C]: as in
  /// TransformerLens, that of layer norm is the result, that of RMS norm is before the weight (a
  /// computed view).
  Var forward(const Var& x) const;

 private:
  std::string name_;
  NormConfig config_;
  const Parameter* w_;
  const Parameter* b_ = nullptr;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_NORM_H_
