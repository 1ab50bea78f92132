// Chooses heads and layers, calculates a matrix for each, averages and hides what is asked for, and
// draws what is left.
#include "apps/cli/lens/attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/cli/lens/target.h"
#include "apps/console/attention_axes.h"
#include "apps/console/attention_panel.h"
#include "apps/console/numbers.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/lens/weighed_attention.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kWholeRollout = 2048;  // tokens; of more, only means are drawn

enum class Kind { pattern, norms, gradients, rollout, zeroing };

// What is said of each kind, in the order of Kind.
struct KindWords {
  const char* value;     // of a cell
  const char* of_heads;  // what there is one matrix of: "" for all layers at once
};
constexpr KindWords kWords[] = {
    {"attention weight", "head"},  {"length of what is carried", "head"},
    {"weight · gradient", "head"}, {"rollout", ""},
    {"value zeroing", "layer"},
};

struct Options {
  Kind kind = Kind::pattern;
  console::ReadingOptions reading;
  std::optional<AttentionKind> attention;
  std::optional<std::vector<std::int64_t>> layers, heads;
  std::optional<std::vector<std::int64_t>> queries, keys;  // whose weights are summed
  bool mean = false, hide_sinks = false;
  TargetOptions target;
  LensResultOptions results;

  const KindWords& words() const { return kWords[static_cast<int>(kind)]; }
  bool has_heads() const { return words().of_heads == std::string("head"); }
};

// A matrix, and what it is of.
struct Part {
  std::string title;  // "L2H3"
  std::string name;   // in files
  WeightMatrix weights;
};

// Those asked for, each of which there must be; all if none are.
std::vector<std::int64_t> chosen(const char* option,
                                 const std::optional<std::vector<std::int64_t>>& asked,
                                 std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  if (!asked) return all;
  for (const std::int64_t i : *asked) {
    if (i < 0 || i >= count) {
      throw console::UsageError(fmt::format("{} {}: there {} of them, counted from 0", option, i,
                                            count == 1 ? "is 1" : fmt::format("are {}", count)));
    }
    if (std::count(asked->begin(), asked->end(), i) > 1) {
      throw console::UsageError(fmt::format("{} {}: it is there twice", option, i));
    }
  }
  return *asked;
}

WeightMatrix head_weights(Kind kind, const Tape& tape, const HeadPlace& place) {
  if (kind == Kind::norms) return norm_weights(tape, place);
  if (kind == Kind::gradients) return gradient_weights(tape, place);
  return visible_weights(tape, place);
}

// The layers asked for.
AttentionStack chosen_stack(const Options& o, const AttentionAxes& axes) {
  AttentionStack stack{axes.stack.name, {}};
  for (const std::int64_t layer : chosen("--layers", o.layers, axes.layers())) {
    stack.scopes.push_back(axes.stack.scopes[static_cast<std::size_t>(layer)]);
  }
  return stack;
}

// Layer by layer.
std::vector<Part> calculate(const Options& o, const Reading& reading, const AttentionAxes& axes) {
  const std::vector<std::int64_t> layers = chosen("--layers", o.layers, axes.layers());
  if (o.kind == Kind::rollout) {
    return {{"", axes.stack.name + ".rollout", rollout(reading.tape, chosen_stack(o, axes))}};
  }
  std::vector<Tensor> zeroed;
  if (o.kind == Kind::zeroing) zeroed = value_zeroing(reading, axes.stack);
  std::vector<Part> parts;
  for (const std::int64_t layer : layers) {
    const std::string& scope = axes.stack.scopes[static_cast<std::size_t>(layer)];
    if (o.kind == Kind::zeroing) {
      parts.push_back(
          {fmt::format("L{}", layer), scope + "zeroing", zeroed[static_cast<std::size_t>(layer)]});
      continue;
    }
    for (const std::int64_t head : chosen("--heads", o.heads, axes.heads)) {
      parts.push_back({fmt::format("L{}H{}", layer, head), fmt::format("{}weights.{}", scope, head),
                       head_weights(o.kind, reading.tape, {.scope = scope, .head = head})});
    }
  }
  return parts;
}

