// The results of `clearhead lab memory`, as files, figures and tables.
#include "apps/cli/lab/memory_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "apps/cli/lab/options.h"
#include "apps/console/table.h"
#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"

namespace clearhead::cli {
namespace {

const std::vector<std::string> kRunColumns = {"parameters", "seed",     "most_steps", "distance",
                                              "steps",      "accuracy", "loss",       "seconds"};
const std::vector<std::string> kGradientColumns = {"distance", "back", "before", "after"};

// Rows of numbers, each labelled with its network.
struct Rows {
  std::vector<std::string> columns;
  std::vector<std::string> networks = {};
  std::vector<double> numbers = {};

  void add(const std::string& network, std::initializer_list<double> row) {
    networks.push_back(network);
    numbers.insert(numbers.end(), row);
  }
  void write(const std::filesystem::path& path) const {
    const Shape shape{static_cast<std::int64_t>(networks.size()),
                      static_cast<std::int64_t>(columns.size())};
    write_csv(path, {Tensor::of<double>(shape, numbers), networks, columns});
  }
};

Table read_rows(const std::filesystem::path& path, const std::vector<std::string>& columns) {
  Table table = read_csv(path);
  if (table.column_labels == columns && !table.row_labels.empty()) return table;
  throw Error(path.string() +
              ": these are no results of lab memory; take another file, or remove it");
}

double number(std::int64_t n) { return static_cast<double>(n); }

// In the order in which they first come.
std::vector<std::string> networks_of(const std::vector<MemoryRun>& runs) {
  std::vector<std::string> names;
  for (const MemoryRun& run : runs) {
    if (std::find(names.begin(), names.end(), run.network) == names.end()) {
      names.push_back(run.network);
    }
  }
  return names;
}

std::set<std::int64_t> distances_of(const std::vector<MemoryRun>& runs) {
  std::set<std::int64_t> distances;
  for (const MemoryRun& run : runs) distances.insert(run.distance);
  return distances;
}

using Value = std::function<double(const MemoryRun&)>;

// A curve for each network: `value` of its runs against their distances.
std::vector<plot::Curve> curves_over_distance(const std::vector<MemoryRun>& runs,
                                              const Value& value) {
  std::vector<plot::Curve> curves;
  for (const std::string& network : networks_of(runs)) {
    plot::Curve curve{.name = network};
    for (const MemoryRun& run : runs) {
      if (run.network != network) continue;
      curve.x.push_back(number(run.distance));
      curve.y.push_back(value(run));
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

// Powers of ten as short as can be: "1", "0.32", "4e-07".
std::string share_text(double x) {
  return x < 1e-3 ? fmt::format("{:.0e}", x) : fmt::format("{:.2g}", x);
}

std::string table_text(const std::string& title, const std::vector<MemoryRun>& runs,
                       const std::function<std::string(const MemoryRun&)>& cell) {
  const std::set<std::int64_t> distances = distances_of(runs);
  plot::TextTable table;
  table.columns = {{title, true}, {"parameters"}};
  for (const std::int64_t distance : distances) table.columns.push_back({std::to_string(distance)});
  for (const std::string& network : networks_of(runs)) {
    std::vector<std::string> row{network, ""};
    for (const std::int64_t distance : distances) {
      const auto run = std::find_if(runs.begin(), runs.end(), [&](const MemoryRun& r) {
        return r.network == network && r.distance == distance;
      });
      row.push_back(run == runs.end() ? "–" : cell(*run));
      if (run != runs.end()) row[1] = console::with_commas(run->parameters);
    }
    table.rows.push_back(std::move(row));
  }
  return table.text() + "\n";
}

}  // namespace

void write_memory_runs(const std::filesystem::path& path, const std::vector<MemoryRun>& runs) {
  Rows rows{kRunColumns}, gradients{kGradientColumns};
  for (const MemoryRun& run : runs) {
    const RecallResult& result = run.result;
    rows.add(run.network, {number(run.parameters), number(run.seed), number(run.most_steps),
                           number(run.distance), number(result.steps), result.score.accuracy,
                           result.score.loss, run.seconds});
    for (std::size_t back = 0; back < result.reach_before.size(); ++back) {
      gradients.add(run.network, {number(run.distance), static_cast<double>(back),
                                  result.reach_before[back], result.reach_after[back]});
    }
  }
  gradients.write(
      beside(path, "gradient"));  // first: a row in the other file says that it is whole
  rows.write(path);
}

std::vector<MemoryRun> read_memory_runs(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  const Table rows = read_rows(path, kRunColumns);
  const Table gradients = read_rows(beside(path, "gradient"), kGradientColumns);
  std::vector<MemoryRun> runs;
  for (std::int64_t i = 0; i < rows.values.size(0); ++i) {
    const auto at = [&](std::int64_t column) { return rows.values.at({i, column}); };
    const auto whole = [&](std::int64_t column) { return static_cast<std::int64_t>(at(column)); };
    MemoryRun run{.network = rows.row_labels[static_cast<std::size_t>(i)],
                  .parameters = whole(0),
                  .seed = whole(1),
                  .most_steps = whole(2),
                  .distance = whole(3),
                  .seconds = at(7),
                  .result = {.steps = whole(4), .score = {.loss = at(6), .accuracy = at(5)}}};
    for (std::int64_t j = 0; j < gradients.values.size(0); ++j) {
      const bool is_of_run = gradients.row_labels[static_cast<std::size_t>(j)] == run.network &&
                             gradients.values.at({j, 0}) == number(run.distance);
      if (!is_of_run) continue;
      run.result.reach_before.push_back(gradients.values.at({j, 2}));
      run.result.reach_after.push_back(gradients.values.at({j, 3}));
    }
    if (static_cast<std::int64_t>(run.result.reach_after.size()) != run.distance + 1) {
      throw Error(
          fmt::format("{}: the gradients of {} over {} steps are missing; remove both files",
                      beside(path, "gradient").string(), run.network, run.distance));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

plot::LinePlot accuracy_plot(const std::vector<MemoryRun>& runs) {
  plot::LinePlot plot{.title = "Recalling one of 8 values",
                      .curves = curves_over_distance(
                          runs, [](const MemoryRun& run) { return run.result.score.accuracy; }),
                      .x_title = "steps since it was seen",
                      .y_title = "accuracy",
                      .x_scale = plot::Scale::log,
                      .y_range = plot::Range{0, 1.02}};
  const std::set<std::int64_t> distances = distances_of(runs);
  plot::Curve chance{.name = "chance"};
  for (const std::int64_t distance : distances) {
    chance.x.push_back(number(distance));
    chance.y.push_back(1.0 / number(kRecallValues));
  }
  plot.curves.push_back(std::move(chance));
  return plot;
}

plot::LinePlot gradient_plot(const std::vector<MemoryRun>& runs) {
  const std::int64_t longest = *distances_of(runs).rbegin();
  plot::LinePlot plot{.title = "How far back the loss is heard before training",
                      .x_title = "steps back",
                      .y_title = "gradient, relative to the last step's",
                      .y_scale = plot::Scale::log};
  for (const MemoryRun& run : runs) {
    if (run.distance != longest) continue;
    plot::Curve curve{.name = run.network};
    for (std::size_t back = 0; back < run.result.reach_before.size(); ++back) {
      curve.x.push_back(static_cast<double>(back));
      curve.y.push_back(run.result.reach_before[back]);
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

plot::LinePlot trained_gradient_plot(const std::vector<MemoryRun>& runs) {
  return {.title = "How loudly the value is heard after training",
          .curves = curves_over_distance(
              runs, [](const MemoryRun& run) { return run.result.reach_after.back(); }),
          .x_title = "steps since it was seen",
          .y_title = "gradient, relative to the last step's",
          .x_scale = plot::Scale::log,
          .y_scale = plot::Scale::log};
}

std::string memory_tables(const std::vector<MemoryRun>& runs) {
  return table_text("accuracy over steps", runs,
                    [](const MemoryRun& run) {
                      return fmt::format("{:.2f}", run.result.score.accuracy);
                    }) +
         table_text("training steps", runs,
                    [](const MemoryRun& run) { return std::to_string(run.result.steps); }) +
         table_text(
             "gradient before", runs,
             [](const MemoryRun& run) { return share_text(run.result.reach_before.back()); }) +
         table_text("gradient after", runs,
                    [](const MemoryRun& run) { return share_text(run.result.reach_after.back()); });
}

}  // namespace clearhead::cli
