// The catalogue of the steps of attention: their names on a tape, what they mean and what their
// axes count. All that shows, saves or explains steps reads it.
#ifndef CLEARHEAD_OPS_ATTENTION_STEPS_H_
#define CLEARHEAD_OPS_ATTENTION_STEPS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clearhead/tape/tape.h"

namespace clearhead {

/// What an axis of a step counts.
enum class StepAxis { batch, head, kv_head, query, key, past, token, component, in, out, one };

/// A step of attention.
struct AttentionStep {
  std::string name;            ///< within the scope of its layer: "hook_pattern"
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
