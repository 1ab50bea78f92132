// Finds the number that --explain names, and prints where it comes from.
#include "apps/cli/attend/explanation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "apps/cli/attend/gradients.h"
#include "apps/cli/attend/steps.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/close_names.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

AttentionStep find_step(const Tape& tape, const std::string& name) {
  const std::vector<AttentionStep> steps = steps_on(tape);
  const auto found = std::find_if(steps.begin(), steps.end(),
                                  [&](const AttentionStep& step) { return step.name == name; });
  if (found != steps.end()) return *found;
  std::vector<std::string> names;
  for (const AttentionStep& step : steps) names.push_back(step.name);
  throw console::UsageError(
      fmt::format("--explain-of {}: there is no such step; did you mean {}? There are {}", name,
                  close_names(name, names, 1).at(0), fmt::join(names, ", ")));
}

// The place with what may be left out: the batch if there is but one, and the last axis of what has
// one number for each query.
Index full_index(const AttentionStep& step, const Var& var, Index index) {
  const Shape& shape = var.shape();
  const std::string given = fmt::format("{}", fmt::join(index, ","));
  const bool may_lack_batch = step.axes[0] == StepAxis::batch && !shape.empty() && shape[0] == 1;
  const bool may_lack_last =
      step.axes.back() == StepAxis::one && !shape.empty() && shape.back() == 1;
  if (may_lack_last && index.size() + (may_lack_batch ? 2 : 1) == shape.size()) index.push_back(0);
  if (may_lack_batch && index.size() + 1 == shape.size()) index.insert(index.begin(), 0);
  bool fits = index.size() == shape.size();
  for (std::size_t i = 0; fits && i < index.size(); ++i) {
    fits = 0 <= index[i] && index[i] < shape[i];
  }
  if (fits) return index;
  std::vector<std::string> places;
  const std::vector<StepAxis> axes = step.axes_of(var);
  const std::size_t end = axes.size() - (may_lack_last ? 1 : 0);
  for (std::size_t i = may_lack_batch ? 1 : 0; i < end; ++i) {
    places.push_back(shape[i] == 1 ? fmt::format("{} 0", axis_name(axes[i]))
                                   : fmt::format("{} 0 to {}", axis_name(axes[i]), shape[i] - 1));
  }
  throw console::UsageError(fmt::format("--explain {}: there is no such place in {}; say {}", given,
                                        step.name, fmt::join(places, ", ")));
}

}  // namespace

std::string print_explanation(const Tape& tape, const AttendOptions& o) {
  const bool of_gradient = o.gradients && o.explain_of.ends_with(kGradientSuffix);
  const std::size_t length = o.explain_of.size() - (of_gradient ? kGradientSuffix.size() : 0);
  const AttentionStep step = find_step(tape, o.explain_of.substr(0, length));
  const Var var = tape[step.name];
  const Index index = full_index(step, var, o.explain);
  return to_string(of_gradient ? explain_gradient(var, index, o.depth)
                               : explain(var, index, o.depth));
}

}  // namespace clearhead::cli
