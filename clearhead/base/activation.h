// The activations of a feed-forward part.
#ifndef CLEARHEAD_BASE_ACTIVATION_H_
#define CLEARHEAD_BASE_ACTIVATION_H_

namespace clearhead {

enum class Activation { relu, gelu, gelu_tanh, silu };

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ACTIVATION_H_
