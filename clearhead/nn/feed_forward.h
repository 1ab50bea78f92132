// The feed-forward part of a block: every position by itself.
//
//     plain:  y = act(x·W_inᵀ + b_in)·W_outᵀ + b_out
//     gated:  y = (act(x·W_gateᵀ) ⊙ (x·W_inᵀ + b_in))·W_outᵀ + b_out      SwiGLU: act = SiLU
//
// Sources: Vaswani et al. (2017), equation 2; Shazeer (2020) for the gate.
#ifndef CLEARHEAD_NN_FEED_FORWARD_H_
#define CLEARHEAD_NN_FEED_FORWARD_H_

#include <cstdint>
#include <optional>

#include "clearhead/base/activation.h"
#include "clearhead/nn/linear.h"

namespace clearhead {

/// What a feed-forward part is made of.
struct FeedForwardConfig {
  std::int64_t hidden_dim = 0;               ///< F; 0: 4·C
  Activation activation = Activation::gelu;  ///< between its products
  bool gated = false;                        ///< multiplied by a second product (Shazeer 2020)
  bool bias = true;                          ///< adds b_in and b_out
  double out_init_scale = 1;  ///< factor on how W_out begins; GPT-2: 1/√(2·layers)
};

/// The part of a block that looks at each token by itself.
class FeedForward {
 public:
  /// Adds to the parameters W_in [F, C], W_gate [F, C] if gated, W_out [C, F] and, if there are
  /// biases, b_in [F] and b_out [C].
  FeedForward(Parameters& parameters, std::int64_t C, const FeedForwardConfig& config);

  /// x [..., C] → [..., C]. Records, within the current scope, hook_pre and hook_post [..., F]:
  /// before and after the activation, and if gated, hook_pre of the gate, hook_pre_linear, which it
  /// gates, and hook_post, their product. Where the tape keeps no values, a part without gate may
  /// run as one operation (ops/feed_forward.h), which has none of these.
  Var forward(const Var& x, const Pass& pass) const;

 private:
  Activation activation_;
  Linear in_;
  std::optional<Linear> gate_;
  Linear out_;
};

}  // namespace clearhead

#endif  // CLEARHEAD_NN_FEED_FORWARD_H_
