// The results of `clearhead lab knobs`, as a file, figures and tables.
#include "apps/cli/lab/knobs_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

#include "apps/cli/lab/options.h"
#include "apps/console/numbers.h"
#include "apps/console/table.h"
#include "clearhead/base/error.h"
#include "clearhead/tensor/csv.h"
#include "clearhead/train/power_law.h"

namespace clearhead::cli {
namespace {

using Runs = std::vector<KnobsRun>;
using Value = std::function<double(const KnobsRun&)>;

struct SizeColumn {
  const char* name;
  std::int64_t KnobsSizes::*of;
};
constexpr SizeColumn kSizeColumns[] = {
    {"channels", &KnobsSizes::channels},  {"heads", &KnobsSizes::heads},
    {"layers", &KnobsSizes::layers},      {"tokens", &KnobsSizes::context},
    {"seed", &KnobsSizes::seed},          {"threads", &KnobsSizes::threads},
    {"text_hash", &KnobsSizes::text},     {"parameters", &KnobsSizes::parameters},
    {"multiply_adds", &KnobsSizes::work}, {"steps", &KnobsSizes::steps}};

struct Knob {
  const char* name;
  std::int64_t KnobsSizes::*of;
  std::int64_t base;
};
constexpr Knob kKnobs[] = {{"channels", &KnobsSizes::channels, kKnobsBase.channels},
                           {"heads", &KnobsSizes::heads, kKnobsBase.heads},
                           {"layers", &KnobsSizes::layers, kKnobsBase.layers},
                           {"tokens", &KnobsSizes::context, kKnobsBase.context}};
constexpr const Knob& kLength = kKnobs[3];

// Where all other knobs are as in the base, in the order of this one.
Runs runs_of(const Runs& runs, const Knob& knob) {
  Runs found;
  for (const KnobsRun& run : runs) {
    const bool turns_it = std::all_of(std::begin(kKnobs), std::end(kKnobs), [&](const Knob& other) {
      return other.of == knob.of || run.sizes.*other.of == other.base;
    });
    if (turns_it) found.push_back(run);
  }
  std::sort(found.begin(), found.end(), [&](const KnobsRun& a, const KnobsRun& b) {
    return a.sizes.*knob.of < b.sizes.*knob.of;
  });
  return found;
}

double best(const std::vector<double>& seconds) {
  return seconds.empty() ? kNotYet : *std::min_element(seconds.begin(), seconds.end());
}

double median(std::vector<double> seconds) {
  if (seconds.empty()) return kNotYet;
  std::sort(seconds.begin(), seconds.end());
  return std::midpoint(seconds[(seconds.size() - 1) / 2], seconds[seconds.size() / 2]);
}

double step_ms(const KnobsRun& run) { return 1e3 * best(run.step_seconds); }
double attention_ms(const KnobsRun& run) { return 1e3 * best(run.attention_seconds); }
double mebibytes(const KnobsRun& run) { return run.bytes / (1 << 20); }
double loss(const KnobsRun& run) { return run.loss; }
Value of_a_sequence(const Value& value) {
  return [value](const KnobsRun& run) {
    return value(run) / static_cast<double>(run.sizes.sequences());
  };
}

// `value` of the runs that have one, against this knob divided by `unit`.
plot::Curve curve(const std::string& name, const Runs& runs, const Knob& knob, double unit,
                  const Value& value) {
  plot::Curve curve{.name = name};
  for (const KnobsRun& run : runs_of(runs, knob)) {
    if (std::isnan(value(run))) continue;
    curve.x.push_back(static_cast<double>(run.sizes.*knob.of) / unit);
    curve.y.push_back(value(run));
  }
  return curve;
}

// A curve for each knob, over its multiples of the base.
plot::LinePlot plot_of_knobs(const Runs& runs, const std::string& title, const std::string& unit,
                             plot::Scale scale, const Value& value) {
  plot::LinePlot plot{.title = title,
                      .x_title = "times the base",
                      .y_title = unit,
                      .x_scale = plot::Scale::log,
                      .y_scale = scale};
  for (const Knob& knob : kKnobs) {
    plot::Curve of_knob = curve(knob.name, runs, knob, static_cast<double>(knob.base), value);
    if (!of_knob.x.empty()) plot.curves.push_back(std::move(of_knob));
  }
  return plot;
}

// Three digits: "0.512", "5.12", "51.2", "512"; "–" for what is not measured yet.
std::string short_text(double x) {
  if (std::isnan(x)) return "–";
  return fmt::format("{:.{}f}", x, x < 1 ? 3 : x < 10 ? 2 : x < 100 ? 1 : 0);
}

std::string table_text(const Runs& runs, const Knob& knob) {
  plot::TextTable table;
  table.columns = {{knob.name}, {"parameters"}, {"work, M"}, {"MiB"}, {"ms"},
                   {"median"},  {"attention"},  {"steps"},   {"loss"}};
  for (const KnobsRun& run : runs_of(runs, knob)) {
    table.rows.push_back(
        {std::to_string(run.sizes.*knob.of), console::with_commas(run.sizes.parameters),
         short_text(static_cast<double>(run.sizes.work) / 1e6), short_text(mebibytes(run)),
         short_text(step_ms(run)), short_text(1e3 * median(run.step_seconds)),
         short_text(attention_ms(run)), std::to_string(run.sizes.steps),
         std::isnan(run.loss) ? "–" : fmt::format("{:.3f}", run.loss)});
  }
  std::string text;
  for (const std::string& line : table.lines()) text += line + "\n";
  return text + "\n";
}

// "whole step 1.23 (95 % interval 1.10 to 1.36)"
std::string exponent_text(const std::string& what, const plot::Curve& curve) {
  const PowerLaw law = fit_power_law(curve.x, curve.y);
  return fmt::format("{} {:.2f} (95 % interval {:.2f} to {:.2f})", what, law.exponent, law.low,
                     law.high);
}

std::vector<plot::Curve> curves_over_length(const Runs& runs) {
  return {curve("whole step", runs, kLength, 1, of_a_sequence(step_ms)),
          curve("attention alone", runs, kLength, 1, of_a_sequence(attention_ms))};
}

}  // namespace

void write_knobs_runs(const std::filesystem::path& path, const Runs& runs) {
  Table table;
  const std::size_t rounds = runs.front().step_seconds.size();
  for (const SizeColumn& column : kSizeColumns) table.column_labels.emplace_back(column.name);
  for (const char* name : {"bytes", "loss"}) table.column_labels.emplace_back(name);
  for (const char* what : {"step", "attention"}) {
    for (std::size_t i = 1; i <= rounds; ++i) {
      table.column_labels.push_back(fmt::format("{}_seconds_{}", what, i));
    }
  }
  std::vector<double> numbers;
  for (const KnobsRun& run : runs) {
    for (const SizeColumn& column : kSizeColumns) {
      numbers.push_back(static_cast<double>(run.sizes.*column.of));
    }
    numbers.push_back(run.bytes);
    numbers.push_back(run.loss);
    numbers.insert(numbers.end(), run.step_seconds.begin(), run.step_seconds.end());
    numbers.insert(numbers.end(), run.attention_seconds.begin(), run.attention_seconds.end());
  }
  table.values = Tensor::of<double>({std::ssize(runs), std::ssize(table.column_labels)}, numbers);
  write_csv(path, table);
}

Runs read_knobs_runs(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  constexpr std::int64_t kSizes = std::ssize(kSizeColumns);
  const Table table = read_csv(path);
  const std::int64_t rounds = (table.values.size(1) - kSizes - 2) / 2;
  bool is_ours = rounds >= 0 && std::ssize(table.column_labels) == kSizes + 2 + 2 * rounds;
  for (std::size_t i = 0; is_ours && i < std::size(kSizeColumns); ++i) {
    is_ours = table.column_labels[i] == kSizeColumns[i].name;
  }
  if (!is_ours) {
    throw Error(path.string() +
                ": these are no results of lab knobs; take another file, or remove it");
  }
  Runs runs;
  for (std::int64_t row = 0; row < table.values.size(0); ++row) {
    const auto at = [&](std::int64_t column) { return table.values.at({row, column}); };
    KnobsRun run{.bytes = at(kSizes), .loss = at(kSizes + 1)};
    for (std::int64_t i = 0; i < kSizes; ++i) {
      run.sizes.*kSizeColumns[i].of = static_cast<std::int64_t>(at(i));
    }
    for (std::int64_t i = 0; i < rounds; ++i) {
      run.step_seconds.push_back(at(kSizes + 2 + i));
      run.attention_seconds.push_back(at(kSizes + 2 + rounds + i));
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<std::pair<std::string, plot::LinePlot>> knobs_plots(const Runs& runs) {
  std::vector<std::pair<std::string, plot::LinePlot>> plots;
  if (runs.front().step_seconds.empty()) return plots;
  plots.push_back({"",
                   {.title = "Training on one sequence",
                    .curves = curves_over_length(runs),
                    .x_title = "tokens",
                    .y_title = "milliseconds",
                    .x_scale = plot::Scale::log,
                    .y_scale = plot::Scale::log}});
  plots.push_back({"time", plot_of_knobs(runs, "Time of a training step", "milliseconds",
                                         plot::Scale::log, step_ms)});
  plots.push_back({"memory", plot_of_knobs(runs, "Memory of a training step", "MiB",
                                           plot::Scale::log, mebibytes)});
  plots.push_back({"loss", plot_of_knobs(runs, "Loss after equal work", "nats a character",
                                         plot::Scale::linear, loss)});
  if (plots.back().second.curves.empty()) plots.pop_back();
  return plots;
}

std::string knobs_tables(const Runs& runs) {
  std::string text;
  for (const Knob& knob : kKnobs) text += table_text(runs, knob);
  const auto base_work = static_cast<double>(runs.front().sizes.work * runs.front().sizes.steps);
  text += fmt::format(
      "work: million multiply-adds of a step, of {} tokens; ms: the best of {}\n"
      "and their median; attention: of all layers, alone, at best; steps, loss: after\n"
      "{:.3g} billion multiply-adds each\n",
      kKnobsTokens, console::counted(std::ssize(runs.front().step_seconds), "round"),
      base_work / 1e9);
  const std::vector<plot::Curve> curves = curves_over_length(runs);
  if (curves.front().x.size() > 2) {
    text += fmt::format("exponent of the time of a sequence against its length:\n  {}\n  {}\n",
                        exponent_text("whole step", curves[0]),
                        exponent_text("attention alone", curves[1]));
  }
  return text;
}

}  // namespace clearhead::cli
