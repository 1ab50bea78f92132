// Training as people watch it: a line that says how it goes, lines that stay, and curves.
#ifndef APPS_CONSOLE_TRAINING_WATCH_H_
#define APPS_CONSOLE_TRAINING_WATCH_H_

#include <filesystem>
#include <string>

#include "clearhead/train/training_run.h"

namespace clearhead::console {

/// What is said about a run besides its numbers.
struct TrainingWords {
  std::string title;             ///< of the curves
  std::string unit = "tokens";   ///< what a step has many of
  std::filesystem::path curves;  ///< where they are drawn
  std::filesystem::path model;   ///< where the best model is
};

/// Runs it to its end, and shows on stderr how it goes. Returns how it ended, in lines for people.
/// Throws Error as TrainingRun::run does.
std::string watch_training(TrainingRun& run, const TrainingWords& words);

}  // namespace clearhead::console

#endif  // APPS_CONSOLE_TRAINING_WATCH_H_
