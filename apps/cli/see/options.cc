// The options of `clearhead see`, and which of them go together.
#include "apps/cli/see/options.h"

#include <CLI/CLI.hpp>

#include "apps/console/attention_axes.h"
#include "apps/console/explanation.h"
#include "apps/console/figures.h"
#include "apps/console/option_group.h"
#include "apps/console/reading.h"
#include "apps/console/usage_error.h"

namespace clearhead::cli {
namespace {

void add_reading(CLI::App& app, SeeOptions& o) {
  console::add_text(app, o.text);
  console::OptionGroup group(app, "Which text, which network, and which part of it");
  console::add_text_file(group, o.text);
  group.text("--model", "MODEL", "A folder, or the name of one in models/ (shakespeare)",
             [&o](const std::string& x) { o.model.model = x; });
  console::add_last(group, o.last);
  console::add_replace(group, o.model);
  group.integer("--layer", "The layer whose head is shown large, counted from 0", 0,
                [&o](std::int64_t n) { o.layer = n; });
  group.integer("--head",
                "The head that is shown large, counted from 0. Without --layer or --head it is the "
                "most selective one: the head in which the text, rather than the place, decides "
                "which keys get the weight",
                0, [&o](std::int64_t n) { o.head = n; });
  console::add_attention(group, o.attention);
  group.text("--window", "T:T,S:S",
             "Of the large head, only queries T:T and keys S:S, from the first up to but not "
             "including the second (if not given, all that fit)",
             [&o](const std::string& x) { o.window = console::parse_window(x); });
  group.integer("--top", "How many predictions are shown (5 if not given)", 1,
                [&o](std::int64_t n) { o.top = n; });
}

void add_interventions(CLI::App& app, SeeOptions& o) {
  console::OptionGroup group(app, "What you change");
  console::add_interventions(group, o.interventions);
}

void add_results(CLI::App& app, SeeOptions& o) {
  console::OptionGroup group(app, "What else you get");
  group.text("--explain", "NAME[INDEX]",
             "Where one number comes from; INDEX as in --set. INDEX alone is a query and a key of "
             "the large head, such as 5,4",
             [&o](const std::string& x) { o.explain = console::parse_place("--explain", x, ""); });
  group.integer("--depth", "How many steps back --explain goes, at most 8 (1 if not given)", 1,
                [&o](std::int64_t n) { o.depth = static_cast<int>(n); });
  group.flag("--list", "List the names, shapes and formulas of all values",
             [&o] { o.list = true; });
  group.repeated_text("--out", "FILE",
                      "Draw all heads: .svg, .pdf or .png; with --layer those of the layer, with "
                      "--head the large one. An .html page has all of them to choose from, unless "
                      "--window is given. May be given several times",
                      [&o](const std::vector<std::string>& x) { o.out = x; });
  group.text("--save", "FILE",
             "Write all values, with the names and shapes of TransformerLens: .safetensors or .npz",
             [&o](const std::string& x) { o.save = x; });
  console::add_figure_options(group, o.figure, "linear if not given");
}

}  // namespace

void add_see_options(CLI::App& app, SeeOptions& options) {
  add_reading(app, options);
  add_interventions(app, options);
  add_results(app, options);
  console::add_calculation(app, options.model);
}

void check(const SeeOptions& o) {
  console::check_text(o.text);
  if (!o.explain && o.depth != SeeOptions().depth) {
    throw console::UsageError("--depth says more of --explain; give that too");
  }
  if (o.depth > console::kMostDepth) {
    throw console::UsageError("--depth: " + std::to_string(console::kMostDepth) +
                              " steps at most; numbers further back can be asked for by name");
  }
  console::check_results(o.out, o.save);
}

}  // namespace clearhead::cli
