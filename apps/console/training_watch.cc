// The line of a run, its evaluations and its end.
#include "apps/console/training_watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/base/file.h"
#include "clearhead/base/progress.h"
#include "clearhead/plot/figure_file.h"

namespace clearhead::console {
namespace {

plot::LinePlot curves_of(const TrainingWords& words, const std::vector<Evaluation>& evaluations) {
  plot::LinePlot plot{
      .title = words.title,
      .x_title = "step",
      .y_title = fmt::format("loss (nats a {})", words.unit.substr(0, words.unit.size() - 1))};
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

void draw_curves(const TrainingWords& words, const std::vector<Evaluation>& evaluations) {
  if (evaluations.size() > 1) plot::write_figure(curves_of(words, evaluations), words.curves);
}

// The line that says how a run goes, and the lines that stay.
class Watch {
 public:
  Watch(const TrainingRun& run, const TrainingWords& words)
      : run_(run),
        words_(words),
        progress_(std::cerr, run.steps(), detect_progress(STDERR_FILENO), run.step()) {
    if (!run.evaluations().empty()) note(run.evaluations().back());
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
    targets_ = memory * targets_ + (1 - memory) * static_cast<double>(report.tokens);
    progress_.update(report.step, fmt::format("loss {:.4f}{}  {:.0f} {}/s", loss_, validation_,
                                              targets_ / seconds_, words_.unit));
  }

  void evaluation(const Evaluation& evaluation) {
    note(evaluation);
    const bool is_best = best_of(run_.evaluations()) == run_.evaluations().size() - 1;
    progress_.log(fmt::format("step {}: loss {:.4f}, validation {:.4f}{}", evaluation.step,
                              evaluation.loss, evaluation.validation, is_best ? " (best)" : ""));
    draw_curves(words_, run_.evaluations());
    then_ = seconds_now();  // evaluating is no part of a step
  }

 private:
  void note(const Evaluation& evaluation) {
    validation_ = fmt::format("  validation {:.4f}", evaluation.validation);
  }

  const TrainingRun& run_;
  const TrainingWords& words_;
  Progress progress_;
  double then_ = seconds_now();
  double steps_ = 0, loss_ = 0, seconds_ = 0, targets_ = 0;
  std::string validation_;
};

std::string ending_text(Ending ending, const TrainingRun& run, const TrainingWords& words) {
  const auto best = best_of(run.evaluations());
  const std::string best_text =
      best ? fmt::format("best validation loss {:.4f} at step {}; the model is in {}\n",
                         run.evaluations()[*best].validation, run.evaluations()[*best].step,
                         without_controls(words.model.string()))
           : "";
  switch (ending) {
    case Ending::interrupted:
      return fmt::format("stopped after step {}; the same command goes on from there\n",
                         run.step()) +
             best_text;
    case Ending::out_of_patience:
      return fmt::format("stopped after step {}: {} evaluations without a new best\n", run.step(),
                         run.patience()) +
             best_text;
    case Ending::finished:
      break;
  }
  return best_text;
}

}  // namespace

std::string watch_training(TrainingRun& run, const TrainingWords& words) {
  check_writable(words.curves);
  draw_curves(words, run.evaluations());
  Ending ending;
  {
    Watch watch(run, words);
    ending = run.run([&](const StepReport& report) { watch.step(report); },
                     [&](const Evaluation& evaluation) { watch.evaluation(evaluation); });
  }
  return ending_text(ending, run, words);
}

}  // namespace clearhead::console
