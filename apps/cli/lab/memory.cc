// The experiment `clearhead lab memory`: what recurrent networks forget.
#include "apps/cli/lab/memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "apps/cli/lab/memory_results.h"
#include "apps/console/output.h"
#include "clearhead/base/error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/progress.h"
#include "clearhead/models/equal_networks.h"
#include "clearhead/plot/figure_file.h"

namespace clearhead::cli {
namespace {

// Runs in the order in which they are done: the short ones first.
std::vector<std::pair<MemoryRun, ModelConfig>> plan(const LabOptions& o) {
  const std::vector<std::int64_t> distances =
      o.distances.value_or(std::vector<std::int64_t>{8, 16, 32, 64, 128, 256, 512});
  const std::vector<NamedNetwork> networks =
      equal_networks(o.parameters.value_or(20000), kRecallVocabulary, distances.back() + 1);
  std::vector<std::pair<MemoryRun, ModelConfig>> runs;
  for (const std::int64_t distance : distances) {
    for (const NamedNetwork& network : networks) {
      runs.push_back({{.network = network.name,
                       .parameters = parameter_count(network.config),
                       .seed = o.seed,
                       .most_steps = o.steps.value_or(1500),
                       .distance = distance},
                      network.config});
    }
  }
  return runs;
}

bool is_same(const MemoryRun& a, const MemoryRun& b) {
  return a.network == b.network && a.parameters == b.parameters && a.seed == b.seed &&
         a.most_steps == b.most_steps && a.distance == b.distance;
}

// Those of earlier, which all are of the same experiment.
std::vector<MemoryRun> done_earlier(const LabOptions& o,
                                    const std::vector<std::pair<MemoryRun, ModelConfig>>& wanted) {
  if (o.csv.empty()) return {};
  std::vector<MemoryRun> done = read_memory_runs(o.csv);
  for (const MemoryRun& run : done) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const auto& w) { return is_same(w.first, run); });
    if (!is_wanted) {
      throw Error(o.csv +
                  " has results of other options; take another file, or remove it to begin anew");
    }
  }
  return done;
}

// Thousands of tokens that a run reads at most: what its time is about proportional to.
std::int64_t work_of(const MemoryRun& run) {
  return run.most_steps * RecallConfig{}.batch * (run.distance + 1) / 1000;
}

std::string files_text(const LabOptions& o, const std::vector<MemoryRun>& runs) {
  std::string text;
  for (const std::filesystem::path path : o.out) {
    for (const auto& [plot, name] :
         {std::pair(accuracy_plot(runs), path),
          std::pair(gradient_plot(runs), beside(path, "gradient")),
          std::pair(trained_gradient_plot(runs), beside(path, "trained-gradient"))}) {
      plot::write_figure(plot, name);
      text += console::wrote(name.string());
    }
  }
  if (!o.csv.empty()) {
    text += console::wrote(o.csv) + console::wrote(beside(o.csv, "gradient").string());
  }
  return text;
}

}  // namespace

void run_lab_memory(const LabOptions& o) {
  const auto wanted = plan(o);
  std::vector<MemoryRun> done = done_earlier(o, wanted);
  std::int64_t total = 0, before = 0;
  for (const auto& [run, config] : wanted) total += work_of(run);
  for (const MemoryRun& run : done) before += work_of(run);

  const InterruptWatch interrupt;
  {
    Progress progress(std::cerr, total, detect_progress(STDERR_FILENO), before);
    for (auto [run, config] : wanted) {
      const auto is_this = [&run = run](const MemoryRun& other) { return is_same(run, other); };
      if (std::any_of(done.begin(), done.end(), is_this)) continue;
      const double begin = seconds_now();
      const auto result = train_to_recall(
          config,
          {.distance = run.distance,
           .steps = run.most_steps,
           .seed = static_cast<std::uint64_t>(run.seed)},
          [&, &run = run](std::int64_t step, double loss) {
            progress.update(before + work_of(run) * step / run.most_steps,
                            fmt::format("thousand tokens  {} over {}: step {}, loss {:.3f} ",
                                        run.network, run.distance, step, loss));
          });
      if (!result) break;
      run.result = *result;
      run.seconds = seconds_now() - begin;
      before += work_of(run);
      done.push_back(run);
      if (!o.csv.empty()) write_memory_runs(o.csv, done);
      progress.log(fmt::format("{} over {}: accuracy {:.3f} after {} steps, {}", run.network,
                               run.distance, run.result.score.accuracy, run.result.steps,
                               duration_text(run.seconds)));
    }
  }
  const bool is_whole = done.size() == wanted.size();
  std::string text;
  if (!done.empty()) {
    const std::string files = files_text(o, done);
    text = plot::render_terminal(accuracy_plot(done), plot::detect_terminal(STDOUT_FILENO)) + "\n" +
           memory_tables(done) + files;
  }
  if (!is_whole) {
    text += fmt::format("stopped: {} of {} are done{}\n", done.size(), wanted.size(),
                        o.csv.empty() ? "; with --csv it could go on from there"
                                      : "; the same command goes on from there");
  }
  console::write_output(text);
}

}  // namespace clearhead::cli
