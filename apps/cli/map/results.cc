// The results of `clearhead map`: figures, files and a summary.
#include "apps/cli/map/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "apps/console/numbers.h"
#include "apps/console/table.h"

namespace clearhead::cli {
namespace {

constexpr std::int64_t kSomeRows = 8;  // whose strongest keys are shown if none are asked for
constexpr std::int64_t kSomeKeys = 8;  // that receive most

plot::Heatmap heatmap_of(const MapOptions& o, const std::string& title, plot::Panel panel) {
  plot::Heatmap heatmap = o.figure.heatmap(plot::Scale::log);
  heatmap.title = title;
  heatmap.row_title = "query";
  heatmap.column_title = "key";
  heatmap.value_title = "attention weight";
  heatmap.pool = o.pool;
  heatmap.panels.push_back(std::move(panel));
  return heatmap;
}

// Rows asked for, or a few that are spread over all, the last one among them.
std::vector<std::int64_t> shown_rows(const MapOptions& o, std::int64_t T) {
  if (!o.rows.empty()) return o.rows;
  std::vector<std::int64_t> rows;
  const std::int64_t n = std::min(T, kSomeRows);
  for (std::int64_t i = 1; i <= n; ++i) rows.push_back(i * T / n - 1);
  return rows;
}

bool sees_nothing(const AttentionMap& map, std::int64_t t) { return map.row_sum.at({t}) == 0; }

// A table of rows: entropy, and the keys that they look at most with their weights.
std::string strongest_of_rows(const AttentionMap& map, const MapInputs& in, const MapOptions& o) {
  plot::TextTable table;
  table.columns = {{"query", false}, {"entropy", false}, {"strongest keys (weight)", true}};
  for (const std::int64_t t : shown_rows(o, in.q.size(0))) {
    std::string keys;
    for (const KeyWeight& key : strongest_keys(in.q, in.k, t, o.strongest, o.attention)) {
      keys += fmt::format("{}{} ({:.3g})", keys.empty() ? "" : ", ", key.key, key.weight);
    }
    table.rows.push_back(
        {std::to_string(t),
         sees_nothing(map, t) ? "–" : fmt::format("{:.3f}", map.row_entropy.at({t})),
         keys.empty() ? "none" : keys});
  }
  return table.text();
}

// A table of what receives most: single keys, or cells of them.
std::string most_received(const Tensor& mass, std::int64_t cell, std::int64_t keys) {
  const double* const received = mass.data<double>();
  const double all = std::accumulate(received, received + mass.count(), 0.0);
  std::vector<std::int64_t> order(static_cast<std::size_t>(mass.count()));
  std::iota(order.begin(), order.end(), 0);
  const std::int64_t n = std::min<std::int64_t>(kSomeKeys, mass.count());
  const auto larger = [&](std::int64_t a, std::int64_t b) {
    const double x = std::isnan(received[a]) ? INFINITY : received[a];
    const double y = std::isnan(received[b]) ? INFINITY : received[b];
    return x != y ? x > y : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + n, order.end(), larger);
  plot::TextTable table;
  table.columns = {
      {cell == 1 ? "key" : "keys", false}, {"weight received", false}, {"of all", false}};
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = order[i] * cell;
    const std::int64_t last = std::min(first + cell, keys) - 1;
    table.rows.push_back({first == last ? std::to_string(first) : fmt::format("{}–{}", first, last),
                          fmt::format("{:.2f}", received[order[i]]),
                          fmt::format("{:.2f} %", 100 * received[order[i]] / all)});
  }
  return table.text();
}

// The same with 0 where −∞ stands for what no query sees.
Tensor weights(const Tensor& pattern) {
  Tensor saved = pattern.clone();
  std::replace(saved.mutable_data<float>(), saved.mutable_data<float>() + saved.count(),
               -std::numeric_limits<float>::infinity(), 0.0F);
  return saved;
}

// "least 0.000 (query 0), most 13.2 (query 88), median 9.211": natural logarithms.
// Rows that see no key have none.
std::string entropy_line(const AttentionMap& map) {
  const float* const x = map.row_entropy.data<float>();
  std::vector<std::int64_t> rows;  // whose entropy is a number
  std::int64_t nan = 0, blind = 0;
  for (std::int64_t t = 0; t < map.row_entropy.count(); ++t) {
    if (sees_nothing(map, t)) {
      ++blind;
    } else if (std::isnan(x[t])) {
      ++nan;
    } else {
      rows.push_back(t);
    }
  }
  std::string text = "entropy of rows, in nats: ";
  if (!rows.empty()) {
    const auto less = [&](std::int64_t a, std::int64_t b) { return x[a] < x[b]; };
    const auto [least, most] = std::minmax_element(rows.begin(), rows.end(), less);
    text += fmt::format("least {:.3f} (query {}), most {:.3f} (query {})", x[*least], *least,
                        x[*most], *most);
    std::nth_element(rows.begin(), rows.begin() + std::ssize(rows) / 2, rows.end(), less);
    text += fmt::format(", median {:.3f}", x[rows[rows.size() / 2]]);
  }
  const auto add = [&](std::int64_t count, const std::string& what) {
    if (count == 0) return;
    text += fmt::format("{}{} {}", text.ends_with(": ") ? "" : "; ", console::counted(count, "row"),
                        what);
  };
  add(nan, nan == 1 ? "is NaN" : "are NaN");
  add(blind, blind == 1 ? "sees no key" : "see no key");
  return text;
}

}  // namespace