// One matrix instead of many.
void average(std::vector<Part>& parts) {
  std::vector<WeightMatrix> all;
  for (const Part& part : parts) all.push_back(part.weights);
  parts = {{"", "mean", mean_weights(std::move(all))}};
}

// The sinks of all heads together.
std::vector<std::int64_t> find_sinks(const Reading& reading, const AttentionAxes& axes) {
  std::vector<WeightMatrix> patterns;
  for (const std::string& scope : axes.stack.scopes) {
    for (std::int64_t head = 0; head < axes.heads; ++head) {
      patterns.push_back(visible_weights(reading.tape, {.scope = scope, .head = head}));
    }
  }
  return sinks(mean_weights(std::move(patterns)));
}

// Says which keys are hidden.
std::string describe_hidden(const std::vector<std::int64_t>& keys, const AttentionAxes& axes) {
  if (keys.empty()) return "No key is a sink.\n";
  std::string names;
  for (const std::int64_t key : keys) {
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", key,
                         console::label_text(axes.key_names, key));
  }
  return fmt::format("Hidden {}: {}.\n",
                     keys.size() == 1 ? "is a key that most queries look at"
                                      : "are keys that most queries look at",
                     names);
}

// The rollout of a long text. Each row of it is a walk through all layers, but so is the mean of
// some, which makes a row of cells.
plot::Panel rollout_panel(const AttentionStack& stack, const Reading& reading,
                          const console::PanelCells& cells,
                          const std::vector<std::int64_t>& hidden) {
  const WeightMatrix rows = without_keys(mean_rollout(reading.tape, stack, cells.rows), hidden);
  plot::Panel panel = console::attention_panel(rows, {1, cells.columns}, plot::Pool::mean, {}, {});
  panel.row_numbers.unit = cells.rows;
  return panel;
}

// Those that a figure has room for: if nothing was chosen, the first layers.
std::span<const Part> shown(const Options& o, std::span<const Part> parts,
                            const AttentionAxes& axes) {
  if (parts.size() <= plot::kMostPanels) return parts;
  const auto of_layer = static_cast<std::size_t>(o.has_heads() ? axes.heads : 1);
  const std::string much =
      fmt::format("there are {}, and a figure has room for {}",
                  console::counted(std::ssize(parts), o.words().of_heads), plot::kMostPanels);
  if (o.layers || o.heads || of_layer > plot::kMostPanels) {
    throw console::UsageError(much + "; choose fewer, or take their mean: --mean");
  }
  const std::size_t layers = plot::kMostPanels / of_layer;
  console::write_message(fmt::format(
      "note: {}: these are of layers 0 to {}; --layers chooses others, --mean takes the mean", much,
      layers - 1));
  return parts.first(layers * of_layer);
}

plot::Heatmap draw(const Options& o, std::span<const Part> parts, const Reading& reading,
                   const AttentionAxes& axes, const std::vector<std::int64_t>& hidden) {
  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = fmt::format("{}: {}, {}", reading.name, axes.title, o.words().value);
  if (o.mean) heatmap.title += fmt::format(", mean of the {}s", o.words().of_heads);
  heatmap.row_title = axes.query_title;
  heatmap.column_title = axes.key_title;
  heatmap.value_title = o.words().value;
  if (o.kind != Kind::gradients) heatmap.pool = plot::Pool::max;
  const bool is_grid = o.has_heads() && !o.mean;
  if (is_grid) heatmap.panel_columns = static_cast<int>(o.heads ? o.heads->size() : axes.heads);
  const std::int64_t T = std::ssize(axes.query_names), S = std::ssize(axes.key_names);
  const bool is_long = o.kind == Kind::rollout && T > kWholeRollout;
  if (is_long) heatmap.pool = plot::Pool::mean;
  const auto cells = is_long ? console::PanelCells::fewest(T, S)
                             : console::PanelCells::of(std::ssize(parts), T, S);
  if (!cells.is_whole()) heatmap.title += "; " + cells.words(heatmap.pool);
  for (const Part& part : parts) {
    heatmap.panels.push_back(is_long ? rollout_panel(chosen_stack(o, axes), reading, cells, hidden)
                                     : console::attention_panel(part.weights, cells, heatmap.pool,
                                                                axes.query_names, axes.key_names));
    heatmap.panels.back().title = part.title;
  }
  return heatmap;
}

