// The options that say which keys a query sees and how it scores them, for all commands that
// calculate attention.
#ifndef CLEARHEAD_APPS_CONSOLE_ATTENTION_RULE_H_
#define CLEARHEAD_APPS_CONSOLE_ATTENTION_RULE_H_

#include <cstdint>

#include "apps/console/option_group.h"

namespace clearhead::console {

/// Adds them to `group`; they fill `rule`, an AttentionRule or AttentionOptions.
template <typename Rule>
void add_attention_rule(OptionGroup& group, Rule& rule) {
  group.flag("--causal", "A query sees only keys up to its own position",
             [&rule] { rule.is_causal = true; });
  group.number("--scale", "Factor on q·k (1/√D if not given)",
               [&rule](double x) { rule.scale = x; });
  group.number("--softcap", "Squeeze the scores into ±X: X·tanh(score/X)", not_negative(),
               [&rule](double x) { rule.softcap = x; });
  group.integer("--left-window-size", "A query sees at most N keys before its own position", -1,
                [&rule](std::int64_t n) { rule.left_window_size = n; });
  group.integer("--right-window-size", "A query sees at most N keys after its own position", -1,
                [&rule](std::int64_t n) { rule.right_window_size = n; });
}

}  // namespace clearhead::console

#endif  // CLEARHEAD_APPS_CONSOLE_ATTENTION_RULE_H_
