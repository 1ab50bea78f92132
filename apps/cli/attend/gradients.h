// How gradients flow through the steps of attention: --gradients.
#ifndef CLEARHEAD_APPS_CLI_ATTEND_GRADIENTS_H_
#define CLEARHEAD_APPS_CLI_ATTEND_GRADIENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/attend/inputs.h"
#include "apps/cli/attend/options.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/heatmap.h"
#include "clearhead/tape/tape.h"

namespace clearhead::cli {

/// ∂L/∂(a step).
struct StepGradient {
  AttentionStep step;
  Var value;  ///< of its shape, named step.name + kGradientSuffix, on a tape of its own
  std::string formula;
};

/// Goes backward on `tape` from L, the sum of the numbers that `options.gradients_of` selects, and
/// gives the gradients of all steps that L depends on, in the order in which it came to them.
/// Throws UsageError if there are no such numbers, or if L depends on nothing.
std::vector<StepGradient> go_backward(Tape& tape, const AttendOptions& options);

/// As labelled tables with formulas, as `print_steps` has the values.
std::string print_gradients(const std::vector<StepGradient>& gradients, const AttendInputs& in,
                            const AttendOptions& options, int width, bool bold);

/// That of the pattern as a figure, a panel for each head; nothing if L does not depend on it.
std::optional<plot::Heatmap> gradient_heatmap(const std::vector<StepGradient>& gradients,
                                              const AttendInputs& in, const AttendOptions& options);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_ATTEND_GRADIENTS_H_
