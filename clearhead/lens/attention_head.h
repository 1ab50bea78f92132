// What the functions of attention_map.h share: one head as the kernels take it, and the pass over all
// of its pairs. Not for users.
#ifndef CLEARHEAD_LENS_ATTENTION_HEAD_H_
#define CLEARHEAD_LENS_ATTENTION_HEAD_H_

#include <cstdint>
#include <functional>
#include <limits>

#include "clearhead/kernels/attention/attention_pool.h"
#include "clearhead/lens/attention_map.h"

namespace clearhead {

inline constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

inline std::int64_t divide_up(std::int64_t x, std::int64_t y) { return (x + y - 1) / y; }

/// One head as the kernels take it, with what it points into.
class AttentionHead {
 public:
  /// Throws Error on shapes, types and options that do not fit; `v` may be undefined.
  AttentionHead(const Tensor& q, const Tensor& k, const Tensor& v,
                const AttentionMapOptions& options);
  AttentionHead(const AttentionHead&) = delete;
  AttentionHead& operator=(const AttentionHead&) = delete;

  const kernels::AttentionProblem<float>& problem() const { return problem_; }

  /// Only queries [t, t_end) from now on, which keep their positions, with the highest precision.
  void keep_queries(std::int64_t t, std::int64_t t_end);

  /// Queries and keys exchange their parts: key j looks at the queries that see it, and bias[i] is
  /// added to the scores of query i.
  void exchange(const float* bias);

 private:
  Tensor q_, k_, v_;
  std::int64_t offset_ = 0;
  std::int64_t key_count_ = 0;
  kernels::AttentionProblem<float> problem_ = {};
};

/// Where results of all queries go: z [queries, Dv], the others [queries].
struct RowResults {
  float* z;
  float* row_max;
  float* row_sum;
  float* mean_score;
};

/// What takes in the pooled rows of queries [t, t_end), whose cells `seen` are written.
using TakePooled = std::function<void(std::int64_t t, std::int64_t t_end, kernels::KeyRange seen,
                                      const kernels::PooledRows<float>& rows)>;

/// Forward with pooling of all queries, in cells of `cell` keys. `take`, unless it is empty, is called
/// with queries that lie within one run of `cell` queries: for the same run one call after the other,
/// in their order; for different ones perhaps at the same time.
void pool_all(const kernels::AttentionProblem<float>& problem, std::int64_t cell,
              const RowResults& results, const std::function<void(double)>& progress,
              const TakePooled& take);

}  // namespace clearhead

#endif  // CLEARHEAD_LENS_ATTENTION_HEAD_H_