std::string describe(const MapInputs& in, const MapOptions& o) {
  std::string text = fmt::format(
      "attention of {} to {}: {}{}", console::counted(in.q.size(0), "query"),
      console::counted(in.k.size(0), "key"), in.head, console::counted(in.q.size(1), "dim"));
  if (o.attention.rule.is_causal) text += ", causal";
  if (o.window) {
    return text + fmt::format("; the window of queries {} to {} and keys {} to {}", o.window->t,
                              o.window->t_end - 1, o.window->s, o.window->s_end - 1);
  }
  if (o.attention.precision != Precision::highest) {
    text += fmt::format(", precision {}", precision_name(o.attention.precision));
  }
  return text + fmt::format("; cells of {0} × {0}", o.attention.cell);
}

plot::Heatmap map_heatmap(const AttentionMap& map, const MapOptions& o) {
  const AttentionMapLevel& level = map.levels.front();
  plot::Panel panel;
  panel.values = o.pool == plot::Pool::mean ? level.mean : level.max;
  panel.row_numbers.unit = panel.column_numbers.unit = level.cell;
  if (level.cell > 1) {
    panel.title =
        fmt::format("each value the {} of {} × {} weights",
                    o.pool == plot::Pool::mean ? "mean" : "largest", level.cell, level.cell);
  }
  return heatmap_of(o, "attention map", std::move(panel));
}

plot::Heatmap window_heatmap(const Tensor& pattern, const MapOptions& o) {
  plot::Panel panel;
  panel.values = pattern;
  panel.row_numbers.first = o.window->t;
  panel.column_numbers.first = o.window->s;
  return heatmap_of(o, "attention pattern, a window", std::move(panel));
}

std::string summary(const AttentionMap& map, const Tensor& key_mass, const MapInputs& in,
                    const MapOptions& o) {
  std::string text = entropy_line(map) + "\n\n";
  text += strongest_of_rows(map, in, o) + "\n";
  const std::int64_t keys = in.k.size(0);
  return text + (key_mass.defined() ? most_received(key_mass, 1, keys)
                                    : most_received(map.cell_mass, map.levels[0].cell, keys));
}

NamedTensors named_tensors(const Tensor& window) {
  NamedTensors named;
  named.tensors = {{"window", weights(window)}};
  return named;
}

NamedTensors named_tensors(const AttentionMap& map, const Tensor& key_mass) {
  NamedTensors named;
  named.tensors = {{"row_max", map.row_max},
                   {"row_sum", map.row_sum},
                   {"row_entropy", map.row_entropy},
                   {"cell_mass", map.cell_mass}};
  if (key_mass.defined()) named.tensors.emplace_back("key_mass", key_mass);
  for (const AttentionMapLevel& level : map.levels) {
    named.tensors.emplace_back(fmt::format("max.{}", level.cell), weights(level.max));
    named.tensors.emplace_back(fmt::format("mean.{}", level.cell), weights(level.mean));
  }
  return named;
}

}  // namespace clearhead::cli
