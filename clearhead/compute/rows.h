// Calculations with rows of numbers on all threads.
#ifndef CLEARHEAD_COMPUTE_ROWS_H_
#define CLEARHEAD_COMPUTE_ROWS_H_

#include <cstdint>

namespace clearhead::compute {

/// y += x, of n numbers of any floating type; 16-bit numbers are added as f32.
template <typename T>
void add(std::int64_t n, const T* x, T* y);

/// sums [C] += Σ_r x_r, for x [R, C] with R and C ≥ 1, dense, of any floating type.
template <typename T>
void sum_rows(std::int64_t R, std::int64_t C, const T* x, T* sums);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ROWS_H_
