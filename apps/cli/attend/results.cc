// The results of `clearhead attend`: the heatmap of the weights, the strongest keys, saved steps.
#include "apps/cli/attend/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "apps/cli/attend/calculate.h"
#include "apps/cli/attend/steps.h"
#include "apps/console/activations.h"
#include "apps/console/attention_panel.h"
#include "apps/console/numbers.h"
#include "apps/console/table.h"
#include "clearhead/lens/attention_heads.h"
#include "clearhead/ops/attention.h"
#include "clearhead/ops/attention_steps.h"
#include "clearhead/tensor/io.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kQuickElements = 1 << 30;  // with more, drawing them takes minutes
constexpr std::int64_t kLinearKeys = 256;         // with more keys, weights spread over decades
constexpr std::int64_t kSummaryRows = 12;
constexpr std::int64_t kSummaryHeads = 16;

// The labels as the summary has them, with their places in front if some of them read alike.
std::vector<std::string> distinct_labels(const std::vector<std::string>& labels) {
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < std::ssize(labels); ++i)
    texts.push_back(console::label_text(labels, i));
  if (std::set<std::string>(texts.begin(), texts.end()).size() == texts.size()) return texts;
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i] = fmt::format("{} {}", i, texts[i]);
  return texts;
}

// "cat (0.610)": the key that query t looks at most; without labels, its place.
std::string strongest(const Var& pattern, std::int64_t b, std::int64_t h, std::int64_t t,
                      const std::vector<std::string>& keys) {
  const std::int64_t S = pattern.size(3);
  const Tensor row =
      pattern.tile({b, h, t, 0}, {b + 1, h + 1, t + 1, S}).to(DType::f64).contiguous();
  const double* weights = row.data<double>();
  if (std::any_of(weights, weights + S, [](double w) { return std::isnan(w); })) return "NaN";
  const std::int64_t best = std::max_element(weights, weights + S) - weights;
  if (S == 0 || weights[best] == 0) return "none";
  return fmt::format("{} ({:.3f})", keys.empty() ? std::to_string(best) : keys[best],
                     weights[best]);
}

std::string strongest_keys(const Var& pattern, const Var& before, const AttendInputs& in,
                           int width) {
  const Shape& shape = pattern.shape();
  const std::int64_t heads = shape[0] * shape[1];
  const std::int64_t T = shape[2];
  const std::vector<std::string> queries = distinct_labels(in.query_labels);
  const std::vector<std::string> keys = distinct_labels(in.key_labels);
  plot::TextTable table;
  table.columns.push_back({"query", !in.query_labels.empty()});
  const std::int64_t shown_heads = std::min(heads, kSummaryHeads);
  for (std::int64_t i = 0; i < shown_heads; ++i) {
    const std::string title = panel_title(shape, i / shape[1], i % shape[1]);
    table.columns.push_back({title.empty() ? "strongest key" : title, true});
  }
  const std::int64_t shown = T <= kSummaryRows + 1 ? T : kSummaryRows;
  for (std::int64_t t = 0; t < shown; ++t) {
    std::vector<std::string> row{queries.empty() ? std::to_string(t) : queries[t]};
    for (std::int64_t i = 0; i < shown_heads; ++i) {
      const auto in_head = [&](const Var& weights) {
        return strongest(weights, i / shape[1], i % shape[1], t, keys);
      };
      const std::string was = before.defined() ? in_head(before) : "", is = in_head(pattern);
      row.push_back(was.empty() || was == is ? is : was + " → " + is);
    }
    table.rows.push_back(std::move(row));
  }
  const std::int64_t left_out = table.fit(width) + heads - shown_heads;
  std::string rest;
  if (shown < T) rest = console::counted(T - shown, "more query");
  if (left_out > 0) rest += (rest.empty() ? "" : ", ") + console::counted(left_out, "more head");
  return table.text() + (rest.empty() ? "" : "… " + rest + "\n");
}

// The tensor of a step as it is saved.
Tensor as_saved(const AttentionStep& step, const Var& var, const console::Layout& layout) {
  const Tensor value = var.value();
  if (step.name == steps::kResult) {  // TransformerLens: [batch, token, head, channel]
    return console::Layout(layout.has_batch() ? "bthd" : "thd").from_bhtd(value);
  }
  if (step.axes.size() == 4 && step.axes[3] == StepAxis::component) return layout.from_bhtd(value);
  const bool drop_batch = step.axes[0] == StepAxis::batch && !layout.has_batch() &&
                          value.rank() == std::ssize(step.axes);
  if (!drop_batch) return value.contiguous();
  return value.reshape(Shape(value.shape().begin() + 1, value.shape().end()));
}

}  // namespace

