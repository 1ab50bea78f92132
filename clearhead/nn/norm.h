// The norms around the parts of a block.
#ifndef CLEARHEAD_NN_NORM_H_
#define CLEARHEAD_NN_NORM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "clearhead/nn/parameters.h"
#include "clearhead/nn/pass.h"

namespace clearhead {

/// What a norm divides by.
enum class NormKind {
  layer,  ///< (x − mean) / scale ⊙ w + b   (Ba, Kiros and Hinton 2016)
  rms,    ///< x / scale ⊙ w                (Zhang and Sennrich 2019)
  /// (x − mean) / √(variance + epsilon) ⊙ w + b, over the batch instead of the channels (Ioffe and
  /// Szegedy 2015); to compare.
  batch,
};

/// What a norm is.
struct NormConfig {
  NormKind kind = NormKind::layer;  ///< which
  double epsilon = 1e-5;            ///< added within the square root
  bool bias = true;                 ///< b of NormKind::layer
  /// NormKind::batch: the share of the latest batch in the statistics that are used in evaluation.
  double momentum = 0.1;
};

/// Brings the numbers of each token (or of each channel of a batch) to one scale.
class Norm {
 public:
  /// Adds to the parameters `name`.w and, if there is one, `name`.b, both [C]; batch norm also its
  /// statistics `name`.running_mean and `name`.running_variance.
  Norm(Parameters& parameters, std::string_view name, std::int64_t C,
       const NormConfig& config = {});

  /// x [..., C] → [..., C]. Records, within `name`, hook_scale [..., 1] and hook_normalized [...,
  /// C]: as in TransformerLens, that of layer norm is the result, that of RMS norm is before the
  /// weight (a computed view). Batch norm has hook_mean and hook_variance [C] instead of a scale.
  /// In training it uses those of x and moves its statistics towards them; in evaluation it uses
  /// the statistics.
  Var forward(const Var& x, const Pass& pass) const;

 private:
  Var forward_batch(const Var& x, const Pass& pass) const;

  std::string name_;
  NormConfig config_;
  const Parameter* w_;
  const Parameter* b_ = nullptr;
  Parameter *running_mean_ = nullptr, *running_variance_ = nullptr;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_NORM_H_
