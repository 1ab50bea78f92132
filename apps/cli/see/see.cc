// The command `clearhead see`: reads a text, writes files, then prints figures and predictions.
#include "apps/cli/see/see.h"

#include <fmt/format.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "apps/cli/see/attention_view.h"
#include "apps/cli/see/options.h"
#include "apps/cli/see/page.h"
#include "apps/cli/see/predictions.h"
#include "apps/cli/see/states_view.h"
#include "apps/console/activations.h"
#include "apps/console/explanation.h"
#include "apps/console/figures.h"
#include "apps/console/interventions.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/plot/terminal.h"

namespace clearhead::cli {
namespace {

// All heads small, one large.
std::string print_attention(const Reading& reading, const AttentionView& view, const SeeOptions& o,
                            const plot::TerminalOptions& terminal) {
  std::string text;
  if (view.count() > 1) {
    text +=
        plot::render_terminal_small(heads_heatmap(reading, view, o, std::nullopt), terminal) + "\n";
  }
  const auto window = o.window ? o.window : fitting_window(reading, view, terminal);
  text += plot::render_terminal(head_heatmap(reading, view, o, window), terminal) + "\n";
  if (window)
    text += console::wrapped(describe_window(reading, view, *window), terminal.columns, 0) + "\n";
  return text + console::wrapped(describe(view), terminal.columns, 0) + "\n";
}

std::string print_states(const Reading& reading, const SeeOptions& o,
                         const plot::TerminalOptions& terminal) {
  const plot::Heatmap all = all_states_heatmap(reading, o);
  std::string text = "This network has no attention; what it knows of the text is in its states.\n";
  if (all.panels.size() > 1) text += "\n" + plot::render_terminal_small(all, terminal);
  return text + "\n" + plot::render_terminal(states_heatmap(reading, o), terminal);
}

// What --out draws.
plot::Heatmap figure(const Reading& reading, const std::optional<AttentionView>& view,
                     const SeeOptions& o) {
  if (!view) return o.layer ? states_heatmap(reading, o) : all_states_heatmap(reading, o);
  if (o.head || o.window || view->count() == 1) {
    return head_heatmap(reading, *view, o, o.window);
  }
  return heads_heatmap(reading, *view, o, o.layer);
}

// Draws --out: the page of all heads, or a figure.
std::string write_out(const Reading& reading, const std::optional<AttentionView>& view,
                      const SeeOptions& o) {
  std::string written;
  for (const std::string& path : o.out) {
    if (view && is_page(path, o)) {
      const std::string page = plot::render_attention_page(page_of(reading, *view));
      write_file(path, [&](std::ostream& out) { out << page; });
      written += console::wrote(path);
    } else {
      written += console::write_figures(figure(reading, view, o), {path});
    }
  }
  return written;
}

// Of all that was calculated: what was changed, what each layer made of it, and what is predicted.
std::string print_changes(const Reading& before, const Reading& after, const SeeOptions& o,
                          int width) {
  std::vector<std::string> names;
  for (const Var& var : after.tape.vars()) {
    const std::string& name = var.name();
    const bool is_shown = var.before().defined() || name.ends_with(steps::kPattern) ||
                          name.ends_with("hook_resid_post") || name.ends_with("hook_h") ||
                          name == "probabilities";
    if (is_shown) names.push_back(name);
  }
  return console::print_changes(before.tape, after.tape, names, o.interventions, width);
}

// --explain: a number by its name, or a query and a key of the large head.
std::string print_explanation(const Reading& reading, const std::optional<AttentionView>& view,
                              console::Numbers asked, int depth) {
  const std::string given = "--explain " + asked.text;
  if (asked.name.empty()) {
    if (!view || asked.selected.size() != 2) {
      throw console::UsageError(given +
                                (view ? ": expected the query and the key, T,S, of the large head"
                                      : ": " + reading.name + " has no attention") +
                                "; any other number is NAME[INDEX], whose names --list shows");
    }
    asked.name = view->scope() + steps::kPattern;
    if (reading.tape[asked.name].rank() == 4) {
      asked.selected.insert(asked.selected.begin(), view->head);
    }
  }
  return console::print_explanation(reading, asked, depth, given);
}

void see(const SeeOptions& o) {
  check(o);
  const console::Text given = read_text(o.text);
  const Reading reading = console::read(o.interventions, [&](Tape tape) {
    return console::read(o.model, given, o.last, std::move(tape));
  });
  std::optional<Reading> before;  // the interventions
  if (!o.interventions.empty()) before = console::read(o.model, given, o.last);
  const std::optional<AttentionView> view = choose_attention(reading, o);
  const plot::TerminalOptions terminal = plot::detect_terminal(STDOUT_FILENO);
  const int width = terminal.columns;

  std::string text = console::heading(reading, width);
  if (before) text += print_changes(*before, reading, o, width) + "\n";
  if (o.list) text += console::print_list(reading.tape, width) + "\n";
  if (o.explain) text += print_explanation(reading, view, *o.explain, o.depth) + "\n";
  if (!o.list && !o.explain) {
    text +=
        (view ? print_attention(reading, *view, o, terminal) : print_states(reading, o, terminal)) +
        "\n" + print_predictions(reading, before, o.top, width) + "\n";
  }
  text += write_out(reading, view, o);
  if (!o.save.empty()) {
    std::vector<std::string> names = console::activation_names(reading.tape);
    const std::vector<std::string> large = console::take_out_large_views(reading.tape, names);
    console::save_activations(reading.tape, names, o.save);
    text += console::wrote(o.save) + console::left_out_text(large);
  }
  text.erase(text.find_last_not_of('\n') + 1);
  console::write_output(text + "\n");
}

}  // namespace

std::function<void()> set_up_see(CLI::App& app) {
  const auto options = std::make_shared<SeeOptions>();
  add_see_options(app, *options);
  return [options] { see(*options); };
}

}  // namespace clearhead::cli
