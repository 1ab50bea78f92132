// Steps of attention that forward did not store: any tile of them is calculated again.
#include <algorithm>
#include <limits>

#include "clearhead/base/ceil_div.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/workspace.h"
#include "clearhead/compute/attention_internal.h"
#include "clearhead/kernels/attention/scalar.h"

namespace clearhead::compute {
namespace {

using kernels::kKeyTile;
using kernels::kQueryTile;

// Of keys [begin, end) those between the first and the last that some of queries [t, t_end) see;
// all if the stage comes before the mask.
KeyRange some_see(const Attention& a, AttentionStage stage, std::int64_t b, std::int64_t t,
                  std::int64_t t_end, KeyRange keys) {
  if (stage != AttentionStage::attn_scores) return keys;
  const std::int64_t begin = std::clamp(a.visible_keys(b, t).begin, keys.begin, keys.end);
  return {begin, std::clamp(a.visible_keys(b, t_end - 1).end, begin, keys.end)};
}

template <typename T>
Tensor recalculate(const Attention& a, AttentionStage stage, const AttentionForward& saved,
                   const Index& begin, const Index& end) {
  const kernels::AttentionProblem<T> problem = problem_of<T>(a);
  Tensor result = Tensor::empty(
      {end[0] - begin[0], end[1] - begin[1], end[2] - begin[2], end[3] - begin[3]}, dtype_of<T>);
  const std::int64_t heads = result.size(1), queries = result.size(2), columns = result.size(3);
  const std::int64_t query_tiles = ceil_div(queries, kQueryTile);
  T* const out = result.mutable_data<T>();
  const bool weights = stage == AttentionStage::pattern;
  const AttentionStage of_scores = weights ? AttentionStage::attn_scores : stage;
  const T unseen = weights ? 0 : -std::numeric_limits<T>::infinity();
  const T* const row_max = weights ? saved.row_max.data<T>() : nullptr;
  const T* const row_sum = weights ? saved.row_sum.data<T>() : nullptr;
  parallel_for(result.size(0) * heads * query_tiles, [&](std::int64_t i) {
    const Workspace<T> scores(kQueryTile * kKeyTile),
        memory(kernels::attention_workspace_scalar(problem));
    const std::int64_t b = i / query_tiles / heads;
    const std::int64_t h = i / query_tiles % heads;
    const std::int64_t t = i % query_tiles * kQueryTile;
    const std::int64_t rows = std::min(kQueryTile, queries - t);
    const KeyRange seen =
        some_see(a, of_scores, begin[0] + b, begin[2] + t, begin[2] + t + rows, {begin[3], end[3]});
    for (std::int64_t r = 0; r < rows; ++r) {
      T* const to = out + ((b * heads + h) * queries + t + r) * columns;
      std::fill(to, to + (seen.begin - begin[3]), unseen);
      std::fill(to + (seen.end - begin[3]), to + columns, unseen);
    }
    for (std::int64_t s = seen.begin - begin[3]; s < seen.end - begin[3]; s += kKeyTile) {
      const std::int64_t n = std::min(kKeyTile, seen.end - begin[3] - s);
      const kernels::Tile tile{begin[0] + b,        begin[1] + h, begin[2] + t,
                               begin[2] + t + rows, begin[3] + s, begin[3] + s + n};
      kernels::score_tile(problem, tile, of_scores, scores.get(), memory.get());
      for (std::int64_t r = 0; r < rows; ++r) {
        T* const to = out + ((b * heads + h) * queries + t + r) * columns + s;
        const T* const from = scores.get() + r * kKeyTile;
        if (!weights) {
          std::copy(from, from + n, to);
          continue;
        }
        const std::int64_t row = (tile.b * a.H + tile.h) * a.T + tile.t + r;
        for (std::int64_t j = 0; j < n; ++j) {
          to[j] = kernels::softmax_weight(from[j], row_max[row], row_sum[row], problem.rounding);
        }
      }
    }
  });
  return result;
}

}  // namespace

Tensor attention_tile(const Attention& a, AttentionStage stage, const AttentionForward& forward,
                      const Index& begin, const Index& end) {
  return with_type(
      a, [&](auto zero) { return recalculate<decltype(zero)>(a, stage, forward, begin, end); });
}

}  // namespace clearhead::compute
