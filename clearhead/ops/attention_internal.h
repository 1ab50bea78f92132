// What attention.cc hands to the two ways of calculating: operands of one form, options resolved. Not for users.
#ifndef CLEARHEAD_OPS_ATTENTION_INTERNAL_H_
#define CLEARHEAD_OPS_ATTENTION_INTERNAL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "clearhead/kernels/attention/attention.h"
#include "clearhead/ops/attention.h"
#include "clearhead/tape/explain.h"

namespace clearhead {

/// A call of attention after every check: 4-D operands in the type of calculation (f32 or f64), the cache joined to k and
/// v, options with their values.
struct PreparedAttention {
  std::int64_t B = 0, H = 0, G = 0, T = 0, S = 0, D = 0, Dv = 0;
  Var q;  // [B, H, T, D]
  Var k;  // [B, G, S, D]
  Var v;  // [B, G, S, Dv]
  // k and v are of type bf16 where the kernels read that as it lies (kernels::attention_reads_bf16).
  // Their numbers, the last axis without gaps. Held here because those of a computed view live no longer than their
  // holder.
  Tensor q_value, k_value, v_value;
  Var attn_mask;  // [1|B, 1|H, 1|T, ≤S], boolean or of the type of calculation; undefined if there is none
  double scale = 1;
  double softcap = 0;
  bool is_causal = false;
  std::int64_t left = -1, right = -1;
  std::vector<std::int64_t> offset;  // [B] position of query 0 among the keys
  std::vector<std::int64_t>
      key_count;  // [B] keys from here on are seen by none: padding, or past the mask's end
  std::optional<DType> softmax_precision;
  std::optional<QkMatmulOutput> qk_matmul_output_mode;
  Precision precision = Precision::highest;

  /// Whether there may be a pair that does not see each other, or a float mask.
  bool has_mask() const;
};

/// The operands and options as the kernels take them. Points into `prepared`, which must live on.
template <typename T>
kernels::AttentionProblem<T> kernel_problem(const PreparedAttention& prepared);

/// Memory for one piece of the kernels' work.
template <typename T>
std::unique_ptr<T[]> attention_memory(const kernels::AttentionProblem<T>& problem);

/// The number of tiles that cover `length`.
inline std::int64_t tile_count(std::int64_t length, std::int64_t tile) {
  return (length + tile - 1) / tile;
}

/// What the fused way keeps.
struct FusedForward {
  Tensor z;        // [B, H, T, Dv]
  Tensor row_max;  // [B, H, T, 1]
  Tensor row_sum;  // [B, H, T, 1]
};

/// Positions [begin, end) of a step of fused attention, calculated again from q, k, row_max and row_sum.
Tensor recalculate_step(const PreparedAttention& prepared, QkMatmulOutput step,
                        const FusedForward& saved, const Index& begin, const Index& end);

/// Records the steps that fused attention did not store as computed views, under the names that they have by hand, and
/// returns how a number of z follows from them.
std::function<Calculation(const Index&)> record_step_views(const PreparedAttention& prepared,
                                                           const FusedForward& saved);

struct AttentionResult {
  Var z;                 // [B, H, T, Dv]
  Var qk_matmul_output;  // [B, H, T, S], if asked for
};

AttentionResult attention_by_hand(const PreparedAttention& prepared);
AttentionResult attention_fused(const PreparedAttention& prepared);

/// hook_mask: what is added to the scores, [1|B, 1|H, T, S]: −inf where query and key do not see each other, else the
/// float mask or 0.
Var attention_bias(const PreparedAttention& prepared);
/// The same as a computed view.
Var attention_bias_view(const PreparedAttention& prepared);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ATTENTION_INTERNAL_H_
