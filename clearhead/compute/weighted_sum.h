// The weighted sum of values that ends attention, over visible pairs only, on all threads.
#ifndef CLEARHEAD_COMPUTE_WEIGHTED_SUM_H_
#define CLEARHEAD_COMPUTE_WEIGHTED_SUM_H_

#include "clearhead/compute/batches.h"

namespace clearhead::compute {

// For each place of a batch: pattern and scores [T, S] and z [T, D], all dense, and v [S, D] with
// dense rows; float or double. A pair whose score is −inf is left out, unless its weight is some
// number but 0: what v or d_z hold there is not read.

/// z = pattern·v; no two places share a z.
template <typename T>
void weighted_sums(const MatrixBatch<const T>& pattern, const MatrixBatch<const T>& scores,
                   const MatrixBatch<const T>& v, const MatrixBatch<T>& z);

/// d_pattern += d_z·vᵀ; places may share a d_pattern.
template <typename T>
void weighted_sums_backward_pattern(const MatrixBatch<const T>& d_z,
                                    const MatrixBatch<const T>& pattern,
                                    const MatrixBatch<const T>& scores,
                                    const MatrixBatch<const T>& v, const MatrixBatch<T>& d_pattern);

/// d_v += patternᵀ·d_z, for dense d_v; places may share a d_v.
template <typename T>
void weighted_sums_backward_v(const MatrixBatch<const T>& pattern,
                              const MatrixBatch<const T>& scores, const MatrixBatch<const T>& d_z,
                              const MatrixBatch<T>& d_v);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_WEIGHTED_SUM_H_
