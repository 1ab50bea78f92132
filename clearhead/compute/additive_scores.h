// The scores of additive attention on all threads, and their gradients. T is float or double, all
// arrays are dense.
#ifndef CLEARHEAD_COMPUTE_ADDITIVE_SCORES_H_
#define CLEARHEAD_COMPUTE_ADDITIVE_SCORES_H_

#include <cstdint>

namespace clearhead::compute {

/// y[b, t, s] = Σ_a v_a·u_a,  u_a = tanh(q[b, t, a] + k[b, s, a])
template <typename T>
struct AdditiveScores {
  std::int64_t batches, queries, keys, A;  ///< sizes
  const T* q;                              ///< [batches, queries, A]
  const T* k;                              ///< [batches, keys, A]
  const T* v;                              ///< [A]
};

/// y [batches, queries, keys]
template <typename T>
void additive_scores(const AdditiveScores<T>& scores, T* y);

/// Adds to the gradients, each nullptr if it is not wanted. A d_y of 0, as behind a mask, takes and
/// gives nothing. u is calculated again: it would take A times the memory of y.
template <typename T>
void additive_scores_backward(const AdditiveScores<T>& scores, const T* d_y, T* d_q, T* d_k,
                              T* d_v);

}  // namespace clearhead::compute

#endif  // CLEARHEAD_COMPUTE_ADDITIVE_SCORES_H_
