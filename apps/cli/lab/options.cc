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

// An option that belongs to some experiments only: "memory or knobs".
void refuse(const LabOptions& o, bool given, const std::string& name,
            const std::vector<std::string>& experiments) {
  if (!given ||
      std::find(experiments.begin(), experiments.end(), o.experiment) != experiments.end()) {
    return;
  }
  throw console::UsageError(
      fmt::format("{} belongs to lab {}", name, console::alternatives(experiments)));
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

// Heads share the channels evenly.
void require_whole_heads(const LabOptions& o) {
  for (const std::int64_t dim : o.dims.value_or(std::vector<std::int64_t>{})) {
    if (dim % kKnobsBase.heads == 0) continue;
    throw console::UsageError(
        fmt::format("--dims: {} channels cannot be divided among {} heads", dim, kKnobsBase.heads));
  }
  for (const std::int64_t heads : o.heads.value_or(std::vector<std::int64_t>{})) {
    if (kKnobsBase.channels % heads == 0) continue;
    throw console::UsageError(fmt::format("--heads: {} channels cannot be divided among {} heads",
                                          kKnobsBase.channels, heads));
  }
}

}  // namespace

void add_lab_options(CLI::App& app, LabOptions& options) {
  LabOptions* o = &options;
  const auto into = [](std::optional<std::vector<std::int64_t>>& list) {
    return [&list](const std::vector<std::int64_t>& numbers) { list = numbers; };
  };
  app.add_option("experiment", o->experiment, "The experiment")
      ->type_name("memory|parallel|knobs|claims");
  console::OptionGroup common(app, "Experiments and results");
  common.integer("--seed", "Seed of weights and data (0 if not given)", 0,
                 [o](std::int64_t n) { o->seed = n; });
  common.threads(o->threads);
  common.repeated_text("--out", "FILE",
                       "Draw the results (.svg, .png, .pdf, .html); further figures get similar "
                       "names. May be given several times",
                       [o](const std::vector<std::string>& files) { o->out = files; });
  common.text("--csv", "FILE",
              "Write the numbers. A stopped lab memory or lab knobs continues from this file",
              [o](const std::string& file) { o->csv = file; });

  console::OptionGroup several(app, "Several experiments");
  several.integer("--parameters",
                  "The most parameters of each network (lab memory: 20000, lab parallel: 200000)",
                  1, [o](std::int64_t n) { o->parameters = n; });
  several.integer("--steps",
                  "Training steps: the most of each network (lab memory: 1500), or those of the "
                  "base, whose work the others get too (lab knobs: 600)",
                  1, [o](std::int64_t n) { o->steps = n; });
  several.integers("--lengths", "N,N,…",
                   "Tokens of a sequence (lab parallel: 64,128,…,4096, lab knobs: 32,64,…,2048)",
                   into(o->lengths));
  several.text("--data", "FILE",
               "lab knobs: the text to learn (that of the model shakespeare); lab claims: the "
               "claims, a folder or files",
               [o](const std::string& file) { o->data = file; });
  several.integer("--rounds", "How many measurements of each time (lab parallel: 7, lab knobs: 21)",
                  1, [o](std::int64_t n) { o->rounds = n; });

  console::OptionGroup memory(app, "lab memory");
  memory.integers("--distances", "N,N,…", "Steps to recall over (8,16,32,64,128,256,512)",
                  into(o->distances));

  console::OptionGroup knobs(
      app,
      fmt::format("lab knobs: from {} channels, {} heads, {} layers and {} tokens, one at a time",
                  kKnobsBase.channels, kKnobsBase.heads, kKnobsBase.layers, kKnobsBase.context));
  knobs.integers("--dims", "N,N,…", "Channels (16,32,64,128,256)", into(o->dims));
  knobs.integers("--heads", "N,N,…", "Heads that share the channels (1,2,4,8,16)", into(o->heads));
  knobs.integers("--layers", "N,N,…", "Layers (1,2,4,8)", into(o->layers));

  console::OptionGroup claims(app, "lab claims: what a claim looks at, as it is and altered");
  claims.text("--claim", "CLAIM", "Its number", [o](const std::string& id) { o->claim = id; });
  claims.text("--model", "MODEL", "A model of claims (claims if not given)",
              [o](const std::string& name) { o->model = name; });
}

void check(const LabOptions& o) {
  const std::vector<std::string> experiments{"memory", "parallel", "knobs", "claims"};
  if (o.experiment.empty()) {
    throw console::UsageError("lab needs an experiment: " + console::alternatives(experiments));
  }
  if (std::find(experiments.begin(), experiments.end(), o.experiment) == experiments.end()) {
    console::refuse_value("lab", console::alternatives(experiments), o.experiment);
  }
  refuse(o, o.parameters.has_value(), "--parameters", {"memory", "parallel"});
  refuse(o, o.steps.has_value(), "--steps", {"memory", "knobs"});
  refuse(o, o.lengths.has_value(), "--lengths", {"parallel", "knobs"});
  refuse(o, o.rounds.has_value(), "--rounds", {"parallel", "knobs"});
  refuse(o, o.distances.has_value(), "--distances", {"memory"});
  refuse(o, o.dims.has_value(), "--dims", {"knobs"});
  refuse(o, o.heads.has_value(), "--heads", {"knobs"});
  refuse(o, o.layers.has_value(), "--layers", {"knobs"});
  refuse(o, !o.data.empty(), "--data", {"knobs", "claims"});
  refuse(o, !o.claim.empty(), "--claim", {"claims"});
  refuse(o, !o.model.empty(), "--model", {"claims"});
  refuse(o, !o.csv.empty(), "--csv", {"memory", "parallel", "knobs"});
  if (o.experiment == "claims" && (o.data.empty() || o.claim.empty())) {
    throw console::UsageError("lab claims needs --data, the claims, and --claim, one of them");
  }
  require_ascending(o.distances, "--distances");
  require_ascending(o.lengths, "--lengths");
  require_ascending(o.dims, "--dims");
  require_ascending(o.heads, "--heads");
  require_ascending(o.layers, "--layers");
  require_whole_heads(o);

  console::check_out(o.out);
  if (!o.csv.empty()) check_writable(o.csv);
}

std::filesystem::path beside(const std::filesystem::path& path, const std::string& suffix) {
  return path.parent_path() / (path.stem().string() + "-" + suffix + path.extension().string());
}

}  // namespace clearhead::cli
