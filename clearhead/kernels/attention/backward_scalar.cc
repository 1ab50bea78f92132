// Backward attention: the scores of a tile are calculated again, and from them the weights p, as in
// forward. With dz = ∂L/∂z, for each pair of a query i and a key j that it sees:
//
//     z_i  = Σ_j p_ij·v_j            dv_j  += p_ij·dz_i
//                                    dp_ij  = dz_i·v_j
//     p_i  = softmax(a_i)            da_ij  = p_ij·(dp_ij − Σ_j' p_ij'·dp_ij')
//                                           = p_ij·(dp_ij − delta_i)
//     a_ij = c_ij + mask_ij          dmask += da_ij
//     c_ij = cap·tanh(s_ij/cap)      ds_ij  = da_ij·(1 − (c_ij/cap)²)
//     s_ij = scale·q_i·k_j           dq_i  += scale·ds_ij·k_j    dk_j += scale·ds_ij·q_i
//
// where delta_i = Σ_e dz_ie·z_ie, since Σ_j p_ij·(dz_i·v_j) = dz_i·z_i. Rounding in the softmax
// counts as the identity. Queries and keys are walked separately, so that every sum is gathered by
// one thread in a fixed order.
#include <algorithm>
#include <limits>

#include "clearhead/kernels/attention/scalar.h"

namespace clearhead::kernels {
namespace {

template <typename T>
constexpr T kMinusInfinity = -std::numeric_limits<T>::infinity();

// The parts of the workspace.
template <typename T>
struct Workspace {
  Workspace(const AttentionProblem<T>& problem, T* memory)
      : columns(memory),
        weights(columns + (std::max(problem.D, problem.Dv) + kQueryTile) * kKeyTile),
        gradients(weights + kQueryTile * kKeyTile) {}

