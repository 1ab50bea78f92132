// The steps that fused attention does not store, as computed views: any tile of them is calculated again from q, k,
// row_max and row_sum when it is asked for.
#include <algorithm>
#include <cmath>

#include "clearhead/base/parallel.h"
#include "clearhead/ops/attention_internal.h"
#include "clearhead/ops/explanations.h"

namespace clearhead {
namespace {

using kernels::kKeyTile;
using kernels::kQueryTile;
using kernels::ScoreStage;

ScoreStage stage_of(QkMatmulOutput step) {
  switch (step) {
    case QkMatmulOutput::scaled_scores:
      return ScoreStage::scaled;
    case QkMatmulOutput::capped_scores:
      return ScoreStage::capped;
    case QkMatmulOutput::attn_scores:
    case QkMatmulOutput::pattern:
      break;
  }
  return ScoreStage::masked;
}

// Scores at `stage`; the weights that belong to them if `saved` is given.
template <typename T>
Tensor recalculate(const PreparedAttention& p, ScoreStage stage, const FusedForward* saved,
                   const Index& begin, const Index& end) {
  const kernels::AttentionProblem<T> problem = kernel_problem<T>(p);
  Tensor result = Tensor::empty(
      {end[0] - begin[0], end[1] - begin[1], end[2] - begin[2], end[3] - begin[3]}, dtype_of<T>);
  T* out = result.mutable_data<T>();
  const std::int64_t columns = result.size(3);
  const std::int64_t query_tiles = tile_count(result.size(2), kQueryTile);
  parallel_for(result.size(0) * result.size(1) * query_tiles, [&](std::int64_t i) {
    const auto memory = attention_memory(problem);
    T* scores = memory.get();
    T* keys = scores + kQueryTile * kKeyTile;
    const std::int64_t b = i / query_tiles / result.size(1);
    const std::int64_t h = i / query_tiles % result.size(1);
    const std::int64_t t = i % query_tiles * kQueryTile;
    const std::int64_t rows = std::min(kQueryTile, result.size(2) - t);
    for (std::int64_t s = 0; s < columns; s += kKeyTile) {
      const std::int64_t n = std::min(kKeyTile, columns - s);
      const kernels::Tile tile{begin[0] + b,        begin[1] + h, begin[2] + t,
                               begin[2] + t + rows, begin[3] + s, begin[3] + s + n};
      kernels::score_tile(problem, tile, stage, scores, keys);
      for (std::int64_t r = 0; r < rows; ++r) {
        T* to = out + ((b * result.size(1) + h) * result.size(2) + t + r) * columns + s;
        const T* from = scores + r * kKeyTile;
        if (saved == nullptr) {
          std::copy(from, from + n, to);
          continue;
        }
        const std::int64_t row = (tile.b * p.H + tile.h) * p.T + tile.t + r;
        const T row_max = saved->row_max.data<T>()[row];
        const T row_sum = saved->row_sum.data<T>()[row];
        for (std::int64_t j = 0; j < n; ++j) {
          to[j] = kernels::softmax_weight(from[j], row_max, row_sum, problem.rounding);
        }
      }
    }
  });
  return result;
}

Tensor recalculate(const PreparedAttention& p, ScoreStage stage, const FusedForward* saved,
                   const Index& begin, const Index& end) {
  return p.q.dtype() == DType::f64 ? recalculate<double>(p, stage, saved, begin, end)
                                   : recalculate<float>(p, stage, saved, begin, end);
}

// Records a computed view of shape [B, H, T, S].
Var record_view(const PreparedAttention& p, std::string kind, std::string formula,
                std::vector<Var> inputs,
                std::function<Tensor(const Index& begin, const Index& end)> view,
                std::function<Calculation(const Index&)> explain) {
  Operation operation;
  operation.kind = std::move(kind);
  operation.formula = std::move(formula);
  operation.inputs = std::move(inputs);
  operation.view = std::move(view);
  operation.view_shape = {p.B, p.H, p.T, p.S};
  operation.view_dtype = p.q.dtype();
  operation.explain = std::move(explain);
  return p.q.tape().record(std::move(operation));
}

Calculation explain_raw_score(const PreparedAttention& p, const Index& index) {
  std::vector<Operand> pairs;
  const std::int64_t g = index[1] / (p.H / p.G);
  for (std::int64_t d = 0; d < p.D; ++d) {
    pairs.push_back(operand(p.q, {index[0], index[1], index[2], d}));
    pairs.push_back(operand(p.k, {index[0], g, index[3], d}));
  }
  return sum_of_products(std::move(pairs));
}

// z[t, e] = Σ_s pattern[t, s]·v[s, e] over the keys that query t sees.
Calculation explain_z(const PreparedAttention& p, const Var& scores, const Var& pattern,
                      const Index& index) {
  const Index begin = {index[0], index[1], index[2], 0};
  const Tensor row = scores.tile(begin, {index[0] + 1, index[1] + 1, index[2] + 1, p.S});
  std::vector<Operand> pairs;
  for (std::int64_t s = 0; s < p.S; ++s) {
    if (row.at({0, 0, 0, s}) == -INFINITY) continue;
    pairs.push_back(operand(pattern, {index[0], index[1], index[2], s}));
    pairs.push_back(operand(p.v, {index[0], index[1] / (p.H / p.G), s, index[3]}));
  }
  return sum_of_products(std::move(pairs));
}

// row_max or row_sum: stored, with the scores that they come from.
Var record_row(const char* kind, const char* formula, std::vector<Var> inputs, const Tensor& value,
               std::function<Calculation(const Index&)> explain) {
  Tape& tape = inputs[0].tape();
  Operation operation;
  operation.kind = kind;
  operation.formula = formula;
  operation.inputs = std::move(inputs);
  operation.value = value;
  operation.explain = std::move(explain);
  return tape.record(std::move(operation));
}

}  // namespace

Tensor recalculate_step(const PreparedAttention& p, QkMatmulOutput step, const FusedForward& saved,
                        const Index& begin, const Index& end) {
  return recalculate(p, stage_of(step), step == QkMatmulOutput::pattern ? &saved : nullptr, begin,
                     end);
}

std::function<Calculation(const Index&)> record_step_views(const PreparedAttention& p,
                                                           const FusedForward& saved) {
  const auto at_stage = [&](ScoreStage stage) {
    return [p, stage](const Index& begin, const Index& end) {
      return recalculate(p, stage, nullptr, begin, end);
    };
  };
  const Var raw = record_view(p, "matmul", "{0}·{1}ᵀ", {p.q, p.k}, at_stage(ScoreStage::raw),
                              [p](const Index& i) { return explain_raw_score(p, i); })
                      .named("hook_raw_scores");
  Var scores =
      record_view(p, "scale", "{0} · " + format_number(p.scale, true), {raw},
                  at_stage(ScoreStage::scaled),
                  [raw, factor = p.scale](const Index& i) { return explain_scale(raw, factor, i); })
          .named("hook_scaled_scores");
  if (p.softcap != 0) {
    const std::string cap = format_number(p.softcap);
    scores =
        record_view(
            p, "softcap", cap + " · tanh({0}/" + cap + ")", {scores}, at_stage(ScoreStage::capped),
            [scores, cap = p.softcap](const Index& i) { return explain_softcap(scores, cap, i); })
            .named("hook_capped_scores");
  }
  if (p.has_mask()) {
    const Var bias = attention_bias_view(p).named("hook_mask");
    scores = record_view(p, "mask", "{0} + {1}", {scores, bias}, at_stage(ScoreStage::masked),
                         [scores, bias](const Index& i) { return explain_mask(scores, bias, i); });
  }
  scores.named("hook_attn_scores");
  const Var row_max =
      record_row("row_max", "max({0})", {scores}, saved.row_max, [scores](const Index& i) {
        return explain_row_max(scores, i);
      }).named("hook_row_max");
  const Var row_sum =
      record_row("row_sum", "Σ exp({0} - {1})", {scores, row_max}, saved.row_sum,
                 [scores, row_max](const Index& i) { return explain_row_sum(scores, row_max, i); })
          .named("hook_row_sum");
  const Var pattern = record_view(
                          p, "softmax", "exp({0} - {1}) / {2}", {scores, row_max, row_sum},
                          [p, saved](const Index& begin, const Index& end) {
                            return recalculate(p, ScoreStage::masked, &saved, begin, end);
                          },
                          [scores, row_max, row_sum](const Index& i) {
                            return explain_softmax(scores, row_max, row_sum, i);
                          })
                          .named("hook_pattern");
  return [p, scores, pattern](const Index& i) { return explain_z(p, scores, pattern, i); };
}

}  // namespace clearhead
