// Heads as a heatmap, a row a layer; all parts as a table, the largest first, and their sum.
#include "apps/cli/lens/decompose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/lens/results.h"
#include "apps/cli/lens/target.h"
#include "apps/console/numbers.h"
#include "apps/console/output.h"
#include "apps/console/reading.h"
#include "apps/console/table.h"
#include "clearhead/lens/contributions.h"
#include "clearhead/tape/explain.h"

namespace clearhead::cli {
namespace {

struct Options {
  console::ReadingOptions reading;
  TargetOptions target;
  std::int64_t top = 20;
  LensResultOptions results;
};

// A row for each attention, a column for each head; else one row for all parts.
plot::Panel panel_of(const std::vector<Contribution>& parts) {
  std::vector<std::string> rows;
  std::int64_t columns = 0;
  for (const Contribution& part : parts) {
    if (!part.head) continue;
    if (rows.empty() || rows.back() != part.name) rows.push_back(part.name);
    columns = std::max(columns, *part.head + 1);
  }
  plot::Panel panel;
  if (rows.empty()) {
    for (const Contribution& part : parts) panel.row_labels.push_back(part.name);
    panel.values = Tensor({std::ssize(parts), 1}, DType::f64);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      panel.values.mutable_data<double>()[i] = parts[i].value;
    }
    return panel;
  }
  panel.values = Tensor({std::ssize(rows), columns}, DType::f64);
  for (const Contribution& part : parts) {
    if (!part.head) continue;
    const std::int64_t row = std::find(rows.begin(), rows.end(), part.name) - rows.begin();
    panel.values.mutable_data<double>()[row * columns + *part.head] = part.value;
  }
  panel.row_labels = short_names(std::move(rows));
  return panel;
}

std::string part_name(const Contribution& part) {
  return part.head ? fmt::format("{}[{}]", part.name, *part.head) : part.name;
}

std::string table_of(std::vector<Contribution> parts, std::int64_t top, int width) {
  std::stable_sort(parts.begin(), parts.end(), [](const Contribution& a, const Contribution& b) {
    return std::abs(a.value) > std::abs(b.value);
  });
  plot::TextTable table;
  table.columns = {{"part", true}, {"adds", false}};
  const auto shown = static_cast<std::size_t>(std::min(top, std::ssize(parts)));
  double sum = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sum += parts[i].value;
    if (i < shown) {
      table.rows.push_back({part_name(parts[i]), signed_number(parts[i].value)});
    }
  }
  if (shown < parts.size()) {
    double rest = 0;
    for (std::size_t i = shown; i < parts.size(); ++i) rest += parts[i].value;
    table.rows.push_back({fmt::format("the {} others (--top shows them)", parts.size() - shown),
                          signed_number(rest)});
  }
  table.rows.push_back({"sum", signed_number(sum)});
  return table.text(width);
}

NamedTensors numbers(const std::vector<Contribution>& parts) {
  NamedTensors named;
  for (const Contribution& part : parts) {
    named.tensors.emplace_back(part.head ? fmt::format("{}.{}", part.name, *part.head) : part.name,
                               Tensor::scalar(part.value, DType::f64));
  }
  return named;
}

void run(const Options& o) {
  check(o.results);
  const Reading reading = console::read(o.reading);
  const Target target = find_target(reading, o.target);
  const std::vector<Contribution> parts = decompose(reading.logits, target.metric);

  plot::Heatmap heatmap = o.results.figure.heatmap();
  heatmap.title = fmt::format("{}: what adds to {}", reading.name, target.words);
  heatmap.row_title = "part";
  heatmap.column_title = "head";
  heatmap.value_title = "contribution";
  heatmap.panels.push_back(panel_of(parts));

  const bool has_heads =
      std::any_of(parts.begin(), parts.end(), [](const Contribution& part) { return part.head; });
  if (!has_heads) {
    console::write_message(
        "note: what stands before the logits is no sum of what heads write, so it is one part; "
        "lens "
        "ablate shows what each head changes");
  }
  const int width = terminal().columns;
  const std::string metric =
      fmt::format("Explained: {}, which is {}, the sum of these parts:", target.words,
                  console::with_minus(format_number(target.metric.of(reading.logits))));
  finish(o.results,
         console::heading(reading, terminal().columns) +
             plot::render_terminal(heatmap, terminal()) + "\n" +
             console::wrapped(metric, width, 0) + "\n" + table_of(parts, o.top, width),
         heatmap, numbers(parts));
}

}  // namespace

std::function<void()> set_up_lens_decompose(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  console::add_reading(app, o->reading);
  console::OptionGroup group(app, "Which prediction");
  add_target(group, o->target);
  group.integer("--top", "How many of the largest parts the table names (20 if not given)", 1,
                [o](std::int64_t n) { o->top = n; });
  add_lens_results(app, o->results);
  return [o] { run(*o); };
}

}  // namespace clearhead::cli
