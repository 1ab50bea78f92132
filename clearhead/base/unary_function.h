// The functions of one number that are calculated over whole arrays.
#ifndef CLEARHEAD_BASE_UNARY_FUNCTION_H_
#define CLEARHEAD_BASE_UNARY_FUNCTION_H_

namespace clearhead {

/// σ is the sigmoid, Φ the distribution function of the standard normal. In brackets the largest
/// error on vectors of f32: of f(x), relative to |f(x)|; and of f'(x), relative to max(1, |f'(x)|).
/// The scalar reference in f32 keeps to the same, except for gelu below x = −2, where it errs by up
/// to 2e-5.
enum class UnaryFunction {
  exp,      ///< e^x [2e-7; 2e-7]
  tanh,     ///< tanh(x) [3e-7; 3e-7]
  sigmoid,  ///< σ(x) = 1/(1 + e^−x) [4e-7; 2e-7]
  silu,     ///< x·σ(x) [4e-7; 3e-7]; Elfwing, Uchibe and Doya (2017), equation 4
  gelu,     ///< x·Φ(x) [5e-7; 3e-7]; Hendrycks and Gimpel (2016), section 2
  gelu_tanh,  ///< x·(1 + tanh(u))/2 = x·σ(2u), u = √(2/π)·(x + 0.044715·x³), their approximation of
              ///< it, which GPT-2 uses [4e-7·(1 + |u|); 3e-7]
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_UNARY_FUNCTION_H_
