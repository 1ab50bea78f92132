// The command `clearhead attend`: calculates, writes files, then prints tables and the summary.
#include "apps/cli/attend/attend.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "apps/cli/attend/calculate.h"
#include "apps/cli/attend/explanation.h"
#include "apps/cli/attend/gradients.h"
#include "apps/cli/attend/inputs.h"
#include "apps/cli/attend/options.h"
#include "apps/cli/attend/results.h"
#include "apps/cli/attend/steps.h"
#include "apps/console/activations.h"
#include "apps/console/figures.h"
#include "apps/console/interventions.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "clearhead/base/parallel.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::cli {
namespace {

// Files first, so that a reader of the text who goes away early takes nothing from them.
std::string write_files(const Tape& tape, const std::vector<StepGradient>& gradients,
                        const AttendInputs& in, const AttendOptions& o,
                        const plot::Heatmap& figure) {
  std::string written = console::write_figures(figure, o.out);
  if (!o.save.empty()) {
    const std::vector<std::string> left_out = save_steps(tape, gradients, in, o.save);
    written += console::wrote(o.save) + console::left_out_text(left_out);
  }
  return written;
}

std::string print_changes(const Tape& before, const Tape& after, const AttendOptions& o,
                          int width) {
  std::vector<std::string> names;
  for (const AttentionStep& step : steps_on(after)) names.push_back(step.name);
  return console::print_changes(before, after, names, o.interventions, width);
}

void attend(const AttendOptions& o) {
  check(o);
  set_thread_count(o.threads);
  const AttendInputs in = load_inputs(o);
  Tape tape(Keep::everything);
  console::intervene(tape, o.interventions);
  calculate(in, o, tape);
  console::check_effect(tape, o.interventions);
  std::vector<StepGradient> gradients;
  if (o.gradients) gradients = go_backward(tape, o);
  const std::string explanation =  // before what takes long, since there may be no such place
      o.explain ? print_explanation(tape, o) + "\n" : "";
  std::optional<Tape> before;  // the interventions
  if (!o.interventions.empty()) calculate(in, o, before.emplace());

  const plot::TerminalOptions terminal = plot::detect_terminal(STDOUT_FILENO);
  const bool bold = terminal.colors != plot::ColorDepth::none;
  const bool has_summary = o.steps || !o.explain;
  const bool is_drawn = !o.out.empty() || (has_summary && is_quick_to_draw(tape));
  const plot::Heatmap heatmap = is_drawn ? pattern_heatmap(tape, in, o) : plot::Heatmap();

  const std::optional<plot::Heatmap> gradient = gradient_heatmap(gradients, in, o);

  std::string text = console::wrapped(describe(tape, in, o), terminal.columns, 0) + "\n" +
                     console::notes_text(in.notes, terminal.columns) + "\n";
  if (before) text += print_changes(*before, tape, o, terminal.columns) + "\n";
  if (o.steps) {
    text += print_steps(tape, in, terminal.columns, bold);
  }
  if (o.gradients) text += print_gradients(gradients, in, o, terminal.columns, bold);
  if (has_summary) {
    text += is_drawn
                ? plot::render_terminal(heatmap, terminal)
                : "The pattern is so large that drawing it takes a while; --out FILE does it.\n";
    if (gradient) text += "\n" + plot::render_terminal(*gradient, terminal);
    text += "\n" + print_strongest_keys(tape, before, in, terminal.columns) + "\n";
  }
  text += explanation;
  text += write_files(tape, gradients, in, o, gradient.value_or(heatmap));
  text.erase(text.find_last_not_of('\n') + 1);
  console::write_output(text + "\n");
}

}  // namespace

std::function<void()> set_up_attend(CLI::App& app) {
  const auto options = std::make_shared<AttendOptions>();
  add_attend_options(app, *options);
  return [options] { attend(*options); };
}

}  // namespace clearhead::cli
