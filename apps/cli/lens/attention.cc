// Chooses heads and layers, calculates a matrix for each, averages and hides what is asked for, and
// draws what is left.
#include "apps/cli/lens/attention.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/cli/lens/target.h"
#include "apps/console/attention_axes.h"
#include "apps/console/numbers.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "apps/console/usage_error.h"
#include "clearhead/lens/weighed_attention.h"

namespace clearhead::cli {
namespace {

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
  Tensor weights;
};

// Those asked for, each of which there must be; all if none are.
std::vector<std::int64_t> chosen(const char* option,
                                 const std::optional<std::vector<std::int64_t>>& asked,
                                 std::int64_t count) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  if (!asked) return all;
  for (const std::int64_t i : *asked) {
    if (0 <= i && i < count) continue;
    throw console::UsageError(fmt::format("{} {}: there {} of them, counted from 0", option, i,
                                          count == 1 ? "is 1" : fmt::format("are {}", count)));
  }
  return *asked;
}

Tensor head_weights(Kind kind, const Tape& tape, const HeadPlace& place) {
  if (kind == Kind::norms) return norm_weights(tape, place);
  if (kind == Kind::gradients) return gradient_weights(tape, place);
  return visible_weights(tape, place);
}

// Layer by layer.
std::vector<Part> calculate(const Options& o, const Reading& reading,
                            const console::AttentionAxes& axes) {
  const std::vector<std::int64_t> layers = chosen("--layers", o.layers, axes.layers());
  if (o.kind == Kind::rollout) {
    AttentionStack stack{axes.stack.name, {}};
    for (const std::int64_t layer : layers) {
      stack.scopes.push_back(axes.stack.scopes[static_cast<std::size_t>(layer)]);
    }
    return {{"", axes.stack.name + ".rollout", rollout(reading.tape, stack)}};
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
      const Tensor weights = head_weights(o.kind, reading.tape, {.scope = scope, .head = head});
      parts.push_back(
          {fmt::format("L{}H{}", layer, head), fmt::format("{}weights.{}", scope, head), weights});
    }
  }
  return parts;
}

// One matrix instead of many.
void average(std::vector<Part>& parts) {
  std::vector<Tensor> all;
  for (const Part& part : parts) all.push_back(part.weights);
  parts = {{"", "mean", mean_weights(all)}};
}

// Hides the sinks of all matrices together in each, and says which they are.
std::string hide_sinks(std::vector<Part>& parts, const Reading& reading,
                       const console::AttentionAxes& axes) {
  std::vector<Tensor> patterns;
  for (const std::string& scope : axes.stack.scopes) {
    for (std::int64_t head = 0; head < axes.heads; ++head) {
      patterns.push_back(visible_weights(reading.tape, {.scope = scope, .head = head}));
    }
  }
  const std::vector<std::int64_t> keys = sinks(mean_weights(patterns));
  for (Part& part : parts) part.weights = without_keys(part.weights, keys);
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

plot::Heatmap draw(const Options& o, const std::vector<Part>& parts, const Reading& reading,
                   const console::AttentionAxes& axes) {
  if (parts.size() > plot::kMostPanels) {
    throw console::UsageError(
        fmt::format("there are {}, and a figure has room for {}; choose some by --layers or "
                    "--heads, or take their mean: --mean",
                    console::counted(std::ssize(parts), "head"), plot::kMostPanels));
  }
  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = fmt::format("{}: {}, {}", reading.name, axes.title, o.words().value);
  if (o.mean) heatmap.title += fmt::format(", mean of the {}s", o.words().of_heads);
  heatmap.row_title = axes.query_title;
  heatmap.column_title = axes.key_title;
  heatmap.value_title = o.words().value;
  if (o.kind != Kind::gradients) heatmap.pool = plot::Pool::max;
  const bool is_grid = o.has_heads() && !o.mean;
  if (is_grid) heatmap.panel_columns = static_cast<int>(o.heads ? o.heads->size() : axes.heads);
  for (const Part& part : parts) {
    heatmap.panels.push_back({.title = part.title,
                              .values = part.weights,
                              .row_labels = axes.query_names,
                              .column_labels = axes.key_names});
  }
  return heatmap;
}

// A cell for each matrix: the sum of its weights of the chosen queries for the chosen keys. A row
// is a layer.
plot::Heatmap draw_sums(const Options& o, const std::vector<Part>& parts, const Reading& reading,
                        const console::AttentionAxes& axes) {
  const auto queries = chosen("--queries", o.queries, std::ssize(axes.query_names));
  const auto keys = chosen("--keys", o.keys, std::ssize(axes.key_names));
  const bool is_grid = o.has_heads() && !o.mean;
  const std::vector<std::int64_t> heads = chosen("--heads", o.heads, axes.heads);
  const std::int64_t columns = is_grid ? std::ssize(heads) : 1;
  plot::Panel panel;
  panel.values = Tensor({std::ssize(parts) / columns, columns}, DType::f64);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    panel.values.mutable_data<double>()[i] = sum_of_weights(parts[i].weights, queries, keys);
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
    Tensor weights = part.weights.clone();
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
  const std::optional<console::AttentionAxes> axes = console::find_attention(reading, o.attention);
  if (!axes) throw console::UsageError(reading.name + " has no attention");
  if (o.kind == Kind::rollout) console::require_same_tokens(*axes, "rollout");
  std::string text = heading(reading);
  if (o.kind == Kind::gradients) {
    const Target target = find_target(reading, o.target);
    Tape tape = reading.tape;
    tape.backward(reading.logits, target.metric.gradient(reading.logits.value()));
    text += console::wrapped("Explained: " + target.words + ".", terminal().columns, 0) + "\n\n";
  }
  std::vector<Part> parts = calculate(o, reading, *axes);
  if (o.mean) average(parts);
  const std::string hidden = o.hide_sinks ? "\n" + hide_sinks(parts, reading, *axes) : "";
  const bool is_sum = o.queries || o.keys;
  const plot::Heatmap heatmap =
      is_sum ? draw_sums(o, parts, reading, *axes) : draw(o, parts, reading, *axes);
  text += heatmap.panels.size() > 1 ? plot::render_terminal_small(heatmap, terminal())
                                    : plot::render_terminal(heatmap, terminal());
  NamedTensors named = numbers(parts);
  if (is_sum) named.tensors = {{"sums", heatmap.panels[0].values}};
  finish(o.results, text + hidden, heatmap, named);
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
