// Backward through attention by hand, and its gradients as values with names.
#include "apps/cli/attend/gradients.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "apps/cli/attend/results.h"
#include "apps/cli/attend/steps.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

// ∂(sum of the selected numbers) / ∂(all of them): 1 where selected, 0 elsewhere.
Tensor ones_at(const Selection& selection, const Shape& shape, DType dtype) {
  Tensor ones(shape, DType::f64);
  double* numbers = ones.mutable_data<double>();
  for (std::int64_t i = 0; i < ones.count(); ++i) {
    const Index place = unflatten(i, shape);
    bool is_selected = true;
    for (std::size_t axis = 0; axis < selection.size(); ++axis) {
      is_selected &= !selection[axis] || *selection[axis] == place[axis];
    }
    numbers[i] = is_selected ? 1 : 0;
  }
  return ones.to(dtype);
}

// In the order of backward.
std::vector<StepGradient> gradients_on(const Tape& tape) {
  Tape gradients(Keep::everything);
  std::vector<StepGradient> found;
  for (const AttentionStep& step : steps_on(tape)) {
    const Var of = tape[step.name];
    if (!of.needs_grad() || element_count(of.shape()) == 0) continue;
    const std::string formula = explain_gradient(of, Index(of.shape().size(), 0), 0).formula;
    if (formula == "0") continue;  // L is calculated without it
    const Var value = gradients.input(step.name + std::string(kGradientSuffix), of.grad(), false);
    found.push_back({step, value, formula});
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace

std::vector<StepGradient> go_backward(Tape& tape, const AttendOptions& o) {
  const std::string given = "--gradients-of " + o.gradients_of.text;
  const Var of = console::value_named(tape, o.gradients_of.name, given);
  if (!of.needs_grad()) {
    throw console::UsageError(
        fmt::format("{}: no gradient goes through {}", given, o.gradients_of.name));
  }
  tape.backward(of, ones_at(o.gradients_of.in(of.shape(), given), of.shape(), of.dtype()));
  return gradients_on(tape);
}

std::string print_gradients(const std::vector<StepGradient>& gradients, const AttendInputs& in,
                            const AttendOptions& o, int width, bool bold) {
  std::string text =
      console::wrapped(fmt::format("Gradients of L = Σ {}: how much L grows with each number",
                                   o.gradients_of.text),
                       width, 0) +
      "\n\n";
  for (const StepGradient& gradient : gradients) {
    AttentionStep shown = gradient.step;
    shown.name = gradient.value.name();
    shown.meaning = "∂L/∂" + gradient.step.name;
    text += print_step(shown, " = " + gradient.formula, gradient.value, in, width, bold);
  }
  return text;
}

std::optional<plot::Heatmap> gradient_heatmap(const std::vector<StepGradient>& gradients,
                                              const AttendInputs& in, const AttendOptions& o) {
  const auto pattern = std::find_if(gradients.begin(), gradients.end(), [](const StepGradient& g) {
    return g.step.name == steps::kPattern;
  });
  if (pattern == gradients.end()) return std::nullopt;
  plot::Heatmap heatmap = empty_heatmap(o);
  heatmap.title = "gradient of the attention pattern";
  heatmap.value_title = "∂L/∂weight";
  const Shape& shape = pattern->value.shape();
  const Tensor values = pattern->value.value();
  for (std::int64_t b = 0; b < shape[0]; ++b) {
    for (std::int64_t h = 0; h < shape[1]; ++h) {
      heatmap.panels.push_back(
          {.title = panel_title(shape, b, h),
           .values = values.slice(0, b, b + 1).slice(1, h, h + 1).reshape({shape[2], shape[3]}),
           .row_labels = in.query_labels,
           .column_labels = in.key_labels});
    }
  }
  return heatmap;
}

}  // namespace clearhead::cli
