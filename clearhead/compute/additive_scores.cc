// The scores of additive attention and their gradients, on all threads.
//
//     with g_a = d_y·v_a·(1 − u_a²) of each pair:
//     d_q[t] = Σ_s g      d_k[s] = Σ_t g      d_v = Σ_{b,t,s} d_y·u
#include "clearhead/compute/additive_scores.h"

#include <cmath>
#include <vector>

#include "clearhead/base/parallel.h"

namespace clearhead::compute {

template <typename T>
void additive_scores(const AdditiveScores<T>& n, T* y) {
  parallel_for(n.batches * n.queries, [&](std::int64_t row) {
    const T* q = n.q + row * n.A;
    const T* keys = n.k + row / n.queries * n.keys * n.A;
    for (std::int64_t s = 0; s < n.keys; ++s) {
      const T* k = keys + s * n.A;
      T sum = 0;
      for (std::int64_t a = 0; a < n.A; ++a) sum += n.v[a] * std::tanh(q[a] + k[a]);
      y[row * n.keys + s] = sum;
    }
  });
}

// Each batch by itself: its pairs share queries and keys. d_v gathers in the order of the batches.
template <typename T>
void additive_scores_backward(const AdditiveScores<T>& n, const T* d_y, T* d_q, T* d_k, T* d_v) {
  std::vector<T> sums(static_cast<std::size_t>(n.batches * n.A));
  parallel_for(n.batches, [&](std::int64_t b) {
    T* sum = sums.data() + b * n.A;
    for (std::int64_t t = 0; t < n.queries; ++t) {
      for (std::int64_t s = 0; s < n.keys; ++s) {
        const std::int64_t at_q = (b * n.queries + t) * n.A, at_k = (b * n.keys + s) * n.A;
        const T d_pair = d_y[(b * n.queries + t) * n.keys + s];
        if (d_pair == 0) continue;  // a pair that a mask hides
        for (std::int64_t a = 0; a < n.A; ++a) {
          const T u = std::tanh(n.q[at_q + a] + n.k[at_k + a]);
          const T g = d_pair * n.v[a] * (1 - u * u);  // u = tanh(q + k)
          if (d_q != nullptr) d_q[at_q + a] += g;
          if (d_k != nullptr) d_k[at_k + a] += g;
          sum[a] += d_pair * u;  // y = Σ_a v_a·u_a
        }
      }
    }
  });
  if (d_v == nullptr) return;
  for (std::int64_t b = 0; b < n.batches; ++b) {
    for (std::int64_t a = 0; a < n.A; ++a) d_v[a] += sums[static_cast<std::size_t>(b * n.A + a)];
  }
}

#define CLEARHEAD_INSTANTIATE(T)                               \
  template void additive_scores(const AdditiveScores<T>&, T*); \
  template void additive_scores_backward(const AdditiveScores<T>&, const T*, T*, T*, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::compute
