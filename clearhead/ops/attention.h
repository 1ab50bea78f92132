// Scaled dot-product attention, by hand or fused, with the options of the ONNX `Attention` operator
// (opset 25).
//
//     Attention(Q, K, V) = softmax(scale · Q·Kᵀ + mask) · V     Vaswani et al. 2017, equation 1
//
// For each query the scores say how well each key fits, the softmax turns them into weights that
// sum to 1, and the result is the mean of the values under these weights.
//
// *By hand*, each step is an operation on the tape:
//
//     hook_raw_scores      q·kᵀ                                        [B, H, T, S]
//     hook_scaled_scores   raw_scores · scale                          [B, H, T, S]
//     hook_capped_scores   softcap · tanh(scaled_scores / softcap)     [B, H, T, S]
//                          only with a softcap
//     hook_mask            0 where a query sees a key, −inf where      [1|B, 1|H, T, S]
//                          not, plus a float mask; only if masked
//     hook_attn_scores     capped_scores + mask                        [B, H, T, S]
//     hook_row_max         max over keys of attn_scores                [B, H, T, 1]
//     hook_row_sum         Σ over keys of exp(attn_scores − row_max)   [B, H, T, 1]
//     hook_pattern         exp(attn_scores − row_max) / row_sum        [B, H, T, S]
//     hook_z               pattern·v                                   [B, H, T, Dv]
//
// *Fused*, the same is calculated tile by tile with an online softmax (Milakov and Gimelshein 2018;
// Dao et al. 2022). The T × S scores are never stored, only each row's log-sum-exp, as two parts,
// row_max and row_sum. From these any tile of the other steps is calculated again when it is asked
// for, under the same names. docs/numerics.md says what both ways promise.
//
// Letters: B batch, H query heads, G key/value heads (query head h reads key/value head
// h / (H/G)), T queries, S keys (those of the cache included), D size of queries and keys, Dv size
// of values.
#ifndef CLEARHEAD_OPS_ATTENTION_H_
#define CLEARHEAD_OPS_ATTENTION_H_

#include <cstdint>
#include <optional>

#include "clearhead/base/attention_rule.h"
#include "clearhead/base/attention_stage.h"
#include "clearhead/base/precision.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// How attention is calculated. `automatic`: by hand if the tape keeps everything and the steps are
/// not too large (`kByHandUsualBytes`), or if an intervention changes one of them; else fused.
enum class AttentionWay { automatic, by_hand, fused };

/// The most bytes that all steps by hand may take together; more is refused before anything is
/// allocated.
inline constexpr std::int64_t kByHandMaxBytes = std::int64_t{4} << 30;
/// The most that they take unless by hand is asked for, since a network has many layers: those of
/// twelve heads and a thousand tokens fit.
inline constexpr std::int64_t kByHandUsualBytes = std::int64_t{1} << 28;

/// The attributes and optional inputs of the operator in one flat list, so that a call names what
/// it needs: `{.is_causal = true, .attn_mask = mask}`.
struct AttentionOptions {
  // AttentionRule (base/attention_rule.h) says what these mean. The offset of queries among the
  // keys is the length of the cache (`past_key`), or nonpad_kv_seqlen − T, or 0 without a cache.
  bool is_causal = false;               ///< a query sees no key after its own place
  std::optional<double> scale = {};     ///< of the scores; 1/√D if not given
  double softcap = 0;                   ///< bound on the scores; 0: none
  std::int64_t left_window_size = -1;   ///< keys before its place that a query sees; −1: all
  std::int64_t right_window_size = -1;  ///< keys after it; −1: all

  /// Heads of 3-D inputs [B, T, H·D]; 0 for 4-D inputs.
  std::int64_t q_num_heads = 0;
  std::int64_t kv_num_heads = 0;  ///< G of 3-D inputs
  /// The type in which the softmax is calculated: scores are rounded to it, and weights back.
  /// Default: the type of the scores.
  std::optional<DType> softmax_precision = {};
  /// Asks for the fourth output, and which stage it holds; ONNX numbers them from scaled_scores on.
  std::optional<AttentionStage> qk_matmul_output_mode = {};

  /// Broadcasts to [B, H, T, S]. Boolean: true where a query sees a key. Floating: added to the
  /// scores; takes a gradient. If the last axis is shorter than S, no query sees the other keys (so
  /// a last axis of 1 means key 0 alone, as in ONNX).
  Var attn_mask = {};
  /// The cache that k and v continue: [B, G, P, D] and [B, G, P, Dv]; both or none.
  Var past_key = {};
  Var past_value = {};  ///< the values of the cache
  /// i64 [B]: how many keys are not padding, for a cache that the caller keeps. Not together with
  /// past_key.
  Tensor nonpad_kv_seqlen = {};

  /// Gets y too, of whose shape and type it is. Fused and row-major, y is calculated there and not
  /// copied; then `backward` reads it.
  Tensor out = {};
  AttentionWay way = AttentionWay::automatic;  ///< by hand or fused
  /// The precision of products in f32; docs/numerics.md states the errors. A lower one is faster on
  /// the processors that base/precision.h names; on others it is the highest.
  Precision precision = Precision::highest;

  /// The first five as one value.
  AttentionRule rule() const {
    return {.is_causal = is_causal,
            .scale = scale,
            .softcap = softcap,
            .left_window_size = left_window_size,
            .right_window_size = right_window_size};
  }
};

/// The outputs of the operator.
struct AttentionOutput {
  Var y;                 ///< [B, H, T, Dv], or [B, T, H·Dv] for 3-D inputs
  Var present_key;       ///< past_key continued by k: [B, G, S, D]
  Var present_value;     ///< past_value continued by v: [B, G, S, Dv]
  Var qk_matmul_output;  ///< [B, H, T, S]; undefined unless asked for. Fused it takes no gradient.
};

/// Attention of queries q [B, H, T, D] to keys k [B, G, S, D] with values v [B, G, S, Dv], or 3-D:
/// [B, T, H·D], [B, S, G·D], [B, S, G·Dv]. q and k are f32, f64, f16 or bf16 alike, and so is y; v
/// may be another of them. f64 is calculated in f64, the rest in f32 and rounded at the end. A
/// query that sees no key gets zeros. Throws Error on shapes, types and options that do not fit,
/// and if by hand is demanded where it would take more than kByHandMaxBytes.
AttentionOutput attention(const Var& q, const Var& k, const Var& v,
                          const AttentionOptions& options = {});

/// The first output of `attention`.
Var scaled_dot_product_attention(const Var& q, const Var& k, const Var& v,
                                 const AttentionOptions& options = {});

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ATTENTION_H_
