// The command `clearhead train`.
#include "apps/cli/train/train.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>

#include "apps/cli/train/summary_text.h"
#include "apps/console/option_group.h"
#include "apps/console/output.h"
#include "apps/console/usage_error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/interrupt.h"
#include "clearhead/base/parallel.h"
#include "clearhead/base/progress.h"
#include "clearhead/plot/figure_file.h"
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

plot::LinePlot curves_of(const std::string& title, const std::vector<Evaluation>& evaluations) {
  plot::LinePlot plot{.title = title, .x_title = "step", .y_title = "loss (nats a token)"};
  plot::Curve training{.name = "training"}, validation{.name = "validation"};
  for (const Evaluation& evaluation : evaluations) {
    for (plot::Curve* curve : {&training, &validation}) {
      curve->x.push_back(static_cast<double>(evaluation.step));
    }
    training.y.push_back(evaluation.loss);
    validation.y.push_back(evaluation.validation);
  }
  plot.curves = {training, validation};
  return plot;
}

// The line that says how a run goes, and the lines that stay.
class Watch {
 public:
  Watch(const Trainer& trainer, std::filesystem::path figure)
      : trainer_(trainer),
        figure_(std::move(figure)),
        progress_(std::cerr, trainer.recipe().training.steps, detect_progress(STDERR_FILENO),
                  trainer.step()) {
    if (!trainer.evaluations().empty()) note(trainer.evaluations().back());
  }

  void step(const StepReport& report) {
    // Means over about the last 50 steps.
    constexpr double kMemory = 0.98;
    const double now = seconds_now(), seconds = now - then_;
    then_ = now;
    ++steps_;
    const double memory = std::min(kMemory, 1 - 1 / steps_);
    loss_ = memory * loss_ + (1 - memory) * report.loss;
    seconds_ = memory * seconds_ + (1 - memory) * seconds;
    tokens_ = memory * tokens_ + (1 - memory) * static_cast<double>(report.tokens);
    progress_.update(report.step, fmt::format("loss {:.4f}{}  {:.0f} tokens/s", loss_, validation_,
                                              tokens_ / seconds_));
  }

  void evaluation(const Evaluation& evaluation) {
    note(evaluation);
    progress_.log(fmt::format("step {}: loss {:.4f}, validation {:.4f}{}", evaluation.step,
                              evaluation.loss, evaluation.validation, is_best() ? " (best)" : ""));
    if (trainer_.evaluations().size() > 1) {
      plot::write_figure(curves_of(trainer_.recipe().data.train.front(), trainer_.evaluations()),
                         figure_);
    }
    then_ = seconds_now();  // evaluating is no part of a step
  }

 private:
  void note(const Evaluation& evaluation) {
    validation_ = fmt::format("  validation {:.4f}", evaluation.validation);
  }
  bool is_best() const {
    return best_of(trainer_.evaluations()) == trainer_.evaluations().size() - 1;
  }

  const Trainer& trainer_;
  std::filesystem::path figure_;
  Progress progress_;
  double then_ = seconds_now();
  double steps_ = 0, loss_ = 0, seconds_ = 0, tokens_ = 0;
  std::string validation_;
};

std::string ending_text(Ending ending, const Trainer& trainer, const TrainOptions& o) {
  const auto best = best_of(trainer.evaluations());
  const std::string best_text =
      best ? fmt::format("best validation loss {:.4f} at step {}; the model is in {}\n",
                         trainer.evaluations()[*best].validation, trainer.evaluations()[*best].step,
                         without_controls(o.out + "/model"))
           : "";
  switch (ending) {
    case Ending::interrupted:
      return fmt::format("stopped after step {}; the same command goes on from there\n",
                         trainer.step()) +
             best_text;
    case Ending::out_of_patience:
      return fmt::format("stopped after step {}: {} evaluations without a new best\n",
                         trainer.step(), trainer.recipe().training.patience) +
             best_text;
    case Ending::finished:
      break;
  }
  return best_text;
}

void train(TrainOptions& o) {
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
  if (o.out.empty()) o.out = "runs/" + std::filesystem::path(o.recipe).stem().string();
  const std::filesystem::path curves = std::filesystem::path(o.out) / "curves.svg";
  const InterruptWatch interrupt;
  Trainer trainer(recipe, o.data, o.out);
  check_writable(curves);
  console::write_message(fmt::format(
      "{}: {} parameters, {} steps{}; everything goes to {}", o.recipe,
      trainer.model().parameters().count(), recipe.training.steps,
      trainer.step() == 0 ? "" : fmt::format(", of which {} are done", trainer.step()), o.out));
  Ending ending;
  {
    Watch watch(trainer, curves);
    ending = trainer.run([&](const StepReport& report) { watch.step(report); },
                         [&](const Evaluation& evaluation) { watch.evaluation(evaluation); });
  }
  console::write_output(ending_text(ending, trainer, o));
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
  return [o] { train(*o); };
}

}  // namespace clearhead::cli
