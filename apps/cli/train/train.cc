// The command `clearhead train`.
#include "apps/cli/train/train.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/cli/train/summary_text.h"
#include "apps/cli/train/team.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/training_watch.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/parallel.h"
#include "clearhead/train/trainer.h"

namespace clearhead::cli {
namespace {

struct TrainOptions {
  std::string recipe;
  std::string data = ".";
  std::string out;
  bool schema = false;
  bool summary = false;
  int threads = 0;
};

void train(const Recipe& recipe, const TrainOptions& o, const std::shared_ptr<Team>& team) {
  const std::filesystem::path out = o.out;
  const InterruptWatch interrupt;
  Trainer trainer(recipe, o.data, out, team);
  TrainingRun& run = trainer.training();
  if (!team->is_first()) {
    run.run([](const StepReport&) {}, [](const Evaluation&) {});
    return;
  }
  console::write_message(
      fmt::format("{}: {} parameters, {} steps{}; everything goes to {}", o.recipe,
                  trainer.model().parameters().count(), recipe.training.steps,
                  run.step() == 0 ? "" : fmt::format(", of which {} are done", run.step()), o.out));
  console::write_output(console::watch_training(run, {.title = recipe.data.train.front(),
                                                      .unit = "tokens",
                                                      .curves = out / "curves.svg",
                                                      .model = out / "model"}));
}

void run_command(TrainOptions& o) {
  if (o.schema) {
    console::write_output(schema_of_fields("A recipe of clearhead", Recipe()) + "\n");
    return;
  }
  if (o.recipe.empty())
    throw console::UsageError("train needs a RECIPE: a JSON file (--schema says what is in it)");
  set_thread_count(o.threads);
  const Recipe recipe = read_recipe(o.recipe);
  if (o.summary) {
    const ModelConfig config = model_config(recipe, *learn_tokenizer(recipe, o.data));
    const auto outline = make_model(config, /*seed=*/std::nullopt);
    console::write_output(summary_text(summarize(outline->parameters())));
    return;
  }
  if (o.out.empty()) o.out = usual_run_folder(o.recipe).string();
  as_team([&](const std::shared_ptr<Team>& team) { train(recipe, o, team); });
}

}  // namespace

std::function<void()> set_up_train(CLI::App& app) {
  const auto o = std::make_shared<TrainOptions>();
  app.add_option("recipe", o->recipe, "The recipe")->type_name("RECIPE");
  console::OptionGroup group(app, "What to train, and where");
  group.text("--data", "FOLDER", "Where the recipe's text files are (here if not given)",
             [o](const std::string& x) { o->data = x; });
  group.text("--out", "FOLDER", "Where the run is written, or continued (runs/RECIPE if not given)",
             [o](const std::string& x) { o->out = x; });
  group.threads(o->threads);
  group.flag("--summary", "Print the parts of the recipe's model and the memory they take",
             [o] { o->summary = true; });
  group.flag("--schema", "Print what a recipe may say, as a JSON schema",
             [o] { o->schema = true; });
  return [o] { run_command(*o); };
}

}  // namespace clearhead::cli
