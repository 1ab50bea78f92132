// The experiment `clearhead lab parallel`: how long recurrent networks and attention take.
#include "apps/cli/lab/parallel.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <iostream>

#include "apps/console/machine_text.h"
#include "apps/console/output.h"
#include "apps/console/table.h"
#include "bench/sequence_time.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/progress.h"
#include "clearhead/plot/figure_file.h"
#include "clearhead/tensor/csv.h"

namespace clearhead::cli {
namespace {

using bench::SequenceTime;
using Times = std::vector<SequenceTime>;
using Value = std::function<double(const SequenceTime&)>;

constexpr std::int64_t kVocabulary = 64;

double forward_ms(const SequenceTime& t) { return 1e3 * t.forward.median; }
double training_ms(const SequenceTime& t) { return 1e3 * t.training.median; }

// How many times as fast as with one thread.
double speed_up(const Times& times, const SequenceTime& time, const Value& value) {
  const auto one = std::find_if(times.begin(), times.end(), [&](const SequenceTime& t) {
    return t.network == time.network && t.length == time.length && t.threads == 1;
  });
  return value(*one) / value(time);
}

// A curve for each network over the lengths, with this many threads.
std::vector<plot::Curve> curves_over_length(const Times& times, int threads, const Value& value) {
  std::vector<plot::Curve> curves;
  for (const SequenceTime& time : times) {
    if (time.threads != threads) continue;
    if (curves.empty() || curves.back().name != time.network) {
      curves.push_back({.name = time.network});
    }
    curves.back().x.push_back(static_cast<double>(time.length));
    curves.back().y.push_back(value(time));
  }
  return curves;
}

plot::LinePlot time_plot(const Times& times, int threads, const std::string& what,
                         const Value& value) {
  return {.title = fmt::format("{} one sequence, {}", what, console::counted(threads, "thread")),
          .curves = curves_over_length(times, threads, value),
          .x_title = "tokens",
          .y_title = "milliseconds",
          .x_scale = plot::Scale::log,
          .y_scale = plot::Scale::log};
}

struct NamedPlot {
  std::string suffix;  // of the file, "" for the first
  plot::LinePlot plot;
};

std::vector<NamedPlot> plots_of(const Times& times, int threads) {
  std::vector<NamedPlot> plots{{"", time_plot(times, threads, "Training on", training_ms)},
                               {"forward", time_plot(times, threads, "Reading", forward_ms)}};
  if (threads > 1) {
    plots.push_back(
        {"speed-up",
         {.title = fmt::format("Training on one sequence, {} threads", threads),
          .curves = curves_over_length(
              times, threads, [&](const auto& time) { return speed_up(times, time, training_ms); }),
          .x_title = "tokens",
          .y_title = "times as fast as one thread",
          .x_scale = plot::Scale::log}});
  }
  return plots;
}

// Milliseconds with three digits.
std::string ms_text(double ms) {
  return fmt::format("{:.{}f}", ms, ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0);
}

std::string tables(const Times& times, int threads) {
  plot::TextTable table;
  table.columns = {{"network", true}, {"parameters"},  {"tokens"},
                   {"forward ms"},    {"training ms"}, {"tokens/s"}};
  const bool compares = threads > 1;
  if (compares) {
    table.columns.insert(table.columns.begin() + 4, {"1 : " + std::to_string(threads)});
    table.columns.insert(table.columns.begin() + 6, {"1 : " + std::to_string(threads)});
  }
  for (const SequenceTime& time : times) {
    if (time.threads != threads) continue;
    std::vector<std::string> row{time.network, console::with_commas(time.parameters),
                                 std::to_string(time.length)};
    for (const Value& value : {Value(forward_ms), Value(training_ms)}) {
      row.push_back(ms_text(value(time)));
      if (compares) row.push_back(fmt::format("{:.2f}", speed_up(times, time, value)));
    }
    row.push_back(
        fmt::format("{:.0f}", 1e3 * static_cast<double>(time.length) / training_ms(time)));
    table.rows.push_back(std::move(row));
  }
  std::string text = table.text();
  if (compares) {
    text += fmt::format(
        "1 : {0} is the time of one thread divided by that of {0}; tokens/s are of "
        "training\n",
        threads);
  }
  return text;
}

void write_times(const std::filesystem::path& path, const Times& times) {
  std::vector<std::string> networks;
  std::vector<double> numbers;
  for (const SequenceTime& t : times) {
    networks.push_back(t.network);
    for (const double x : {static_cast<double>(t.parameters), static_cast<double>(t.length),
                           static_cast<double>(t.threads), t.forward.median, t.training.median}) {
      numbers.push_back(x);
    }
  }
  write_csv(path, {Tensor::of<double>({static_cast<std::int64_t>(times.size()), 5}, numbers),
                   networks,
                   {"parameters", "tokens", "threads", "forward_seconds", "training_seconds"}});
}

}  // namespace

void run_lab_parallel(const LabOptions& o) {
  const int threads = thread_count();
  bench::SequenceTimeOptions options{
      .lengths = o.lengths.value_or(std::vector<std::int64_t>{64, 128, 256, 512, 1024, 2048, 4096}),
      .threads = {1},
      .rounds = o.rounds.value_or(7),
      .seed = static_cast<std::uint64_t>(o.seed)};
  if (threads > 1) options.threads.push_back(threads);
  const std::vector<NamedNetwork> networks =
      equal_networks(o.parameters.value_or(200000), kVocabulary, options.lengths.back());

  const auto total =
      options.rounds *
      static_cast<std::int64_t>(networks.size() * options.lengths.size() * options.threads.size());
  const InterruptWatch interrupt;
  Times times;
  {
    Progress progress(std::cerr, total, detect_progress(STDERR_FILENO));
    times = bench::measure_sequence_times(
        networks, options, [&](std::int64_t done, const SequenceTime& next) {
          progress.update(done, fmt::format("{}, {} tokens", next.network, next.length));
        });
  }
  if (times.empty()) throw Error("lab parallel: stopped before the first round was done");
  std::string files;
  const std::vector<NamedPlot> plots = plots_of(times, threads);
  for (const std::filesystem::path path : o.out) {
    for (const NamedPlot& named : plots) {
      const auto name = named.suffix.empty() ? path : beside(path, named.suffix);
      plot::write_figure(named.plot, name);
      files += console::wrote(name.string());
    }
  }
  if (!o.csv.empty()) {
    write_times(o.csv, times);
    files += console::wrote(o.csv);
  }
  console::write_output(
      console::machine_text(bench::describe_machine()) + "\n" +
      plot::render_terminal(plots.front().plot, plot::detect_terminal(STDOUT_FILENO)) + "\n" +
      tables(times, threads) + files);
}

}  // namespace clearhead::cli
