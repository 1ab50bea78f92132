// Calculations with rows of numbers on all threads.
#ifndef CLEARHEAD_COMPUTE_ROWS_H_
#define CLEARHEAD_COMPUTE_ROWS_H_

#include <cstdint>
#include <type_traits>

namespace clearhead::compute {

/// The type that numbers of the floating type T are added in: f32 for those of 16 bits.
template <typename T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// sum += number, in that type.
template <typename T>
void add_to(T& sum, T number) {
  sum = static_cast<T>(static_cast<Wide<T>>(sum) + static_cast<Wide<T>>(number));
}

/// y += x, of n numbers of any floating type.
template <typename T>
void add(std::int64_t n, const T* x, T* y);

/// sums [C] += Σ_r x_r, for x [R, C] with R and C ≥ 1, dense, of any floating type.
template <typename T>
void sum_rows(std::int64_t R, std::int64_t C, const T* x, T* sums);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROWS_H_
