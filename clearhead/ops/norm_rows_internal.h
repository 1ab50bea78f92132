// What the norms share: calculations on rows, what is kept of them, explanations. Not for use
// outside this folder.
#ifndef CLEARHEAD_OPS_NORM_ROWS_INTERNAL_H_
#define CLEARHEAD_OPS_NORM_ROWS_INTERNAL_H_

#include "clearhead/ops/elementwise_internal.h"

namespace clearhead {

/// Throws Error unless the last axis of x is not empty and `weight` has its size.
void check_norm_weight(const char* operation, const char* what, const Var& x, const Var& weight);

/// What layer norm (centered) and RMS norm keep.
struct NormRows {
  Tensor x;        ///< [..., C], row-major
  Tensor weight;   ///< [C]
  Tensor mean;     ///< [..., 1]; 0 of RMS norm
  Tensor inverse;  ///< [..., 1]: 1 / scale
  bool centered;   ///< layer norm; else RMS norm
  double epsilon;  ///< within the square root

  /// Takes the numbers of the operands; mean and inverse are made by `forward`.
  NormRows(const Var& x, const Var& weight, bool centered, double epsilon);
  /// Fills mean and inverse, and returns (x − mean)·inverse ⊙ weight + bias; bias may be undefined.
  Tensor forward(const Tensor& bias);
  /// Adds to the gradients of x (input 0), weight (input 1) and, unless 0, the input `bias`.
  void backward(const Tensor& d_y, Gradients& gradients, std::size_t bias) const;
};

/// How one number came about: of a row's mean; of its scale √(mean((x − mean)²) + ε), or √(mean(x²)
/// + ε) without `mean`; and of (x − mean) / scale ⊙ weight + bias, in which all but x and scale may
/// be left out.
Calculation explain_row_mean(const Var& x, const Index& index);
/// That of a row's scale.
Calculation explain_row_scale(const Var& x, const Var& mean, double epsilon, const Index& index);
/// That of a number of the result.
Calculation explain_normalized(const Var& x, const Var& weight, const Var& bias, const Var& mean,
                               const Var& scale, const Index& index);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_NORM_ROWS_INTERNAL_H_
