// Layer norm and root-mean-square norm of rows: one description, from operations to kernels.
#ifndef CLEARHEAD_BASE_ROW_NORM_H_
#define CLEARHEAD_BASE_ROW_NORM_H_

#include <cstdint>

namespace clearhead {

/// Rows [rows, C] of C ≥ 1 numbers, each normalised by itself:
///
///     layer norm  y = x̂·weight + bias    (Ba, Kiros and Hinton 2016, section 3)
///                 x̂ = (x − mean)·scale,  scale = 1/√(Σ(x − mean)²/C + epsilon)
///     RMS norm    the same with mean = 0 (Zhang and Sennrich 2019, equation 4)
///
/// weight and bias [C] may be nullptr: 1 and 0.
template <typename T>
struct RowNorm {
  bool centered;    ///< layer norm; else RMS norm
  std::int64_t C;   ///< channels of a row
  const T* weight;  ///< [C], or nullptr
  const T* bias;    ///< [C], or nullptr
  double epsilon;   ///< added to the variance
};

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_ROW_NORM_H_
