// Batch normalisation, to compare with what transformers use.
#ifndef CLEARHEAD_OPS_BATCH_NORM_H_
#define CLEARHEAD_OPS_BATCH_NORM_H_

#include "clearhead/tape/tape.h"

namespace clearhead {

/// What batch norm gives.
struct BatchNormOutput {
  Var y;         ///< [..., C]
  Var mean;      ///< [C]: of x over all axes but the last
  Var variance;  ///< [C]: likewise, divided by the number of rows
};

/// (x − mean) / √(variance + epsilon) ⊙ weight + bias, with the mean and variance of each channel
/// over the batch (Ioffe and Szegedy 2015, algorithm 1): x [..., C], weight and bias [C]. All f32
/// or all f64. Gradients flow through y alone, whose gradient includes those of mean and variance.
/// Throws Error if types or shapes do not fit, or if there is no row.
BatchNormOutput batch_norm(const Var& x, const Var& weight, const Var& bias, double epsilon = 1e-5);

/// The same with a given mean and variance [C], as in evaluation.
Var batch_norm(const Var& x, const Var& weight, const Var& bias, const Var& mean,
               const Var& variance, double epsilon = 1e-5);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_BATCH_NORM_H_
