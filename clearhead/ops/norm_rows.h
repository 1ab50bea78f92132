// What layer norm and RMS norm share: loops over rows, sums, explanations. Not for use outside this
// folder.
#ifndef CLEARHEAD_OPS_NORM_ROWS_H_
#define CLEARHEAD_OPS_NORM_ROWS_H_

#include <array>
#include <vector>

#include "clearhead/ops/elementwise.h"

namespace clearhead {

/// Throws Error unless x has a last axis that is not empty and `weight` its shape.
void check_norm_weight(const char* operation, const char* what, const Var& x, const Var& weight);

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

/// Calls f(r) for each row of the last axis, on all threads.
template <typename F>
void for_each_row(const Tensor& x, F&& f) {
  for_each_piece(x.count() / x.size(-1), rows_of_a_piece(x),
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t r = begin; r < end; ++r) f(r);
                 });
}

/// Σ_c term(c) in 8 sums side by side, so that neither rounding nor waiting adds up.
template <typename F>
auto row_sum(std::int64_t C, F&& term) {
  using T = decltype(term(0));
  std::array<T, 8> sums{};
  std::int64_t c = 0;
  for (; c + 8 <= C; c += 8) {
    for (std::int64_t i = 0; i < 8; ++i) sums[static_cast<std::size_t>(i)] += term(c + i);
  }
  for (; c < C; ++c) sums[static_cast<std::size_t>(c % 8)] += term(c);
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

/// Calls row(r, a, b) for each row of x; a and b, [C], are to be added to. Their sums over all rows
/// are added to `into`, where not null: piece by piece, in an order that does not depend on the
/// number of threads.
template <typename T, typename F>
void sum_over_rows(const Tensor& x, std::array<T*, 2> into, F&& row) {
  const auto C = static_cast<std::size_t>(x.size(-1));
  const std::int64_t R = x.count() / x.size(-1);
  const std::int64_t each = rows_of_a_piece(x);
  const std::int64_t pieces = (R + each - 1) / each;
  std::vector<T> sums(2 * C * static_cast<std::size_t>(pieces));
  for_each_piece(R, each, [&](std::int64_t begin, std::int64_t end) {
    T* a = sums.data() + static_cast<std::size_t>(begin / each) * 2 * C;
    for (std::int64_t r = begin; r < end; ++r) row(r, a, a + C);
  });
  for (std::size_t k = 0; k < 2; ++k) {
    if (into[k] == nullptr) continue;
    for (std::size_t c = 0; c < C; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(pieces); ++i) {
        sum += static_cast<double>(sums[(2 * i + k) * C + c]);
      }
      into[k][c] += static_cast<T>(sum);
    }
  }
}

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_NORM_ROWS_H_