std::string panel_title(const Shape& shape, std::int64_t b, std::int64_t h) {
  std::string title = shape[0] > 1 ? fmt::format("batch {}", b) : "";
  if (shape[1] > 1) title += (title.empty() ? "" : ", ") + fmt::format("head {}", h);
  return title;
}

plot::Heatmap empty_heatmap(const AttendOptions& o) {
  plot::Heatmap heatmap = o.figure.heatmap();
  heatmap.row_title = "query";
  heatmap.column_title = "key";
  heatmap.pool = o.pool;
  return heatmap;
}

plot::Heatmap pattern_heatmap(const Tape& tape, const AttendInputs& in, const AttendOptions& o) {
  const Var pattern = tape[steps::kPattern];
  const Shape& shape = pattern.shape();
  plot::Heatmap heatmap = empty_heatmap(o);
  heatmap.title = "attention pattern";
  heatmap.value_title = "attention weight";
  if (!o.figure.color_scale && shape[3] > kLinearKeys) heatmap.scale = plot::Scale::log;
  const auto cells = console::PanelCells::of(shape[0] * shape[1], shape[2], shape[3]);
  const plot::Pool pool = o.pool == plot::Pool::automatic ? plot::Pool::max : o.pool;
  const std::string words = cells.words(pool);
  for (std::int64_t i = 0; i < shape[0] * shape[1]; ++i) {
    const std::int64_t b = i / shape[1];
    const std::int64_t h = i % shape[1];
    plot::Panel panel = console::attention_panel(visible_weights(tape, {"", b, h}), cells, pool,
                                                 in.query_labels, in.key_labels);
    panel.title = panel_title(shape, b, h);
    panel.title += (panel.title.empty() || words.empty() ? "" : ": ") + words;
    heatmap.panels.push_back(std::move(panel));
  }
  return heatmap;
}

std::string describe(const Tape& tape, const AttendInputs& in, const AttendOptions& o) {
  const Shape& pattern = tape[steps::kPattern].shape();
  const Shape& z = tape[steps::kZ].shape();
  std::string text = fmt::format("attention of {} to {}: ", console::counted(pattern[2], "query"),
                                 console::counted(pattern[3], "key"));
  if (pattern[0] > 1) text += fmt::format("batch of {}, ", pattern[0]);
  text +=
      fmt::format("{} of {}", console::counted(in.heads, "head"), console::counted(z[3], "dim"));
  if (in.kv_heads != in.heads)
    text += fmt::format(" sharing {}", console::counted(in.kv_heads, "kv head"));
  if (o.attention.is_causal) text += ", causal";
  return text + fmt::format(", {}, {}", dtype_name(tape[steps::kZ].dtype()),
                            is_by_hand(tape, "") ? "by hand" : "fused");
}

bool is_quick_to_draw(const Tape& tape) {
  return element_count(tape[steps::kPattern].shape()) <= kQuickElements;
}

std::string print_strongest_keys(const Tape& tape, const std::optional<Tape>& before,
                                 const AttendInputs& in, int width) {
  const Var was = before ? (*before)[steps::kPattern] : Var();
  return strongest_keys(tape[steps::kPattern], was, in, width);
}

std::vector<std::string> save_steps(const Tape& tape, const std::vector<StepGradient>& gradients,
                                    const AttendInputs& in, const std::string& path) {
  NamedTensors named;
  std::vector<std::string> left_out;
  for (const AttentionStep& step : steps_on(tape)) {
    if (console::is_large_view(tape, step.name)) {
      left_out.push_back(step.name);
    } else {
      named.tensors.emplace_back(step.name, as_saved(step, tape[step.name], in.layout));
    }
  }
  for (const StepGradient& gradient : gradients) {
    named.tensors.emplace_back(gradient.value.name(),
                               as_saved(gradient.step, gradient.value, in.layout));
  }
  write_tensors(path, named);
  return left_out;
}

}  // namespace clearhead::cli
