// The weighted sum of values that ends attention, over visible pairs only.
#ifndef CLEARHEAD_KERNELS_PRODUCTS_WEIGHTED_SUM_SCALAR_H_
#define CLEARHEAD_KERNELS_PRODUCTS_WEIGHTED_SUM_SCALAR_H_

#include <cstdint>

namespace clearhead::kernels::scalar {

// For M queries, S keys and values of D numbers: pattern and scores [M, S], v [S, D], z [M, D], all
// row-major, with rows of v `ldv` elements apart. A pair whose score is −inf is left out, unless
// its weight is some number but 0: what v or d_z hold there is not read. T is float or double.

/// z = pattern·v
template <typename T>
void weighted_sum(std::int64_t M, std::int64_t S, std::int64_t D, const T* pattern, const T* scores,
                  const T* v, std::int64_t ldv, T* z);

/// d_pattern += d_z·vᵀ
template <typename T>
void weighted_sum_backward_pattern(std::int64_t M, std::int64_t S, std::int64_t D, const T* d_z,
                                   const T* pattern, const T* scores, const T* v, std::int64_t ldv,
                                   T* d_pattern);

/// d_v += patternᵀ·d_z; d_v [S, D] is dense.
template <typename T>
void weighted_sum_backward_v(std::int64_t M, std::int64_t S, std::int64_t D, const T* pattern,
                             const T* scores, const T* d_z, T* d_v);

}  // namespace clearhead::kernels::scalar

#endif  // CLEARHEAD_KERNELS_PRODUCTS_WEIGHTED_SUM_SCALAR_H_
