// Steps of optimisers over all parameters at once, and what training does beside them with single
// tensors, on all threads.
#ifndef CLEARHEAD_COMPUTE_OPTIMIZER_H_
#define CLEARHEAD_COMPUTE_OPTIMIZER_H_

#include <cstdint>
#include <span>

#include "clearhead/tensor/tensor.h"

namespace clearhead::compute {

/// Σ x² over all tensors, f32 or f64 and contiguous, in f64; the same for every number of threads.
double sum_of_squares(std::span<const Tensor> tensors);

/// A parameter x, its gradient d_x, and what the rule remembers: contiguous tensors of one shape
/// and type, f32 or f64.
struct ParameterStep {
  Tensor x, d_x;        ///< the parameter, which is changed, and its gradient
  Tensor m, v;          ///< v of AdamW only
  double weight_decay;  ///< of this parameter
};

/// AdamW (kernels/rows/adamw.h). Every d_x is first multiplied by `scale`, in place.
struct AdamwStep {
  double learning_rate, beta1, beta2, epsilon;  ///< as the paper names them
  std::int64_t step;                            ///< counted from 1
  double scale;                                 ///< factor on the gradients, which clips them
};
/// One step of AdamW for all parameters, on all threads.
void adamw(std::span<ParameterStep> parameters, const AdamwStep& step);

/// d_x = scale·d_x;  m = momentum·m + d_x;  x = x − learning_rate·(m + weight_decay·x)
struct SgdStep {
  double learning_rate, momentum;  ///< of the formula
  double scale;                    ///< factor on the gradients
};
/// One step of SGD for all parameters, on all threads.
void sgd(std::span<ParameterStep> parameters, const SgdStep& step);

/// mean = memory·mean + (1 − memory)·x, contiguous tensors of f32 of one shape
void move_towards(Tensor& mean, const Tensor& x, double memory);
/// x = factor·x, a contiguous tensor of f32
void multiply(Tensor& x, double factor);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_OPTIMIZER_H_