// Of the rollout, the sum of many rows takes one walk through the layers.
double sum_of(const Options& o, const Part& part, const Reading& reading, const AttentionAxes& axes,
              const std::vector<std::int64_t>& queries, const std::vector<std::int64_t>& keys,
              const std::vector<std::int64_t>& hidden) {
  if (o.kind != Kind::rollout) return sum_of_weights(part.weights, queries, keys);
  Tensor chosen_rows({1, std::ssize(axes.query_names)}, DType::f64);
  for (const std::int64_t t : queries) ++chosen_rows.mutable_data<double>()[t];
  const WeightMatrix sums = sums_of_rollout(reading.tape, chosen_stack(o, axes), chosen_rows);
  return sum_of_weights(without_keys(sums, hidden), std::vector<std::int64_t>{0}, keys);
}

// A cell for each matrix: the sum of its weights of the chosen queries for the chosen keys. A row
// is a layer.
plot::Heatmap draw_sums(const Options& o, const std::vector<Part>& parts, const Reading& reading,
                        const AttentionAxes& axes, const std::vector<std::int64_t>& hidden) {
  const auto queries = chosen("--queries", o.queries, std::ssize(axes.query_names));
  const auto keys = chosen("--keys", o.keys, std::ssize(axes.key_names));
  const bool is_grid = o.has_heads() && !o.mean;
  const std::vector<std::int64_t> heads = chosen("--heads", o.heads, axes.heads);
  const std::int64_t columns = is_grid ? std::ssize(heads) : 1;
  plot::Panel panel;
  panel.values = Tensor({std::ssize(parts) / columns, columns}, DType::f64);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    panel.values.mutable_data<double>()[i] =
        sum_of(o, parts[i], reading, axes, queries, keys, hidden);
  }
  if (parts.size() > 1) {
    for (const std::int64_t layer : chosen("--layers", o.layers, axes.layers())) {
      panel.row_labels.push_back(std::to_string(layer));
    }
  }
  if (is_grid) {
    for (const std::int64_t head : heads) panel.column_labels.push_back(std::to_string(head));
  }
  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = fmt::format("{}: {}, {}, sum of {} for {}", reading.name, axes.title,
                              o.words().value, console::counted(std::ssize(queries), "query"),
                              console::counted(std::ssize(keys), "key"));
  heatmap.row_title = "layer";
  heatmap.column_title = "head";
  heatmap.value_title = std::string("sum of ") + o.words().value;
  heatmap.panels = {panel};
  return heatmap;
}

// Masked weights are 0 in files, as in those of patterns.
NamedTensors numbers(const std::vector<Part>& parts) {
  NamedTensors named;
  for (const Part& part : parts) {
    Tensor weights = part.weights.whole();
    for (std::int64_t i = 0; i < weights.count(); ++i) {
      double& x = weights.mutable_data<double>()[i];
      if (std::isinf(x)) x = 0;
    }
    named.tensors.emplace_back(part.name, weights);
  }
  return named;
}

