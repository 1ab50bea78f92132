// What the norms share: rows, their kernels, sums over rows, explanations. Not for use outside this
// folder.
#ifndef CLEARHEAD_OPS_NORM_ROWS_H_
#define CLEARHEAD_OPS_NORM_ROWS_H_

#include <array>
#include <vector>

#include "clearhead/ops/elementwise.h"

namespace clearhead {

/// Throws Error unless x has a last axis that is not empty and `weight` its shape.
void check_norm_weight(const char* operation, const char* what, const Var& x, const Var& weight);

/// What layer norm (centered) and RMS norm keep.
struct NormRows {
  Tensor x;        // [..., C], row-major
  Tensor weight;   // [C]
  Tensor mean;     // [..., 1]; 0 of RMS norm
  Tensor inverse;  // [..., 1]: 1 / scale
  bool centered;
  double epsilon;

  NormRows(const Var& x, const Var& weight, bool centered, double epsilon);
  /// Fills mean and inverse, and returns (x − mean)·inverse ⊙ weight + bias; bias may be undefined.
  Tensor forward(const Tensor& bias);
  /// Adds to the gradients of x (input 0), weight (input 1) and, unless 0, the input `bias`.
  void backward(const Tensor& d_y, Gradients& gradients, std::size_t bias) const;
};

/// Calculations of a number of a row's mean, of its scale √(mean((x − mean)²) + ε) (without `mean`:
/// √(mean(x²) + ε)), and of (x − mean) / scale ⊙ weight + bias, each but x and scale or left out.
Calculation explain_row_mean(const Var& x, const Index& index);
Calculation explain_row_scale(const Var& x, const Var& mean, double epsilon, const Index& index);
Calculation explain_normalized(const Var& x, const Var& weight, const Var& bias, const Var& mean,
                               const Var& scale, const Index& index);

/// Rows of the last axis that one thread takes at a time.
inline std::int64_t rows_of_a_piece(const Tensor& x) {
  return std::max<std::int64_t>(1, kPiece / x.size(-1));
}

/// Calls rows(begin, end, a, b) for pieces of the rows of x; a and b, [C], are to be added to. The sums
/// of all pieces are added to `into`, where not null, in an order that does not depend on the number of
/// threads.
template <typename T, typename F>
void sum_over_rows(const Tensor& x, std::array<T*, 2> into, F&& rows) {
  const auto C = static_cast<std::size_t>(x.size(-1));
  const std::int64_t R = x.count() / x.size(-1);
  const std::int64_t each = rows_of_a_piece(x);
  const std::int64_t pieces = (R + each - 1) / each;
  std::vector<T> sums(2 * C * static_cast<std::size_t>(pieces));
  for_each_piece(R, each, [&](std::int64_t begin, std::int64_t end) {
    T* a = sums.data() + static_cast<std::size_t>(begin / each) * 2 * C;
    rows(begin, end, a, a + C);
  });
  for (std::size_t k = 0; k < 2; ++k) {
    if (into[k] == nullptr) continue;
    std::vector<double> total(C);
    for (std::size_t i = 0; i < static_cast<std::size_t>(pieces); ++i) {
      const T* piece = sums.data() + (2 * i + k) * C;
      for (std::size_t c = 0; c < C; ++c) total[c] += static_cast<double>(piece[c]);
    }
    for (std::size_t c = 0; c < C; ++c) into[k][c] += static_cast<T>(total[c]);
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_NORM_ROWS_H_
