// Effects as a heatmap, a row a value and a column a place; the largest as a table.
#include "apps/cli/lens/sweeps.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/cli/lens/target.h"
#include "apps/console/numbers.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/progress.h"
#include "clearhead/lens/sweep.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

enum class Kind { ablate, patch, attribute };

struct Options {
  Kind kind = Kind::ablate;
  console::ReadingOptions reading;
  console::GivenText other;  // the text whose activations are put in
  std::string of = "*attn.hook_z";
  SweepBy by = SweepBy::head;
  TargetOptions target;
  std::int64_t top = 10;
  LensResultOptions results;
};

void check(const Options& o) {
  check(o.other, "--from TEXT", "--from-file FILE");
  if (o.kind != Kind::ablate && !o.other.is_given()) {
    throw console::UsageError("--from TEXT: whose activations are put in?");
  }
  check(o.results);
}

std::optional<Reading> read_other(const Options& o, const Reading& reading) {
  if (o.kind == Kind::ablate) return std::nullopt;
  console::ReadingOptions options = o.reading;
  options.text = o.other;
  Reading other = console::read(options);
  const auto count = [](const Tokens& tokens) { return tokens.ids.size(); };
  if (count(other.text) != count(reading.text) || count(other.source) != count(reading.source)) {
    throw console::UsageError(fmt::format(
        "--from: the texts need as many tokens; TEXT has {}, and this one {}",
        count(reading.source) + count(reading.text), count(other.source) + count(other.text)));
  }
  return other;
}

Tensor effects(const Options& o, const Reading& reading, const std::optional<Reading>& other,
               const Sweep& sweep, const LogitMetric& metric) {
  if (o.kind == Kind::attribute) {
    return attribution_effects(reading, other->tape, sweep, metric);
  }
  Progress progress(std::cerr, std::ssize(sweep.names) * sweep.places, [] {
    ProgressOptions options = detect_progress(STDERR_FILENO);
    options.quiet_seconds = 5;
    return options;
  }());
  const SweepProgress tell = [&](std::int64_t done, std::int64_t) {
    progress.update(done, "runs");
  };
  return other ? patching_effects(reading, other->tape, sweep, metric, tell)
               : ablation_effects(reading, sweep, metric, tell);
}

// The tokens of places, if places are tokens of one text.
std::vector<std::string> place_names(const Options& o, const Reading& reading, const Sweep& sweep) {
  if (o.by == SweepBy::value) return {"all"};
  if (o.by == SweepBy::head) return {};
  const bool of_source = sweep.names[0].starts_with("encoder.");
  const std::vector<std::string>& names = (of_source ? reading.source : reading.text).names;
  return std::ssize(names) == sweep.places ? names : std::vector<std::string>{};
}

std::string table_of(const Options& o, const Tensor& effects, const Sweep& sweep,
                     const std::vector<std::string>& places, int width) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(effects.count()));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
  const double* const effect = effects.data<double>();
  const auto shown = static_cast<std::size_t>(std::min(o.top, effects.count()));
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return std::abs(effect[a]) > std::abs(effect[b]);
  });
  plot::TextTable table;
  table.columns = {{"changed", true}, {"effect", false}};
  for (std::size_t i = 0; i < shown; ++i) {
    const std::int64_t name = order[i] / sweep.places, place = order[i] % sweep.places;
    std::string what = sweep.names[static_cast<std::size_t>(name)];
    if (o.by == SweepBy::head) what += fmt::format(", head {}", place);
    if (o.by == SweepBy::token) {
      what += fmt::format(", token {}", place);
      if (!places.empty()) what += " " + console::label_text(places, place);
    }
    table.rows.push_back({what, signed_number(effect[order[i]])});
  }
  return table.text(width);
}

// What the effects are effects on.
std::string describe(const Options& o, const Target& target, const Reading& reading,
                     const std::optional<Reading>& other) {
  const double metric = target.metric.of(reading.logits);
  std::string text = fmt::format("Explained: {}, which is {}", target.words,
                                 console::with_minus(format_number(metric)));
  if (other) {
    text += fmt::format(" (with the text of --from {})",
                        console::with_minus(format_number(target.metric.of(other->logits))));
  }
  constexpr const char* kDone[] = {"is set to 0", "is as with the text of --from",
                                   "is as with the text of --from, to first order"};
  return text + fmt::format(". By so much it changes if one of these {}:",
                            kDone[static_cast<int>(o.kind)]);
}

void run(const Options& o) {
  check(o);
  const Reading reading = console::read(o.reading);
  const std::optional<Reading> other = read_other(o, reading);
  const Target target = find_target(reading, o.target);
  const Sweep sweep = sweep_of(reading.tape, o.of, o.by);
  const Tensor change = effects(o, reading, other, sweep, target.metric);
  const std::vector<std::string> places = place_names(o, reading, sweep);

  constexpr const char* kTitles[] = {"ablation", "activation patching", "attribution patching"};
  constexpr const char* kPlaces[] = {"head", "token", "value"};
  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = fmt::format("{}: {}, effect on {}", reading.name,
                              kTitles[static_cast<int>(o.kind)], target.words);
  heatmap.row_title = "changed";
  heatmap.column_title = kPlaces[static_cast<int>(o.by)];
  heatmap.value_title = "effect";
  heatmap.panels.push_back(
      {.values = change, .row_labels = short_names(sweep.names), .column_labels = places});

  NamedTensors numbers;
  for (std::size_t i = 0; i < sweep.names.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    numbers.tensors.emplace_back(
        sweep.names[i] + ".effect",
        change.slice(0, row, row + 1).reshape({sweep.places}).contiguous());
  }
  const int width = terminal().columns;
  finish(o.results,
         console::heading(reading, terminal().columns) +
             plot::render_terminal(heatmap, terminal()) + "\n" +
             console::wrapped(describe(o, target, reading, other), width, 0) + "\n" +
             table_of(o, change, sweep, places, width),
         heatmap, numbers);
}

std::function<void()> set_up(CLI::App& app, Kind kind) {
  const auto o = std::make_shared<Options>();
  o->kind = kind;
  console::add_reading(app, o->reading);
  console::OptionGroup group(app, "What is changed");
  if (kind != Kind::ablate) {
    group.text("--from", "TEXT",
               "The text whose activations are put in; it has as many tokens as the first",
               [o](const std::string& x) { o->other.text = x; });
    console::add_text_file(group, o->other, "--from-file", "Read the text of --from from a file");
  }
  group.text("--of", "NAME",
             "The values that are changed, in which * stands for any text (*attn.hook_z if not "
             "given: what heads found)",
             [o](const std::string& x) { o->of = x; });
  group.choice<SweepBy>(
      "--each", {{"head", SweepBy::head}, {"token", SweepBy::token}, {"value", SweepBy::value}},
      "Change each head of them by itself, each token, or all of a value (head if not given)",
      [o](SweepBy x) { o->by = x; });
  console::OptionGroup target(app, "Which prediction");
  add_target(target, o->target);
  target.integer("--top", "How many of the largest effects the table has (10 if not given)", 1,
                 [o](std::int64_t n) { o->top = n; });
  add_lens_results(app, o->results);
  return [o] { run(*o); };
}

}  // namespace

std::function<void()> set_up_lens_ablate(CLI::App& app) { return set_up(app, Kind::ablate); }

std::function<void()> set_up_lens_patch(CLI::App& app) { return set_up(app, Kind::patch); }

std::function<void()> set_up_lens_attribute(CLI::App& app) { return set_up(app, Kind::attribute); }

}  // namespace clearhead::cli
