// The activations of a feed-forward part.
#ifndef CLEARHEAD_BASE_ACTIVATION_H_
#define CLEARHEAD_BASE_ACTIVATION_H_

namespace clearhead {

/// The function between the two products of a feed-forward part: x where it is positive; x·Φ(x),
/// also by the tanh approximation (Hendrycks and Gimpel 2016); x·σ(x) (Elfwing et al. 2018).
enum class Activation { relu, gelu, gelu_tanh, silu };

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ACTIVATION_H_