void run(const Options& o) {
  check(o.results);
  const Reading reading = console::read(o.reading);
  const std::optional<AttentionAxes> axes = console::find_attention(reading, o.attention);
  if (!axes) throw console::UsageError(reading.name + " has no attention");
  if (o.kind == Kind::rollout) console::require_same_tokens(*axes, "rollout");
  std::string text = console::heading(reading, terminal().columns);
  if (o.kind == Kind::gradients) {
    const Target target = find_target(reading, o.target);
    target.metric.backward(reading.logits);
    text += console::wrapped("Explained: " + target.words + ".", terminal().columns, 0) + "\n\n";
  }
  std::vector<Part> parts = calculate(o, reading, *axes);
  if (o.mean) average(parts);
  const bool is_sum = o.queries || o.keys;
  if (!is_sum) {
    check_size(
        o.results, std::ssize(parts), parts[0].weights.shape(),
        "save sums (--queries, --keys), fewer heads or layers, or read fewer tokens: --last");
  }
  std::vector<std::int64_t> hidden;
  if (o.hide_sinks) hidden = find_sinks(reading, *axes);
  if (!hidden.empty()) {
    for (Part& part : parts) part.weights = without_keys(part.weights, hidden);
  }
  const plot::Heatmap heatmap = is_sum ? draw_sums(o, parts, reading, *axes, hidden)
                                       : draw(o, shown(o, parts, *axes), reading, *axes, hidden);
  text += heatmap.panels.size() > 1 ? plot::render_terminal_small(heatmap, terminal())
                                    : plot::render_terminal(heatmap, terminal());
  if (o.hide_sinks) text += "\n" + describe_hidden(hidden, *axes);
  NamedTensors named;
  if (is_sum) {
    named.tensors = {{"sums", heatmap.panels[0].values}};
  } else if (!o.results.save.empty()) {
    named = numbers(parts);
  }
  finish(o.results, text, heatmap, named);
}

std::function<void()> set_up(CLI::App& app, Kind kind) {
  const auto o = std::make_shared<Options>();
  o->kind = kind;
  console::add_reading(app, o->reading);
  console::OptionGroup group(app, "Which attention");
  console::add_attention(group, o->attention);
  group.integers("--layers", "N,N", "Only these layers, counted from 0 (all if not given)",
                 [o](const std::vector<std::int64_t>& x) { o->layers = x; });
  if (o->has_heads()) {
    group.integers("--heads", "N,N", "Only these heads of each layer (all if not given)",
                   [o](const std::vector<std::int64_t>& x) { o->heads = x; });
  }
  if (kind != Kind::rollout) {
    group.flag("--mean", "One matrix: the mean of those chosen", [o] { o->mean = true; });
  }
  group.integers("--queries", "N,N",
                 "Sum the weights of these queries (all if only --keys is given): a cell a head",
                 [o](const std::vector<std::int64_t>& x) { o->queries = x; });
  group.integers("--keys", "N,N", "Sum the weights for these keys (all if only --queries is given)",
                 [o](const std::vector<std::int64_t>& x) { o->keys = x; });
  group.flag("--hide-sinks",
             "Leave out keys that on average get a third of all weight, whatever the query",
             [o] { o->hide_sinks = true; });
  if (kind == Kind::gradients) {
    console::OptionGroup target(app, "Which prediction");
    add_target(target, o->target);
  }
  add_lens_results(app, o->results);
  return [o] { run(*o); };
}

}  // namespace

std::function<void()> set_up_lens_pattern(CLI::App& app) { return set_up(app, Kind::pattern); }

std::function<void()> set_up_lens_norms(CLI::App& app) { return set_up(app, Kind::norms); }

std::function<void()> set_up_lens_gradients(CLI::App& app) { return set_up(app, Kind::gradients); }

std::function<void()> set_up_lens_rollout(CLI::App& app) { return set_up(app, Kind::rollout); }

std::function<void()> set_up_lens_zeroing(CLI::App& app) { return set_up(app, Kind::zeroing); }

}  // namespace clearhead::cli
