// What attention.cc passes on to both ways of calculating: operands in one form, options resolved.
// Not for users.
#ifndef CLEARHEAD_OPS_ATTENTION_INTERNAL_H_
#define CLEARHEAD_OPS_ATTENTION_INTERNAL_H_

#include <functional>
#include <optional>

#include "clearhead/compute/attention.h"
#include "clearhead/ops/attention.h"
#include "clearhead/tape/explain.h"

namespace clearhead {

/// A call of attention after every check, with the cache joined to k and v.
struct PreparedAttention {
  Var q;          ///< [B, H, T, D]
  Var k;          ///< [B, G, S, D]
  Var v;          ///< [B, G, S, Dv]
  Var attn_mask;  ///< [1|B, 1|H, 1|T, ≤S], boolean or of the type of calculation; may be undefined
  /// Their sizes, their numbers (held here, since those of a computed view live no longer than
  /// their holder) and the options.
  compute::Attention call;
  std::optional<AttentionStage> qk_matmul_output_mode;  ///< as asked for
  Tensor z_into;  ///< [B, H, T, Dv]: memory for z, if it fits; may be undefined

  /// [B, H, T, S]
  Shape scores_shape() const { return {call.B, call.H, call.T, call.S}; }
};

/// What either way gives.
struct AttentionResult {
  Var z;                 ///< [B, H, T, Dv]
  Var qk_matmul_output;  ///< [B, H, T, S], if asked for
};

/// Step by step, each an operation.
AttentionResult attention_by_hand(const PreparedAttention& prepared);
/// As one operation.
AttentionResult attention_fused(const PreparedAttention& prepared);

/// Records the steps that fused attention did not store as computed views, under the names that
/// they have by hand. Undefined unless everything is kept.
struct StepViews {
  Var scores, pattern;  ///< [B, H, T, S]
};
/// Makes them, from what forward kept.
StepViews record_step_views(const PreparedAttention& prepared,
                            const compute::AttentionForward& forward);

/// hook_mask, which is added to the scores, [1|B, 1|H, T, S]: −inf where a query does not see a
/// key, else the float mask or 0.
Var attention_bias(const PreparedAttention& prepared);
/// The same as a computed view.
Var attention_bias_view(const PreparedAttention& prepared);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ATTENTION_INTERNAL_H_
