// The options of `clearhead lab`.
#include "apps/cli/lab/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/console/figures.h"
#include "apps/console/option_group.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"

namespace clearhead::cli {
namespace {

void refuse(bool given, const std::string& name, const std::string& experiment) {
  if (given) throw console::UsageError(fmt::format("{} belongs to lab {}", name, experiment));
}

// Ascending, since they are the x of a curve.
void require_ascending(const std::optional<std::vector<std::int64_t>>& numbers,
                       const std::string& name) {
  if (!numbers) return;
  const bool ascends =
      numbers->front() >= 1 && std::adjacent_find(numbers->begin(), numbers->end(),
                                                  std::greater_equal<>()) == numbers->end();
  if (ascends) return;
  throw console::UsageError(name + ": expected ascending numbers from 1 on");
}

}  // namespace

void add_lab_options(CLI::App& app, LabOptions& options) {
  LabOptions* o = &options;
  app.add_option("experiment", o->experiment, "The experiment")->type_name("memory|parallel");
  console::OptionGroup common(app, "Networks and results");
  common.integer("--parameters",
                 "The most parameters of each network (20000 if not given; lab parallel: 200000)",
                 1, [o](std::int64_t n) { o->parameters = n; });
  common.integer("--seed", "Seed of weights and data (0 if not given)", 0,
                 [o](std::int64_t n) { o->seed = n; });
  common.threads(o->threads);
  common.repeated_text("--out", "FILE",
                       "Draw the results (.svg, .png, .pdf, .html); further figures get similar "
                       "names. May be given several times",
                       [o](const std::vector<std::string>& files) { o->out = files; });
  common.text("--csv", "FILE", "Write the numbers. A stopped lab memory continues from this file",
              [o](const std::string& file) { o->csv = file; });

  console::OptionGroup memory(app, "lab memory");
  memory.integers("--distances", "N,N,…", "Steps to recall over (8,16,32,64,128,256,512)",
                  [o](const std::vector<std::int64_t>& n) { o->distances = n; });
  memory.integer("--steps", "The most training steps of each network (1500)", 1,
                 [o](std::int64_t n) { o->steps = n; });

  console::OptionGroup parallel(app, "lab parallel");
  parallel.integers("--lengths", "N,N,…", "Tokens of a sequence (64,128,…,4096)",
                    [o](const std::vector<std::int64_t>& n) { o->lengths = n; });
  parallel.integer("--rounds", "How many measurements; the median counts (7)", 1,
                   [o](std::int64_t n) { o->rounds = n; });
}

void check(const LabOptions& o) {
  if (o.experiment.empty())
    throw console::UsageError("lab needs an experiment: memory or parallel");
  if (o.experiment == "memory") {
    refuse(o.lengths.has_value(), "--lengths", "parallel");
    refuse(o.rounds.has_value(), "--rounds", "parallel");
  } else if (o.experiment == "parallel") {
    refuse(o.distances.has_value(), "--distances", "memory");
    refuse(o.steps.has_value(), "--steps", "memory");
  } else {
    console::refuse_value("lab", "memory or parallel", o.experiment);
  }
  require_ascending(o.distances, "--distances");
  require_ascending(o.lengths, "--lengths");

  console::check_out(o.out);
  if (!o.csv.empty()) check_writable(o.csv);
}

std::filesystem::path beside(const std::filesystem::path& path, const std::string& suffix) {
  return path.parent_path() / (path.stem().string() + "-" + suffix + path.extension().string());
}

}  // namespace clearhead::cli
