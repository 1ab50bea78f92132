// The command `clearhead claims train`.
#include "apps/cli/claims/train.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/training_watch.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/launcher.h"
#include "clearhead/base/parallel.h"
#include "clearhead/claims/audit_log.h"
#include "clearhead/claims/training.h"

namespace clearhead::cli {
namespace {

struct Options {
  std::string recipe;
  std::string data;
  claims::ReadOptions read;
  std::string out;
  bool schema = false;
  int threads = 0;
};

void train(Options& o) {
  if (o.schema) {
    console::write_output(schema_of_fields("A recipe of clearhead claims", claims::ClaimsRecipe()) +
                          "\n");
    return;
  }
  if (o.recipe.empty()) {
    throw console::UsageError(
        "claims train needs a RECIPE: a JSON file (--schema says what is in "
        "it)");
  }
  if (o.data.empty()) throw console::UsageError("claims train needs --data: claims to learn from");
  if (launched_processes() > 1) {
    throw console::UsageError(
        fmt::format("{} processes were started together, and each would write the same files: "
                    "claims train cannot be divided; start one process",
                    launched_processes()));
  }
  set_thread_count(o.threads);
  const claims::ClaimsRecipe recipe = claims::read_claims_recipe(o.recipe);
  if (o.out.empty()) o.out = usual_run_folder(o.recipe).string();
  const std::filesystem::path out = o.out;
  claims::AuditLog audit(claims::default_audit_log());
  const std::string data_hash = claims::sha256_of(o.data);
  audit.add({.command = "claims train, begun", .data = o.data, .data_hash = data_hash});
  const InterruptWatch interrupt;
  claims::ClaimsTrainer trainer(recipe, o.data, o.read, out);
  TrainingRun& run = trainer.training();
  console::write_message(
      fmt::format("{}: {} claims, {} parameters, {} steps{}; everything goes to {}", o.recipe,
                  trainer.claims(), trainer.network().parameters().count(), recipe.training.steps,
                  run.step() == 0 ? "" : fmt::format(", of which {} are done", run.step()), o.out));
  const std::string ending = console::watch_training(
      run,
      {.title = "Claims", .unit = "fields", .curves = out / "curves.svg", .model = out / "model"});
  if (!interrupted()) {
    console::write_message(
        fmt::format("calibrating its scores with up to {} claims", claims::kCalibrationClaims));
    trainer.calibrate();
    audit.add({.command = "claims train",
               .data = o.data,
               .data_hash = data_hash,
               .model = out / "model",
               .model_hash = claims::sha256_of(out / "model"),
               .counts = {{"claims", trainer.claims()}, {"steps", run.step()}}});
  }
  console::write_output(ending);
}

}  // namespace

std::function<void()> set_up_claims_train(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  app.add_option("recipe", o->recipe, "The recipe")->type_name("RECIPE");
  console::OptionGroup group(app, "What to learn from, and where");
  group.text("--data", "PATH", "Claims: a folder of tables, or files (claims read says which)",
             [o](const std::string& x) { o->data = x; });
  group.text("--mapping", "FILE", "Which columns of a table mean what (docs/claims-formats.md)",
             [o](const std::string& x) { o->read.mapping = x; });
  group.text("--out", "FOLDER", "Where the run is written, or continued (runs/RECIPE if not given)",
             [o](const std::string& x) { o->out = x; });
  group.threads(o->threads);
  group.flag("--schema", "Print what a recipe may say, as a JSON schema",
             [o] { o->schema = true; });
  return [o] { train(*o); };
}

}  // namespace clearhead::cli
