// What `clearhead lab memory` found: as files, as figures, as tables.
#ifndef CLEARHEAD_APPS_CLI_LAB_MEMORY_RESULTS_H_
#define CLEARHEAD_APPS_CLI_LAB_MEMORY_RESULTS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clearhead/plot/line_plot.h"
#include "clearhead/train/recall.h"

namespace clearhead::cli {

/// A network, trained over one distance.
struct MemoryRun {
  std::string network;
  std::int64_t parameters = 0;
  std::int64_t seed = 0;
  std::int64_t most_steps = 0;  ///< that it was allowed
  std::int64_t distance = 0;
  double seconds = 0;
  RecallResult result = {};
};

/// Writes a row for each run, and into the file beside it, …-gradient.csv, one for each step back.
/// Throws Error if a file cannot be written.
void write_memory_runs(const std::filesystem::path& path, const std::vector<MemoryRun>& runs);

/// Reads what `write_memory_runs` wrote; none if there is no file. Throws Error if they are
/// something else.
std::vector<MemoryRun> read_memory_runs(const std::filesystem::path& path);

/// Accuracy against distance.
plot::LinePlot accuracy_plot(const std::vector<MemoryRun>& runs);
/// The gradient at each step back over the longest distance, before training.
plot::LinePlot gradient_plot(const std::vector<MemoryRun>& runs);
/// The gradient that reaches the value, after training over each distance.
plot::LinePlot trained_gradient_plot(const std::vector<MemoryRun>& runs);

/// Accuracy, steps and gradients as tables, a line for each network.
std::string memory_tables(const std::vector<MemoryRun>& runs);

}  // namespace clearhead::cli

#endif  // CLEARHEAD_APPS_CLI_LAB_MEMORY_RESULTS_H_
