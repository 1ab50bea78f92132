// What stands around each part of a block: add & norm.
//
//     pre-norm:   y = x + dropout(part(norm(x)))     GPT-2, Llama, T5
//     post-norm:  y = norm(x + dropout(part(x)))     Vaswani et al. 2017, BERT
//
// Source: He et al., "Deep residual learning" (2016); for the place of the norm Xiong et al., "On layer
// normalization in the transformer architecture" (2020).
#ifndef CLEARHEAD_NN_RESIDUAL_H_
#define CLEARHEAD_NN_RESIDUAL_H_

#include <cstdint>
#include <functional>
#include <string>

#include "clearhead/nn/dropout.h"
#include "clearhead/nn/norm.h"

namespace clearhead {

struct ResidualNames {
  std::string norm;        ///< "ln1"
  std::string part;        ///< of what the part gives: "hook_attn_out"
  std::string sum;         ///< of x + part: "hook_resid_mid"
  std::string normalized;  ///< of the result of post-norm: "hook_normalized_resid_mid"
};

class Residual {
 public:
  /// Adds to the parameters those of the norm over C channels.
  Residual(Parameters& parameters, const ResidualNames& names, std::int64_t C,
           const NormConfig& norm, bool pre_norm)
      : names_(names),
        pre_norm_(pre_norm),
        norm_(parameters, names.norm, C, norm),
        dropout_(parameters, names.part) {}

  /// x [..., C] → [..., C]
  Var forward(const Var& x, const std::function<Var(const Var&)>& part, const Pass& pass) const;

 private:
  ResidualNames names_;
  bool pre_norm_;
  Norm norm_;
  Dropout dropout_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_RESIDUAL_H_
