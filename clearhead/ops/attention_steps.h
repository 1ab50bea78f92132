// The catalogue of the steps of attention: their names on a tape, what they mean and what their
// axes count. All that records, shows, saves or explains steps reads it.
#ifndef CLEARHEAD_OPS_ATTENTION_STEPS_H_
#define CLEARHEAD_OPS_ATTENTION_STEPS_H_

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// Their names on a tape, within the scope of their layer. Those that begin with "hook_" are the
/// names of TransformerLens, or go on in its manner.
namespace steps {

inline constexpr char kX[] = "x";                              ///< the tokens
inline constexpr char kXQ[] = "x_q";                           ///< of the queries
inline constexpr char kXK[] = "x_k";                           ///< of the keys
inline constexpr char kXV[] = "x_v";                           ///< of the values
inline constexpr char kWQ[] = "W_Q";                           ///< weights that make queries
inline constexpr char kWK[] = "W_K";                           ///< weights that make keys
inline constexpr char kWV[] = "W_V";                           ///< weights that make values
inline constexpr char kQ[] = "hook_q";                         ///< queries
inline constexpr char kRotQ[] = "hook_rot_q";                  ///< turned by rotary positions
inline constexpr char kPastKey[] = "past_key";                 ///< of the cache
inline constexpr char kNewKey[] = "new_key";                   ///< that continue it
inline constexpr char kK[] = "hook_k";                         ///< keys
inline constexpr char kRotK[] = "hook_rot_k";                  ///< turned
inline constexpr char kPastValue[] = "past_value";             ///< of the cache
inline constexpr char kNewValue[] = "new_value";               ///< that continue it
inline constexpr char kV[] = "hook_v";                         ///< values
inline constexpr char kRawScores[] = "hook_raw_scores";        ///< q·kᵀ
inline constexpr char kScaledScores[] = "hook_scaled_scores";  ///< times the scale
inline constexpr char kCappedScores[] = "hook_capped_scores";  ///< after the softcap
inline constexpr char kAttnMask[] = "attn_mask";               ///< as it was given
inline constexpr char kMask[] = "hook_mask";                   ///< what is added to the scores
inline constexpr char kAttnScores[] = "hook_attn_scores";      ///< after the mask
inline constexpr char kRowMax[] = "hook_row_max";              ///< of each query
inline constexpr char kRowSum[] = "hook_row_sum";              ///< of each query
inline constexpr char kPattern[] = "hook_pattern";             ///< the weights
inline constexpr char kZ[] = "hook_z";                         ///< pattern·v
inline constexpr char kWO[] = "W_O";                           ///< weights of the result
inline constexpr char kResult[] = "hook_result";               ///< of each head
inline constexpr char kAttnOut[] = "hook_attn_out";            ///< their sum

/// Those between q, k, v and z, which fused attention does not go through.
inline const std::initializer_list<std::string_view> kInner = {
    kRawScores, kScaledScores, kCappedScores, kMask, kAttnScores, kRowMax, kRowSum, kPattern};

}  // namespace steps

/// What an axis of a step counts.
enum class StepAxis { batch, head, kv_head, query, key, past, token, component, in, out, one };

/// What an axis counts, in words: "query", "queries". Empty for `one`.
struct AxisWords {
  const char* one;      ///< of one: "query"
  const char* several;  ///< of several: "queries"
};
/// Those of each axis.
AxisWords axis_words(StepAxis axis);

/// A step of attention.
struct AttentionStep {
  std::string name;            ///< one of `steps`
  std::string meaning;         ///< in half a sentence, for people
  std::vector<StepAxis> axes;  ///< outermost first

  /// The axes of its value: all, or the last ones of a value that has fewer.
  std::vector<StepAxis> axes_of(const Var& value) const;
};

/// All of them in the order of the calculation: inputs, weights, and what follows from them.
std::span<const AttentionStep> attention_steps();

/// The step that a name belongs to, in any scope ("blocks.0.attn.hook_pattern"); also for the value
/// before an intervention ("hook_z_before") and for a gradient ("hook_z_grad"). Null if there is
/// none.
const AttentionStep* find_attention_step(std::string_view name);

}  // namespace clearhead

#endif  // CLEARHEAD_OPS_ATTENTION_STEPS_H_