  T* columns;    // keys or values of a tile, transposed
  T* weights;    // p_ij of a tile; −1 marks a pair that is not seen
  T* gradients;  // da_ij or ds_ij of a tile
};

enum class Differentiate { masked_scores, scaled_scores };

// Fills w.weights with p and w.gradients with da (masked_scores) or ds (scaled_scores) for a tile.
template <typename T>
void gradient_tile(const AttentionProblem<T>& problem, const AttentionBackward<T>& saved,
                   const Tile& tile, Differentiate with_respect_to, const Workspace<T>& w) {
  const std::int64_t n = tile.s_end - tile.s;
  const std::int64_t g = problem.kv_head(tile.h);
  const std::int64_t first_row = (tile.b * problem.H + tile.h) * problem.queries;
  score_tile(problem, tile, AttentionStage::attn_scores, w.weights, w.columns);
  for (std::int64_t i = 0; i < tile.t_end - tile.t; ++i) {
    const std::int64_t row = first_row + tile.t + i;
    T* p = w.weights + i * kKeyTile;
    T* d = w.gradients + i * kKeyTile;
    for (std::int64_t j = 0; j < n; ++j) {
      if (p[j] == kMinusInfinity<T>) {
        p[j] = T{-1};
        d[j] = T{0};
        continue;
      }
      p[j] = softmax_weight(p[j], saved.row_max[row - saved.first_row],
                            saved.row_sum[row - saved.first_row], problem.rounding);
      const T* dz = saved.dz.row(tile.b, tile.h, tile.t + i);
      const T* v = problem.v.row(tile.b, g, tile.s + j);
      T dp = 0;
      for (std::int64_t e = 0; e < problem.Dv; ++e) dp += dz[e] * v[e];
      d[j] = p[j] * (dp - saved.delta[row - saved.first_row]);
    }
  }
  if (with_respect_to == Differentiate::masked_scores || problem.softcap() == T{0}) return;
  const T softcap = problem.softcap();
  // The slope of the cap needs c_ij, without the mask; the weights have been made, but their tile
  // is still needed.
  T capped[kKeyTile];
  for (std::int64_t i = 0; i < tile.t_end - tile.t; ++i) {
    const Tile one_row{tile.b, tile.h, tile.t + i, tile.t + i + 1, tile.s, tile.s_end};
    score_tile(problem, one_row, AttentionStage::capped_scores, capped, w.columns);
    for (std::int64_t j = 0; j < n; ++j) {
      if (w.weights[i * kKeyTile + j] == T{-1}) continue;
      const T c = capped[j] / softcap;
      w.gradients[i * kKeyTile + j] *= T{1} - c * c;
    }
  }
}

// Calls `f(tile)` for every query tile of head h of which some query sees one of the keys [s,
// s_end).
template <typename T, typename F>
void for_each_query_tile(const AttentionProblem<T>& problem, std::int64_t b, std::int64_t h,
                         std::int64_t s, std::int64_t s_end, F&& f) {
  for (std::int64_t t = 0; t < problem.queries; t += kQueryTile) {
    const std::int64_t t_end = std::min(t + kQueryTile, problem.queries);
    const std::int64_t begin = visible_keys(problem, b, t).begin;
    const std::int64_t end = visible_keys(problem, b, t_end - 1).end;
    if (begin < s_end && end > s) f(Tile{b, h, t, t_end, s, s_end});
  }
}

}  // namespace

template <typename T>
void attention_backward_queries_scalar(const AttentionProblem<T>& problem,
                                       const AttentionBackward<T>& saved, std::int64_t b,
                                       std::int64_t h, std::int64_t t, const GradientRows<T>& to,
                                       T* workspace) {
  const Workspace<T> w(problem, workspace);
  const T scale = problem.scale();
  const std::int64_t t_end = std::min(t + kQueryTile, problem.queries);
  const std::int64_t begin = visible_keys(problem, b, t).begin;
  const std::int64_t end = visible_keys(problem, b, t_end - 1).end;
  for (std::int64_t s = begin; s < end; s += kKeyTile) {
    const Tile tile{b, h, t, t_end, s, std::min(s + kKeyTile, end)};
    gradient_tile(problem, saved, tile, Differentiate::scaled_scores, w);
    for (std::int64_t i = 0; i < t_end - t; ++i) {
      T* dq_i = to.q.row(b, h, t + i);
      for (std::int64_t j = 0; j < tile.s_end - tile.s; ++j) {
        if (w.weights[i * kKeyTile + j] == T{-1}) continue;
        const T ds = scale * w.gradients[i * kKeyTile + j];
        const T* k = problem.k.row(b, problem.kv_head(h), s + j);
        for (std::int64_t d = 0; d < problem.D; ++d) dq_i[d] += ds * k[d];
      }
    }
  }
}

template <typename T>
void attention_backward_keys_scalar(const AttentionProblem<T>& problem,
                                    const AttentionBackward<T>& saved, std::int64_t b,
                                    std::int64_t g, std::int64_t s, const GradientRows<T>& to,
                                    T* workspace) {
  const Workspace<T> w(problem, workspace);
  const T scale = problem.scale();
  const std::int64_t s_end = std::min(s + kKeyTile, problem.keys);
  const std::int64_t heads_each = problem.H / problem.G;
  for (std::int64_t h = g * heads_each; h < (g + 1) * heads_each; ++h) {
    for_each_query_tile(problem, b, h, s, s_end, [&](const Tile& tile) {
      gradient_tile(problem, saved, tile, Differentiate::scaled_scores, w);
      for (std::int64_t i = 0; i < tile.t_end - tile.t; ++i) {
        const T* q = problem.q.row(b, h, tile.t + i);
        const T* dz = saved.dz.row(b, h, tile.t + i);
        for (std::int64_t j = 0; j < s_end - s; ++j) {
          const T p = w.weights[i * kKeyTile + j];
          if (p == T{-1}) continue;
          const T ds = scale * w.gradients[i * kKeyTile + j];
          if (to.k.data != nullptr) {
            T* dk_j = to.k.row(b, g, s + j);
            for (std::int64_t d = 0; d < problem.D; ++d) dk_j[d] += ds * q[d];
          }
          if (to.v.data != nullptr) {
            T* dv_j = to.v.row(b, g, s + j);
            for (std::int64_t e = 0; e < problem.Dv; ++e) dv_j[e] += p * dz[e];
          }
        }
      }
    });
  }
}

template <typename T>
void attention_backward_mask_scalar(const AttentionProblem<T>& problem,
                                    const AttentionBackward<T>& saved, std::int64_t s, T* d_mask,
                                    T* workspace) {
  const Workspace<T> w(problem, workspace);
  const std::int64_t s_end = std::min(s + kKeyTile, problem.keys);
  for (std::int64_t b = 0; b < problem.B; ++b) {
    for (std::int64_t h = 0; h < problem.H; ++h) {
      for_each_query_tile(problem, b, h, s, s_end, [&](const Tile& tile) {
        gradient_tile(problem, saved, tile, Differentiate::masked_scores, w);
        for (std::int64_t i = 0; i < tile.t_end - tile.t; ++i) {
          for (std::int64_t j = 0; j < s_end - s; ++j) {
            if (w.weights[i * kKeyTile + j] == T{-1}) continue;
            d_mask[problem.mask.offset(b, h, tile.t + i, s + j)] += w.gradients[i * kKeyTile + j];
          }
        }
      });
    }
  }
}

#define CLEARHEAD_INSTANTIATE(T)                                                           \
  template void attention_backward_queries_scalar(                                         \
      const AttentionProblem<T>&, const AttentionBackward<T>&, std::int64_t, std::int64_t, \
      std::int64_t, const GradientRows<T>&, T*);                                           \
  template void attention_backward_keys_scalar(                                            \
      const AttentionProblem<T>&, const AttentionBackward<T>&, std::int64_t, std::int64_t, \
      std::int64_t, const GradientRows<T>&, T*);                                           \
  template void attention_backward_mask_scalar(const AttentionProblem<T>&,                 \
                                               const AttentionBackward<T>&, std::int64_t, T*, T*);
CLEARHEAD_INSTANTIATE(float)
CLEARHEAD_INSTANTIATE(double)
#undef CLEARHEAD_INSTANTIATE

}  // namespace clearhead::kernels
